"""One change as streams tell it, made of what hooks see after a write.

Source: LoopBack 3, documentation of `createChangeStream`; observed events of LoopBack 3.28.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.present import Presenter, encode, plain
from lbconf.code.contexts import HookContext
from lbconf.project.resolved import Model
from lbconf.query.nodes import Row
from lbconf.records import dataclass

__all__ = ["Change", "announced", "announcement", "change_of", "event_text"]

LONGEST_MESSAGE: Final = 7900
"""Bytes; PostgreSQL takes less than 8000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write to one model."""

    kind: str
    """`create`, `update` or `remove`."""
    target: Any = None
    """Id of the row; None where a condition says which rows were written."""
    where: Mapping[str, Any] | None = None
    row: Row | None = None
    """The row, or the properties that were set on many."""


def change_of(model: Model, context: HookContext) -> Change:
    """What a hook after a save or a delete saw, as a change."""
    row = context.instance if context.instance is not None else context.data
    target = _key(model, row or {})
    if target is None:
        target = _key(model, context.where or {})
    if context.info is not None and context.data is None:
        return Change(kind="remove", target=target, where=context.where)
    if context.is_new_instance is not None:
        kind = "create" if context.is_new_instance else "update"
    else:
        # LoopBack calls a change of many rows their creation.
        kind = "create" if target is None and model.layout.is_loopback else "update"
    return Change(kind=kind, target=target, where=context.where, row=None if row is None else dict(row))


def event_text(presenter: Presenter, model: Model, change: Change) -> bytes:
    """The change as a server-sent event, without what the model hides."""
    told: dict[str, Any] = {}
    if change.target is not None:
        told["target"] = plain(change.target)
    if change.where is not None:
        told["where"] = plain(_shown(presenter, model, change.where))
    if change.row is not None:
        told["data"] = presenter.instance(model, change.row)
    told["type"] = change.kind
    return b"event: data\ndata: %b\n\n" % encode(told)


def announcement(presenter: Presenter, model: Model, change: Change) -> str:
    """The change as a message to other processes: which row it is, never what is in it."""
    message: dict[str, Any] = {"model": model.name, "kind": change.kind}
    if change.target is not None:
        message["target"] = plain(change.target)
    if change.target is None and change.where is not None:
        message["where"] = plain(_shown(presenter, model, change.where))
    text = encode(message).decode()
    if len(text.encode()) > LONGEST_MESSAGE:
        text = encode({"model": model.name, "kind": change.kind}).decode()
    return text


def announced(message: str) -> tuple[str, Change] | None:
    """The model's name and the change of a message; None for what is no such message."""
    try:
        said = json.loads(message)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("model"), str) or not isinstance(said.get("kind"), str):
        return None
    where = said.get("where")
    change = Change(kind=said["kind"], target=said.get("target"), where=where if isinstance(where, dict) else None)
    return said["model"], change


def _key(model: Model, row: Mapping[str, Any]) -> Any:
    """The id in a row or in a condition; parts of a composite one are joined by commas."""
    parts = [row.get(prop.name) for prop in model.ids]
    if not parts or any(part is None or isinstance(part, Mapping | list) for part in parts):
        return None
    return parts[0] if len(parts) == 1 else ",".join(map(str, parts))


def _shown(presenter: Presenter, model: Model, where: Mapping[str, Any]) -> Mapping[str, Any]:
    """A condition that names nothing hidden; an empty one where it does."""
    hidden = presenter.hides(model)
    return {} if hidden and any(f'"{name}"' in json.dumps(plain(where), default=str) for name in hidden) else where
