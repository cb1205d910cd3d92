"""Values that properties get when a client sends none: constants, ids and points in time."""

import copy
import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lbconf.datatypes import DateOnlyType, DateTimeType, StringType
from lbconf.project.resolved import UNSET, Model, Property, RelationKind
from lbconf.query.coerce import value_converter

__all__ = ["DEFAULT_FUNCTIONS", "default_values", "now"]

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_PLAIN: Final = _ALPHABET[:-2]
_TOKEN: Final = 64
_SHORT_ID: Final = 9
_NANO_ID: Final = 21


def now() -> datetime:
    """The present in UTC, whole milliseconds."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


def default_values(model: Model) -> Mapping[str, Callable[[], Any]]:
    """For each property that has a default, what makes its value."""
    found: dict[str, Callable[[], Any]] = {}
    for prop in model.properties.values():
        make = _default_of(prop, loopback=model.layout.is_loopback)
        if make is not None:
            found[prop.name] = make
    if model.is_a("AccessToken") and len(model.ids) == 1 and isinstance(model.ids[0].type, StringType):
        found.setdefault(model.ids[0].name, _token)
    for relation in model.relations.values():
        name = relation.embedded_property
        if name is not None and relation.kind in {RelationKind.EMBEDS_MANY, RelationKind.REFERENCES_MANY}:
            found.setdefault(name, list)
    return found


def _token() -> str:
    return "".join(secrets.choice(_PLAIN) for _ in range(_TOKEN))


def _default_of(prop: Property, *, loopback: bool) -> Callable[[], Any] | None:
    if prop.settings.get("applyDefaultOnWrites") is False or prop.settings.get("persistDefaultValues") is False:
        return None
    if prop.default is not UNSET:
        if prop.default == "$now" and isinstance(prop.type, DateTimeType | DateOnlyType):
            return now if isinstance(prop.type, DateTimeType) else lambda: now().date()
        if prop.default is None:
            return lambda: None
        constant = value_converter(prop.type, lenient=loopback)(prop.default)
        return lambda: copy.deepcopy(constant)
    return DEFAULT_FUNCTIONS.get(prop.default_fn) if prop.default_fn else None


def _random_text(length: int) -> Callable[[], str]:
    return lambda: "".join(secrets.choice(_ALPHABET) for _ in range(length))


DEFAULT_FUNCTIONS: Final[Mapping[str, Callable[[], Any]]] = {
    "guid": lambda: str(uuid.uuid1()),
    "uuid": lambda: str(uuid.uuid1()),
    "uuidv4": lambda: str(uuid.uuid4()),
    "now": now,
    "shortid": _random_text(_SHORT_ID),
    "nanoid": _random_text(_NANO_ID),
}
