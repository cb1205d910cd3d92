"""What the endpoints of a model's scopes do."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.actions.call import NOTHING, Action, Answer, Call, one
from lbconf.api.actions.collection import COLLECTION_ACTIONS

__all__ = ["SCOPE_ACTIONS"]


def _scope_create(call: Call) -> Answer:
    model = call.endpoint.model
    fixed = {
        name: value
        for name, value in (_scope_where(call) or {}).items()
        if name in model.properties and not isinstance(value, Mapping | list)
    }
    return one(call, call.repository.create_one(model, {**call.arguments.instance(), **fixed}))


def _scope_delete(call: Call) -> Answer:
    parts = [part for part in (_scope_where(call), call.arguments.where()) if part]
    call.repository.delete_all(call.endpoint.model, {"and": parts} if parts else None)
    return NOTHING


def _scope_where(call: Call) -> Mapping[str, Any] | None:
    where = call.endpoint.model.scopes[call.endpoint.scope or ""].get("where")
    return where if isinstance(where, Mapping) else None


SCOPE_ACTIONS: Final[Mapping[str, Action]] = {
    "scope_get": COLLECTION_ACTIONS["find"],
    "scope_count": COLLECTION_ACTIONS["count"],
    "scope_create": _scope_create,
    "scope_delete": _scope_delete,
}
"""Names of actions to what they do."""
