"""JSON Schemas of properties: checked once, then held of values; forms count, patterns take linear time.

Source: JSON Schema 2020-12.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from lbconf.query.errors import RequestError
from lbconf.query.pattern import compile_pattern
from lbconf.repository.forms import FORMS

__all__ = ["schema_faults", "schema_problem"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TOLD: Final = 160
"""Characters of one fault that are told."""
Fault = Iterator[ValidationError]


def schema_faults(schema: object) -> Callable[[Any, int], tuple[str, ...]]:
    """What tells, of a value, at most so many faults against the schema, by their place."""
    validator = _CLASS(_plain(schema), format_checker=_FORMS, registry=Registry())

    def faults(value: Any, most: int) -> tuple[str, ...]:
        found: list[str] = []
        for error in validator.iter_errors(value):
            found.append(_text(error))
            if len(found) >= most:
                break
        return tuple(found)

    return faults


def schema_problem(schema: Any) -> str | None:
    """Why the schema cannot be used; None where it can."""
    dialect = schema.get("$schema") if isinstance(schema, Mapping) else None
    if isinstance(dialect, str) and dialect.rstrip("#") != DIALECT:
        return f"its $schema is {dialect[:_TOLD]}, and lbconf knows {DIALECT} only"
    plain = _plain(schema)
    try:
        _CLASS.check_schema(plain)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        return f"{'at ' + place + ': ' if place else ''}{error.message[:_TOLD]}"
    return _unusable(plain)


def _unusable(schema: Any) -> str | None:
    """The first pattern or reference of the schema that cannot be used."""
    validator = _CLASS(schema, registry=Registry())
    for key, value in _parts(schema):
        try:
            if key == "pattern" and isinstance(value, str):
                compile_pattern(value, "")
            elif key == "patternProperties" and isinstance(value, Mapping):
                for name in value:
                    compile_pattern(name, "")
            elif key == "unevaluatedProperties" and any(name == "patternProperties" for name, _ in _parts(schema)):
                return "unevaluatedProperties and patternProperties cannot be used together"
            elif key in {"$ref", "$dynamicRef"} and isinstance(value, str):
                validator._resolver.lookup(value)  # noqa: SLF001 - nothing public follows one reference
        except RequestError as error:
            return error.message
        except Unresolvable:
            return f"there is nothing at {value}"
    return None


def _parts(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            yield key, value
            if key not in {"const", "enum", "default", "examples"}:
                yield from _parts(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _parts(item)


def _text(error: ValidationError) -> str:
    place = "".join(f"/{part}" for part in error.absolute_path)
    message = error.message if len(error.message) <= _TOLD else error.message[: _TOLD - 3] + "..."
    return f"does not fit its schema{' at ' + place if place else ''}: {message}"


def _plain(value: Any) -> Any:
    """The value as plain dicts and lists, which the package asks for."""
    if isinstance(value, Mapping):
        # A part that names its dialect would be given to a class that knows nothing of linear patterns.
        return {key: _plain(item) for key, item in value.items() if key != "$schema" or not isinstance(item, str)}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _matches(pattern: str, text: str) -> bool:
    return compile_pattern(pattern, "").search(text)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Fault:
    del schema
    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any) -> Fault:
    del schema
    if not validator.is_type(instance, "object"):
        return
    for pattern, inner in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, others: Any, instance: Any, schema: Mapping[str, Any]) -> Fault:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [
        name for name in instance if name not in known and not any(_matches(pattern, name) for pattern in patterns)
    ]
    if validator.is_type(others, "object"):
        for name in extra:
            yield from validator.descend(instance[name], others, path=name)
    elif others is False and extra:
        yield ValidationError(f"it has no property {', '.join(map(str, extra))}")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, check in FORMS.items():
        checker.checkers[name] = (_of_texts(check), ())
    return checker


def _of_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


_FORMS: Final = _format_checker()


_CLASS: Final[Any] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    },
)
