"""Hooks that Book and Loan inherit: when a row was written, and by whom."""

from datetime import UTC, datetime

from lbconf.code import HookContext, before_save


@before_save
def stamp(context: HookContext) -> None:
    """Runs before the hooks of the models that build on Recorded."""
    context.row["changed"] = datetime.now(UTC)
    if context.caller is not None and context.caller.user_id is not None:
        context.row["changedBy"] = str(context.caller.user_id)
