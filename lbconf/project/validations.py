"""Validations: what LoopBack 3 has in code, said in the model file.

Under `validations`, as a list of entries or by property; and as attributes of
a property (`min`, `max`, `minLength`, `maxLength`, `pattern`, `format`, `enum`,
`schema`), where the native layout alone heeds them, as LoopBack does not.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from lbconf.datatypes import ArrayType, DataType, EnumType, StringType, TextType
from lbconf.diagnostics import nearest
from lbconf.documents.pointer import child
from lbconf.project.resolved import Model, Property
from lbconf.project.validation_options import problems_of
from lbconf.records import dataclass

__all__ = [
    "ATTRIBUTES",
    "Entry",
    "Rule",
    "Validation",
    "attributes_of",
    "entries_of",
    "entry_validations",
    "is_validated",
    "json_schema_of",
    "validations_of",
]


class Rule(StrEnum):
    """What is held of a value."""

    PRESENCE = "presence"
    ABSENCE = "absence"
    LENGTH = "length"
    NUMERICALITY = "numericality"
    RANGE = "range"
    """A number's least and greatest value; LoopBack has no such rule."""
    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"
    FORMAT = "format"
    UNIQUENESS = "uniqueness"
    DATE = "date"
    SCHEMA = "schema"
    """A JSON Schema; LoopBack has no such rule."""


