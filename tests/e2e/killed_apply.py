"""Run as a program: apply a project's fresh plan and die by SIGKILL before or after one of its steps.

python -m tests.e2e.killed_apply ROOT before|after STEP
"""

import os
import signal
import sys
from pathlib import Path

from lbconf.operations.apply import apply_plans
from lbconf.operations.load import load_project
from lbconf.operations.plan import plan_project
from lbconf.plan.executor import Moment, Observer
from lbconf.plan.plan import Plan
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step


def main() -> None:
    root, moment, number = sys.argv[1:]
    project = load_project(Path(root))

    def observer(plan: Plan) -> Observer:
        def die(now: Moment, at: int, step: Step) -> None:
            if now == moment and at == int(number):
                os.kill(os.getpid(), signal.SIGKILL)

        return die

    apply_plans(project, plan_project(project).plans, accepted=frozenset(HazardKind), observer=observer)


if __name__ == "__main__":
    main()
