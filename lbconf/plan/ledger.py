"""What the ledger is told of a plan."""

import json

from lbconf.connectors.contract import LedgerStart
from lbconf.plan.plan import Plan
from lbconf.state.serialise import to_data

__all__ = ["ledger_start"]


def ledger_start(plan: Plan, *, user: str) -> LedgerStart:
    """The entry of a plan that starts.

    Args:
        plan: What will be done.
        user: Who does it.
    """
    steps = [
        {"summary": step.summary, "statements": [statement.sql for statement in step.statements]} for step in plan.steps
    ]
    return LedgerStart(
        user=user,
        plan_digest=plan.digest,
        environment=plan.environment,
        configuration=plan.configuration,
        steps=json.dumps(steps, ensure_ascii=False),
        state=json.dumps(to_data(plan.managed), ensure_ascii=False, separators=(",", ":")),
        documents=plan.documents,
    )
