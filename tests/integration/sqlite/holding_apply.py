"""Run as a program: hold the apply lock of a file in the middle of a plan, for so many seconds.

python -m tests.integration.sqlite.holding_apply FILE SECONDS
"""

import sys
import time
from pathlib import Path

from lbconf.plan.executor import Moment
from lbconf.state.steps import Step
from tests.integration.sqlite.killed_apply import AFTER
from tests.integration.sqlite.target import SqliteTarget


def main() -> None:
    path, seconds = sys.argv[1:]
    target = SqliteTarget(Path(path))

    def hold(now: Moment, number: int, step: Step) -> None:
        if now is Moment.BEFORE and number == 1:
            sys.stdout.write("held\n")
            sys.stdout.flush()
            time.sleep(float(seconds))

    target.apply(target.plan(AFTER), hold)


if __name__ == "__main__":
    main()
