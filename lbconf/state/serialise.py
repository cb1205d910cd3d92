"""Our frozen dataclasses as JSON values and back: states in the ledger, changes and steps in a plan file.

Fields that hold their default are left out. A value of a closed family
(`Change`) is written with its class name under `kind`.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_data", "json_schema", "to_data"]

T = TypeVar("T")

KIND = "kind_of"
SCALARS: Mapping[type, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
}


def to_data(value: Any) -> Any:
    """JSON values only: objects, lists, strings, numbers, booleans, null. Source places are kept."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            found.name: _field_data(found, value)
            for found in fields(value)
            if not _is_default(found, getattr(value, found.name))
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_data(item) for item in value]
    return value


def from_data(wanted: type[T], data: Any) -> T:
    """The value again. Raises `ValueError` or `TypeError` where the data is not what `to_data` wrote."""
    found: T = _read(wanted, data)
    return found


def json_schema(wanted: type) -> dict[str, Any]:
    """A JSON Schema 2020-12 of what `to_data` writes for this class, with `$defs` for the classes inside."""
    definitions: dict[str, Any] = {}
    root = _schema(wanted, definitions)
    return {**definitions.pop(root["$ref"].rpartition("/")[2]), "$defs": definitions}


def _field_data(found: Field[Any], owner: Any) -> Any:
    kind: Any = type(owner)
    hint = _hints(kind)[found.name]
    value = getattr(owner, found.name)
    if _family(hint) and value is not None:
        return {KIND: type(value).__name__, **to_data(value)}
    return to_data(value)


def _is_default(found: Field[Any], value: Any) -> bool:
    return found.default is not MISSING and type(value) is type(found.default) and bool(value == found.default)


@cache
def _hints(owner: type) -> dict[str, Any]:
    return get_type_hints(owner)


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _family(hint: Any) -> dict[str, type]:
    """Classes of a closed family by name; empty for everything else."""
    members = [member for member in _members(hint) if member is not type(None)]
    if len(members) > 1 and all(is_dataclass(member) for member in members):
        return {member.__name__: member for member in members}
    return {}


def _read(hint: Any, data: Any) -> Any:
    if hint is Any:
        return data
    family = _family(hint)
    if family:
        rest = dict(data)
        return _read(family[rest.pop(KIND)], rest)
    members = _members(hint)
    if len(members) > 1:
        return None if data is None else _read(next(m for m in members if m is not type(None)), data)
    if get_origin(hint) is tuple:
        return _read_tuple(hint, data)
    if is_dataclass(hint):
        return _read_dataclass(hint, data)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    if type(data) is not hint:
        msg = f"expected {hint.__name__}, found {data!r}"
        raise TypeError(msg)
    return data


def _read_tuple(hint: Any, data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        msg = f"expected a list, found {data!r}"
        raise TypeError(msg)
    arguments = get_args(hint)
    if arguments[-1] is Ellipsis:
        return tuple(_read(arguments[0], item) for item in data)
    return tuple(_read(argument, item) for argument, item in zip(arguments, data, strict=True))


def _read_dataclass(wanted: Any, data: Any) -> Any:
    if not isinstance(data, Mapping):
        msg = f"expected an object, found {data!r}"
        raise TypeError(msg)
    hints = _hints(wanted)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        msg = f"{wanted.__name__} has no {', '.join(unknown)}"
        raise ValueError(msg)
    return wanted(**{name: _read(hints[name], value) for name, value in data.items()})


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint is Any:
        return {}
    family = _family(hint)
    if family:
        return {"anyOf": [_tagged(name, member, definitions) for name, member in family.items()]}
    members = _members(hint)
    if len(members) > 1:
        return {"anyOf": [_schema(m, definitions) for m in members if m is not type(None)] + [{"type": "null"}]}
    if get_origin(hint) is tuple:
        return _tuple_schema(hint, definitions)
    if is_dataclass(hint):
        name = getattr(hint, "__name__", "")
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object_schema(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    return {"type": SCALARS[hint]}


def _tagged(name: str, member: type, definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _object_schema(member, definitions)
    schema["properties"] = {KIND: {"const": name}, **schema["properties"]}
    schema["required"] = [KIND, *schema.get("required", [])]
    return schema


def _tuple_schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    arguments = get_args(hint)
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    return {
        "type": "array",
        "prefixItems": [_schema(argument, definitions) for argument in arguments],
        "minItems": len(arguments),
        "maxItems": len(arguments),
    }


def _object_schema(wanted: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = _hints(wanted)
    required = [f.name for f in fields(wanted) if f.default is MISSING and f.default_factory is MISSING]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {found.name: _schema(hints[found.name], definitions) for found in fields(wanted)},
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema
