"""Properties: from what is written to what is meant."""

from collections.abc import Container, Mapping
from typing import Any, Final

from lbconf.datatypes import DataType, IntegerType, NumberType, StringType
from lbconf.project.inheritance import Written
from lbconf.project.property_types import data_type
from lbconf.project.resolved import UNSET, Property
from lbconf.project.sources import Places
from lbconf.records import copier, replace

__all__ = ["ATTRIBUTES", "PropertyBuilder", "as_attributes", "id_place", "injected_id"]

ATTRIBUTES: Final = frozenset(
    [
        "type",
        "id",
        "generated",
        "useDefaultIdType",
        "required",
        "default",
        "defaultFn",
        "applyDefaultOnWrites",
        "persistDefaultValues",
        "index",
        "unique",
        "length",
        "limit",
        "precision",
        "scale",
        "nullable",
        "null",
        "allowNull",
        "description",
        "doc",
        "comment",
        "jsonSchema",
        "updateOnly",
        "charset",
        "collation",
        "unsigned",
        "dataType",
        "min",
        "max",
        "pattern",
        "trim",
        "lowercase",
        "uppercase",
        "format",
        "name",
        "values",
        "enumName",
        "enumRenamedFrom",
        "renamedValues",
        "hidden",
        "protected",
        "renamedFrom",
        "backfill",
        "json",
        "root",
        "http",
        "mysql",
        "value",
        "ttl",
        "itemType",
        "foreignKey",
    ]
)
"""Attribute names that LoopBack or lbconf know; connector sections come on top."""

_NULL_KEYS: Final = frozenset({"nullable", "null", "allowNull"})
_NOT_NULL: Final = frozenset({"n", "no", "0", "false"})
_STRING_ID_CONNECTORS: Final = frozenset({"mongodb", "cloudant", "couchdb2"})
_NUMERIC_DATA_TYPES: Final = ("int", "serial", "num", "dec", "double", "float", "real")


def as_attributes(written: Any) -> Mapping[str, Any]:
    """The attributes of a property, whichever way it is written: `{"type": "string"}` for `"string"`."""
    if type(written) is dict or isinstance(written, Mapping):
        return written if "type" in written or not written.keys().isdisjoint(ATTRIBUTES) else {"type": dict(written)}
    return {"type": written}


def id_place(attributes: Mapping[str, Any]) -> int:
    """Place in the key, 1-based; 0 where the property does not belong to it."""
    place = attributes.get("id")
    if isinstance(place, bool) or not isinstance(place, int):
        return 1 if place else 0
    return max(place, 0)


def injected_id(at: str | None, *, loopback: bool) -> Written:
    """The id of a model that declares none; its place is the model's."""
    return Written({"type": "number" if loopback else "bigint", "id": 1, "generated": True}, at)


class PropertyBuilder:
    """Builds properties. What is written alike is looked into once: of a thousand models' properties few differ."""

    def __init__(self, models: Container[str], places: Places, *, loopback: bool) -> None:
        """Take what all properties have in common.

        Args:
            models: Names of all models, which are types too.
            places: For locations.
            loopback: Whether LoopBack's rules apply.
        """
        self._models = models
        self._later = places.later
        self._loopback = loopback
        self._known: dict[tuple[int, str | None], tuple[object, Property]] = {}
        """Identity of what is written, and the connector, to the object itself, so that it stays, and its meaning."""
        self._copy = copier(Property, "name", "location")

    def build(
        self, name: str, written: Written, *, connector: str | None, hidden: Container[str], protected: Container[str]
    ) -> Property:
        """The property.

        Args:
            name: Its name.
            written: As the file has it.
            connector: Canonical name of the model's connector, None where it is not attached.
            hidden: Names that the model hides.
            protected: Names that the model protects.

        Raises:
            TypeUnknownError: Its type means nothing.
        """
        key = (id(written.attributes), connector)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (written.attributes, self._meant(written.attributes, connector))
        prop = self._copy(known[1], name, self._later(written.at))
        if name in hidden or name in protected:
            return replace(prop, hidden=prop.hidden or name in hidden, protected=prop.protected or name in protected)
        return prop

    def _meant(self, written: Any, connector: str | None) -> Property:
        """What is written, apart from a name and a place."""
        attributes = as_attributes(written)
        loopback = self._loopback
        place = id_place(attributes)
        generated = bool(attributes.get("generated"))
        required = bool(attributes.get("required"))
        found = data_type(attributes.get("type", "any"), attributes, self._models, loopback=loopback)
        if place and generated:
            found = _generated_type(found, attributes, connector, loopback=loopback)
        return Property(
            name="",
            type=found,
            id=place,
            generated=generated,
            required=required,
            nullable=not place and not required and _nullable(attributes),
            default=attributes.get("default", UNSET),
            default_fn=_text(attributes.get("defaultFn")),
            index=_index(attributes.get("index")),
            unique=not loopback and bool(attributes.get("unique")),
            hidden=attributes.get("hidden") is True,
            protected=attributes.get("protected") is True,
            description=_prose(attributes.get("description") or attributes.get("doc") or attributes.get("comment")),
            renamed_from=None if loopback else _text(attributes.get("renamedFrom")),
            settings=attributes,
        )


def _generated_type(
    declared: DataType, attributes: Mapping[str, Any], connector: str | None, *, loopback: bool
) -> DataType:
    if not loopback:
        return IntegerType(64) if declared == NumberType() else declared
    if attributes.get("useDefaultIdType") is False or connector is None:
        return declared
    if connector in _STRING_ID_CONNECTORS:
        return StringType()
    section = attributes.get(connector)
    stored = section.get("dataType") if isinstance(section, Mapping) else None
    if isinstance(stored, str) and not stored.lower().startswith(_NUMERIC_DATA_TYPES):
        return declared
    return declared if isinstance(declared, IntegerType) else NumberType()


def _nullable(attributes: Mapping[str, Any]) -> bool:
    for key, value in attributes.items():
        flag = value if key in _NULL_KEYS else value.get("nullable") if isinstance(value, dict) else None
        if flag is not None and (
            (isinstance(flag, int) and flag == 0) or (isinstance(flag, str) and flag.strip().lower() in _NOT_NULL)
        ):
            return False
    return True


def _index(written: Any) -> Mapping[str, Any] | None:
    if written is None:
        return None
    if isinstance(written, Mapping):
        return written
    if isinstance(written, str) and written:
        return {"type": written}
    return {} if written else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _prose(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return "\n".join(str(line) for line in value) or None
    return _text(value)
