"""What the endpoint of aggregates does."""

from collections.abc import Mapping
from typing import Final

from lbconf.api.actions.call import Action, Answer, Call, data

__all__ = ["AGGREGATE_ACTIONS"]


def _aggregate(call: Call) -> Answer:
    call.arguments.only("filter")
    return data(call.repository.aggregate(call.endpoint.model, call.arguments.told("filter")))


AGGREGATE_ACTIONS: Final[Mapping[str, Action]] = {"aggregate": _aggregate}
"""Names of actions to what they do."""
