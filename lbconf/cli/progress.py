"""What an apply says on the terminal while it works: steps, rows filled in, and whom it waits for."""

import sys
from time import monotonic

from lbconf.cli.output import Output
from lbconf.operations.apply import Watching
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Moment, Notice
from lbconf.state.steps import Step

__all__ = ["watching"]

SECONDS_BETWEEN = 2.0
"""Between two lines on the rows of one statement."""


def watching(plan: Plan, output: Output) -> Watching:
    """Steps and rows where standard error is a terminal or more is asked for; waits always."""
    total = len(plan.steps)
    busy = sys.stderr.isatty() or output.verbosity > 0
    last = 0.0

    def step(moment: Moment, number: int, what: Step) -> None:
        if moment is Moment.BEFORE and busy:
            output.note(f"{plan.data_source} {number + 1}/{total}: {what.summary}")

    def notice(told: Notice) -> None:
        nonlocal last
        where = plan.data_source if told.step is None else f"{plan.data_source} {told.step + 1}/{total}"
        match told.event:
            case Event.ROWS if busy and monotonic() - last >= SECONDS_BETWEEN:
                last = monotonic()
                output.note(f"{where}: {told.rows:,} rows so far")
            case Event.WAITS:
                output.note(f"{where}: waiting for a lock held by {'; '.join(told.who) or 'somebody else'}")
            case Event.AGAIN:
                what = "another apply is at work" if told.step is None else "no lock was to be had"
                output.note(f"{where}: {what}; trying again in {told.seconds:.1f} seconds")
            case _:
                pass

    return Watching(observer=step, watcher=notice)
