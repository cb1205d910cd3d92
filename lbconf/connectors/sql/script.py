"""What scripts for the clients of every SQL server have in common. Text only."""

from collections.abc import Iterator

from lbconf.connectors.contract import Script
from lbconf.state.steps import Statement, Step

__all__ = ["comment", "heading", "step_comments", "terminated", "text_literal"]


def comment(text: str) -> str:
    """A comment in one line, whatever the text holds: a line of its own would be executed."""
    return f"-- {' '.join(text.split())}"


def heading(script: Script, client: str, *, on_error: str) -> Iterator[str]:
    """What the script is, how it is run, and what it leaves behind, as comments.

    Args:
        script: What it is made from.
        client: The command that runs it.
        on_error: What is the case once a statement has failed.
    """
    dangers = list(dict.fromkeys(hazard.kind for batch in script.batches for step in batch for hazard in step.hazards))
    yield comment(f"{script.title}: plan {script.start.plan_digest}")
    yield comment(f"Run it with: {client}")
    yield "-- It does what `lbconf apply` does: the same statements in the same transactions. It also writes the entry"
    yield "-- of the ledger that tells the next plan what lbconf manages."
    yield comment(f"The first error ends it: {on_error}.")
    yield "-- It does not look whether the database is still as it was when this was planned: apply does."
    if dangers:
        yield comment(f"Dangers, which `lbconf apply` wants accepted: {', '.join(dangers)}")


def step_comments(step: Step) -> Iterator[str]:
    """What the step does, its dangers, and what to do where a later statement of it fails."""
    yield comment(step.summary)
    yield from (comment(f"{hazard.kind}: {hazard.message}") for hazard in step.hazards)
    yield from (comment(f"where a later statement of this step fails: {found.sql}") for found in step.abandon)


def terminated(statement: Statement) -> str:
    """The statement with one semicolon at its end, on a line of its own where a comment stands last."""
    text = statement.sql.rstrip().rstrip(";").rstrip()
    return f"{text}\n;" if "--" in text.rpartition("\n")[2] else f"{text};"


def text_literal(text: str) -> str:
    """A text in standard quotes."""
    return "'" + text.replace("'", "''") + "'"
