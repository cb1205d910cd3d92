"""Run as a program: apply a project's fresh plan and die by SIGKILL before or after one of its steps or statements.

python -m tests.e2e.killed_apply ROOT before|after STEP
python -m tests.e2e.killed_apply ROOT begins|ends|rows STEP STATEMENT
"""

import os
import signal
import sys
from pathlib import Path

from lbconf.operations.apply import Watching, apply_plans
from lbconf.operations.load import load_project
from lbconf.operations.plan import plan_project
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Moment, Notice
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step


def main() -> None:
    root, when, *numbers = sys.argv[1:]
    at = tuple(map(int, numbers))
    project = load_project(Path(root))

    def watching(plan: Plan) -> Watching:
        def step(now: Moment, number: int, what: Step) -> None:
            die((now, number) == (when, *at))

        def notice(told: Notice) -> None:
            die((told.event, told.step, told.statement) == (when, *at))

        return Watching(observer=step, watcher=notice)

    apply_plans(project, plan_project(project).plans, accepted=frozenset(HazardKind), watching=watching)


def die(now: bool) -> None:  # noqa: FBT001
    if now:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
