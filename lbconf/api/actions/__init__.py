"""What each endpoint does: arguments in, answer out; one module for each family of endpoints."""

from collections.abc import Mapping
from typing import Final

from lbconf.api.actions.aggregates import AGGREGATE_ACTIONS
from lbconf.api.actions.call import Action, Answer, Call
from lbconf.api.actions.changes import CHANGE_ACTIONS
from lbconf.api.actions.collection import COLLECTION_ACTIONS
from lbconf.api.actions.embedded import EMBEDDED_ACTIONS
from lbconf.api.actions.methods import METHOD_ACTIONS
from lbconf.api.actions.relations import RELATION_ACTIONS
from lbconf.api.actions.scopes import SCOPE_ACTIONS
from lbconf.api.actions.users import USER_ACTIONS

__all__ = ["ACTIONS", "Action", "Answer", "Call"]

ACTIONS: Final[Mapping[str, Action]] = {
    **COLLECTION_ACTIONS,
    **AGGREGATE_ACTIONS,
    **SCOPE_ACTIONS,
    **RELATION_ACTIONS,
    **EMBEDDED_ACTIONS,
    **USER_ACTIONS,
    **METHOD_ACTIONS,
    **CHANGE_ACTIONS,
}
"""Every action by the name that endpoints call it by."""