_RULES: Final = {rule.value: rule for rule in Rule}
ATTRIBUTES: Final = frozenset({"min", "max", "minLength", "maxLength", "pattern", "format", "enum", "schema"})
_SIZED: Final = (StringType, TextType, EnumType, ArrayType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One rule of one property, every option read."""

    property: str
    rule: Rule
    minimum: float | None = None
    """Least length or value."""
    maximum: float | None = None
    exactly: int | None = None
    """The one length."""
    whole: bool = False
    """Of NUMERICALITY: nothing after the point."""
    values: tuple[Any, ...] = ()
    """Of INCLUSION and EXCLUSION, as JSON values."""
    pattern: str | None = None
    """Of FORMAT: a regular expression."""
    flags: str = ""
    """Of the pattern: `i` and `m`."""
    form: str | None = None
    """Of FORMAT: a form that JSON Schema names, such as `email`."""
    scoped_to: tuple[str, ...] = ()
    """Of UNIQUENESS: properties that must be alike, too."""
    ignore_case: bool = False
    schema: Mapping[str, Any] | bool | None = None
    allow_null: bool = False
    allow_blank: bool = False
    """Whether a missing value and the empty text pass."""
    only_if: str | Mapping[str, Any] | None = None
    """A property that must be true, or a condition that must hold, for the rule to hold."""
    unless: str | Mapping[str, Any] | None = None
    message: str | Mapping[str, str] | None = None
    code: str | None = None
    by_attribute: bool = False
    """Said by the property's attributes, which leave null alone, as JSON Schema does."""
    database: bool = True
    """Whether the database is to hold it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it was written, whichever way."""

    at: str
    """JSON Pointer inside `validations`."""
    properties: tuple[str, ...]
    rule: str
    options: Mapping[str, Any]
    problems: tuple[tuple[str, str, str | None], ...] = ()
    """(pointer inside `validations`, what is wrong, hint): with one, the entry is not used."""


def validations_of(model: Model) -> tuple[Validation, ...]:
    """Every validation of the model in the order they are told; what is wrongly written is left out.

    Those of a property's attributes come first, then those under `validations`, property by property.
    """
    found: list[Validation] = []
    if not model.layout.is_loopback:
        for prop in model.properties.values():
            if not ATTRIBUTES.isdisjoint(prop.settings) or _is_limited(prop.type):
                found.extend(attributes_of(prop))
    written = model.settings.get("validations")
    if written:
        said = [one for entry in entries_of(written) if not entry.problems for one in entry_validations(entry)]
        places = {name: place for place, name in reversed([*enumerate(one.property for one in said)])}
        found.extend(sorted(said, key=lambda one: places[one.property]))
    return tuple(found)


def is_validated(model: Model) -> bool:
    """Whether the model says any validation, well or badly."""
    if model.settings.get("validations"):
        return True
    return not model.layout.is_loopback and any(
        not ATTRIBUTES.isdisjoint(prop.settings) for prop in model.properties.values()
    )


def entries_of(written: Any) -> Iterator[Entry]:
    """What stands under `validations`: a list of entries, or rules by property, or properties by LoopBack's call.

    All of these say the same: `[{property: name, rule: presence}]`, `{name: presence}`, `{name: [presence]}`,
    `{name: {presence: true}}`, `{validatesPresenceOf: [name]}`.
    """
    if isinstance(written, list | tuple):
        for place, item in enumerate(written):
            yield _entry(f"/{place}", item)
    elif isinstance(written, Mapping):
        for name, said in written.items():
            at = child("", name)
            if name.startswith("validates") and rule_named(name) is not None and not _is_rules(said):
                yield from _by_call(name, said, at)
            else:
                yield from _by_property(name, said, at)


def rule_named(written: str) -> Rule | None:
    """The rule of that name, also as LoopBack's call: `validatesPresenceOf`."""
    name = written.removeprefix("validates").removesuffix("Of") if written.startswith("validates") else written
    return _RULES.get(name[:1].lower() + name[1:])


def json_schema_of(model: Model) -> Mapping[str, Mapping[str, Any]]:
    """What the unconditional validations say in the words of JSON Schema, by property, for a description."""
    found: dict[str, dict[str, Any]] = {}
    for one in validations_of(model):
        if one.only_if is None and one.unless is None:
            said = _keywords(one, model.properties.get(one.property))
            if said:
                found.setdefault(one.property, {}).update(said)
    return found


def _keywords(one: Validation, prop: Property | None) -> dict[str, Any]:
    match one.rule:
        case Rule.LENGTH:
            kind = "Items" if prop is not None and isinstance(prop.type, ArrayType) else "Length"
            least = one.minimum if one.exactly is None else one.exactly
            most = one.maximum if one.exactly is None else one.exactly
            if one.allow_blank:
                least = None
            return {key: value for key, value in ((f"min{kind}", least), (f"max{kind}", most)) if value is not None}
        case Rule.RANGE | Rule.NUMERICALITY:
            said = {"minimum": one.minimum, "maximum": one.maximum}
            return {key: value for key, value in said.items() if value is not None} | (
                {"multipleOf": 1} if one.whole else {}
            )
        case Rule.INCLUSION:
            null = one.allow_null or (one.by_attribute and prop is not None and not prop.required and not prop.id)
            extra = [value for value, allowed in ((None, null), ("", one.allow_blank)) if allowed]
            return {"enum": [*one.values, *(value for value in extra if value not in one.values)]}
        case Rule.EXCLUSION:
            return {"not": {"enum": [*one.values]}}
        case Rule.FORMAT if not one.allow_blank and "i" not in one.flags:
            said_form = {"pattern": one.pattern, "format": one.form}
            return {key: value for key, value in said_form.items() if value is not None}
        case Rule.SCHEMA:
            if not isinstance(one.schema, Mapping):
                return {}
            null = one.allow_null or (one.by_attribute and prop is not None and not prop.required)
            return {"anyOf": [one.schema, {"type": "null"}]} if null else {"allOf": [one.schema]}
        case _:
            return {}


def attributes_of(prop: Property) -> Iterator[Validation]:
    """The validations that a property's attributes and its type say, in the native layout."""
    said = prop.settings
    name = prop.name
    sized = isinstance(prop.type, _SIZED)
    limit = prop.type.length if isinstance(prop.type, StringType) else None
    if isinstance(prop.type, EnumType):
        yield Validation(property=name, rule=Rule.INCLUSION, values=prop.type.values, by_attribute=True, database=False)
    if isinstance(said.get("enum"), list | tuple):
        yield Validation(property=name, rule=Rule.INCLUSION, values=tuple(said["enum"]), by_attribute=True)
    if limit is not None:
        yield Validation(property=name, rule=Rule.LENGTH, maximum=limit, by_attribute=True, database=False)
    shortest = _number(said.get("minLength"))
    longest = _number(said.get("maxLength"))
    if shortest is not None or longest is not None:
        yield Validation(property=name, rule=Rule.LENGTH, minimum=shortest, maximum=longest, by_attribute=True)
    least, most = _number(said.get("min")), _number(said.get("max"))
    if least is not None or most is not None:
        rule = Rule.LENGTH if sized else Rule.RANGE
        yield Validation(property=name, rule=rule, minimum=least, maximum=most, by_attribute=True)
    if isinstance(said.get("pattern"), str):
        yield Validation(property=name, rule=Rule.FORMAT, pattern=said["pattern"], by_attribute=True)
    if isinstance(said.get("format"), str):
        yield Validation(property=name, rule=Rule.FORMAT, form=said["format"], by_attribute=True)
    if isinstance(said.get("schema"), Mapping | bool):
        yield Validation(property=name, rule=Rule.SCHEMA, schema=said["schema"], by_attribute=True)


def entry_validations(entry: Entry) -> Iterator[Validation]:
    """The validations of an entry that has no problems, one for each of its properties."""
    said = entry.options
    rule = rule_named(entry.rule)
    assert rule is not None  # noqa: S101 - an entry without problems has one
    pattern, flags = _pattern(said.get("with"))
    scope = said.get("scopedTo") or ()
    for name in entry.properties:
        yield Validation(
            property=name,
            rule=rule,
            minimum=_number(said.get("min")),
            maximum=_number(said.get("max")),
            exactly=said.get("is"),
            whole=said.get("int") is True,
            values=tuple(said.get("in") or ()),
            pattern=pattern,
            flags=flags,
            form=said.get("format"),
            scoped_to=(scope,) if isinstance(scope, str) else tuple(scope),
            ignore_case=said.get("ignoreCase") is True,
            schema=said.get("schema"),
            allow_null=said.get("allowNull") is True,
            allow_blank=said.get("allowBlank") is True,
            only_if=said.get("if"),
            unless=said.get("unless"),
            message=said.get("message"),
            code=said.get("code"),
            database=said.get("database") is not False,
        )


def _pattern(written: Any) -> tuple[str | None, str]:
    """Pattern and flags of `"x"` or `"/x/i"`."""
    if not isinstance(written, str):
        return None, ""
    end = written.rfind("/")
    if written.startswith("/") and end > 0 and set(written[end + 1 :]) <= set("gimsuy"):
        return written[1:end], "".join(flag for flag in "im" if flag in written[end + 1 :])
    return written, ""


def _entry(at: str, item: Any) -> Entry:
    if not isinstance(item, Mapping):
        return _refused(at, "a validation is an object", "write {property: ..., rule: ...}")
    said = item.get("property", item.get("properties", item.get("attribute")))
    names = (said,) if isinstance(said, str) else tuple(said) if isinstance(said, list | tuple) else ()
    if not names or not all(isinstance(name, str) and name for name in names):
        return _refused(at, "a validation does not say its property", "add property: the name of one, or a list")
    rule = item.get("rule", item.get("validation", item.get("type")))
    if not isinstance(rule, str):
        return _refused(at, "a validation does not say its rule", f"add rule: one of {', '.join(_RULES)}")
    options = {key: value for key, value in item.items() if key not in _ENTRY_KEYS}
    return _checked(at, names, rule, options)


_ENTRY_KEYS: Final = frozenset({"property", "properties", "attribute", "rule", "validation", "type"})


def _is_rules(said: Any) -> bool:
    """Whether this is what stands under a property: rules by name."""
    return isinstance(said, Mapping) and any(rule_named(key) is not None for key in said)


def _by_call(call: str, said: Any, at: str) -> Iterator[Entry]:
    for place, item in enumerate(said) if isinstance(said, list | tuple) else [(None, said)]:
        where = at if place is None else f"{at}/{place}"
        if isinstance(item, str):
            yield _checked(where, (item,), call, {})
        elif isinstance(item, Mapping) and "property" in item:
            yield _entry(where, {**item, "rule": call})
        elif isinstance(item, Mapping):
            for name, options in item.items():
                yield _checked(child(where, name), (name,), call, options if isinstance(options, Mapping) else {})
        else:
            yield _refused(where, f"{call} names no property", "write the names of properties, or options by name")


def _by_property(name: str, said: Any, at: str) -> Iterator[Entry]:
    match said:
        case str():
            yield _checked(at, (name,), said, {})
        case list() | tuple():
            for place, item in enumerate(said):
                yield _listed(name, item, f"{at}/{place}")
        case Mapping():
            for rule, options in said.items():
                if options is not False and options is not None:
                    yield _ruled(name, rule, options, child(at, rule))
        case _:
            yield _refused(at, f"the validations of {name} are no rules", "write rules by name: {presence: true}")


def _listed(name: str, item: Any, at: str) -> Entry:
    if isinstance(item, str):
        return _checked(at, (name,), item, {})
    if isinstance(item, Mapping) and "property" not in item:
        return _entry(at, {**item, "property": name})
    return _refused(at, "a validation is the name of a rule or an object", "write {rule: ...}")


def _ruled(name: str, rule: str, options: Any, at: str) -> Entry:
    if isinstance(options, Mapping) and rule != "schema":
        return _checked(at, (name,), rule, options)
    if options is True and rule != "schema":
        return _checked(at, (name,), rule, {})
    short = _SHORT.get(rule)
    if short is None:
        return _refused(at, f"{rule} of {name} is neither true nor options", f"write {rule}: true")
    return _checked(at, (name,), rule, {short: options})


_SHORT: Final = {
    "inclusion": "in",
    "exclusion": "in",
    "format": "with",
    "schema": "schema",
    "length": "is",
}
"""The option that a rule's value alone stands for."""


def _checked(at: str, names: tuple[str, ...], written: str, options: Mapping[str, Any]) -> Entry:
    rule = rule_named(written)
    if rule is None:
        near = nearest(written, _RULES)
        hint = f"did you mean {near}?" if near else f"rules are {', '.join(_RULES)}"
        if written.lower() in {"custom", "validate", "validateasync"}:
            hint = "write it in Python: a function of the model's `code`, marked as a validator"
        return Entry(
            at=at,
            properties=names,
            rule=written,
            options=options,
            problems=((at, f"there is no rule {written}", hint),),
        )
    found = tuple((f"{at}{inner}", message, hint) for inner, message, hint in problems_of(rule.value, options))
    return Entry(at=at, properties=names, rule=rule.value, options=options, problems=found)


def _refused(at: str, message: str, hint: str) -> Entry:
    return Entry(at=at, properties=(), rule="", options={}, problems=((at, message, hint),))


def _is_limited(of: DataType) -> bool:
    return isinstance(of, EnumType) or (isinstance(of, StringType) and of.length is not None)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
