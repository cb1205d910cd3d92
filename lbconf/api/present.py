"""Rows as the JSON that LoopBack answers: hidden properties left out, dates, numbers and bytes in its forms."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from lbconf.project.resolved import Model, Project, Relation

__all__ = ["Presenter", "encode", "plain"]

LARGEST_WHOLE: Final = 1e21
"""From here on JavaScript writes an exponent."""

INTEGER_PLACES: Final = 18
MOST_PLACES: Final = 1000
"""Exact numbers with more digits on a side of the point are written with an exponent."""


def encode(value: Any) -> bytes:
    """A JSON value as compact UTF-8 text. Decimals are written as exact numbers."""
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, default=_unusual, separators=(",", ":")).encode("ascii")


def plain(value: Any) -> Any:
    """A value in the forms of the API: whole floats as integers, no NaN, dates with milliseconds, bytes as a buffer."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        if not isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < LARGEST_WHOLE else value
    if kind is datetime:
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"type": "Buffer", "data": list(bytes(value))}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return value


class Presenter:
    """Knows what each model hides."""

    def __init__(self, project: Project) -> None:
        """Remember the project; models are looked at when first presented."""
        self._project = project
        self._shapes: dict[str, _Shape] = {}

    def instance(self, model: Model, row: Mapping[str, Any] | None) -> Any:
        """One instance at the top of an answer."""
        return None if row is None else self._present(model, row, nested=False)

    def instances(self, model: Model, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """A list of instances at the top of an answer."""
        return [self._present(model, row, nested=False) for row in rows]

    def hides(self, model: Model) -> frozenset[str]:
        """Names of the properties that never leave the server."""
        return self._shape(model).hidden

    def _present(self, model: Model, row: Mapping[str, Any], *, nested: bool) -> dict[str, Any]:
        shape = self._shape(model)
        left_out = shape.hidden_when_nested if nested else shape.hidden
        relations = shape.relations
        return {
            name: plain(value)
            if name not in relations or type(value) in _AS_THEY_ARE
            else self._related(relations[name], row, value)
            for name, value in row.items()
            if name not in left_out
        }

    def _related(self, relation: Relation, row: Mapping[str, Any], value: Any) -> Any:
        name = relation.target
        if name is None and relation.polymorphic is not None:
            name = row.get(relation.polymorphic.discriminator)
        target = self._project.models.get(name) if isinstance(name, str) else None
        if target is None:
            return plain(value)
        if isinstance(value, Mapping):
            return self._present(target, value, nested=True)
        if not isinstance(value, Sequence) or isinstance(value, str):
            return plain(value)  # a property that should hold instances may hold anything in LoopBack layouts
        return [
            self._present(target, item, nested=True) if isinstance(item, Mapping) else plain(item) for item in value
        ]

    def _shape(self, model: Model) -> "_Shape":
        found = self._shapes.get(model.name)
        if found is None:
            found = self._shapes[model.name] = _Shape(model)
        return found


class _Shape:
    """What presenting an instance of a model needs to know."""

    __slots__ = ("hidden", "hidden_when_nested", "relations")

    def __init__(self, model: Model) -> None:
        self.hidden = frozenset(prop.name for prop in model.properties.values() if prop.hidden) | _names(
            model, "hidden", "hiddenProperties"
        )
        self.hidden_when_nested = (
            self.hidden
            | frozenset(prop.name for prop in model.properties.values() if prop.protected)
            | _names(model, "protected", "protectedProperties")
        )
        self.relations = {
            name: relation for name, relation in model.relations.items() if name != relation.embedded_property
        } | {
            relation.embedded_property: relation
            for relation in model.relations.values()
            if relation.embedded_property and relation.target
        }


def _names(model: Model, *settings: str) -> frozenset[str]:
    return frozenset(
        name
        for setting in settings
        if isinstance(model.settings.get(setting), Sequence)
        for name in model.settings[setting]
        if isinstance(name, str)
    )


def _number(value: Decimal) -> Decimal | int | None:
    """The same number without zeros at its end; never rounded, which `Decimal.normalize` would do."""
    if not value.is_finite():
        return None
    if value.adjusted() < INTEGER_PLACES and value == value.to_integral_value():
        return int(value)
    if int(value.as_tuple().exponent) < -MOST_PLACES or value.adjusted() > MOST_PLACES:
        return value
    text = format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _unusual(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
