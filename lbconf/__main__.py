"""`python -m lbconf` is the same as `lbconf`."""

import sys

from lbconf.cli import main

if __name__ == "__main__":
    sys.exit(main())
