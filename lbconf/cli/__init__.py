"""The command line: parses arguments, calls one operation, renders the result.

`verbs` is the command group, one module per verb beside it; `options` holds
what every verb takes, `output` how results and findings reach a person, `views`
the renderers. Nothing is imported before it is known to be needed.
"""

import sys

from lbconf import __version__

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 good, 1 findings or failure, 2 wrong usage.

    `arguments` are those after the program's name; None takes them from the process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--version"], ["-V"]):  # answered before click is imported: pipelines ask for it often
        print(f"lbconf {__version__}")  # noqa: T201 - a result
        return 0
    from lbconf.cli.verbs import run

    return run(given)
