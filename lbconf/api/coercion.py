"""Arguments of remote methods made what their types say.

Text that came in a query, a path, a form or a header is read as what it seems
to be; JSON keeps its own types, and only fits or does not.
Source: strong-remoting 3, observed from outside and read for what it takes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isnan
from typing import Any, Final

from lbconf.api.bodies import parse_json
from lbconf.diagnostics import Code
from lbconf.patterns import pattern
from lbconf.query.coerce import to_geo_point
from lbconf.query.dates import to_datetime
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, json_text, to_number, to_text

__all__ = ["check_argument", "from_json", "from_text"]

LARGEST_SAFE: Final = 2**53 - 1
_INTEGER: Final = pattern(r"-?(?:[0-9]|[1-9][0-9]*)")
_DECIMAL: Final = pattern(r"-?([0-9]+)?\.[0-9]+")
_TIMESTAMP: Final = pattern(r"-?[0-9]+")
_TRUTHS: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}


def from_text(kind: Any, value: Any) -> Any:
    """The value that a text (or what brackets made of a query) stands for; `UNDEFINED` for none.

    Raises:
        RequestError: 400.

    """
    item = _item_type(kind)
    if item is not None:
        return _list_from_text(item, value)
    if value is UNDEFINED or value == "":
        return UNDEFINED
    return _FROM_TEXT.get(_name(kind), _any_from_text)(value)


def from_json(kind: Any, value: Any, *, lists: bool = False) -> Any:
    """The value as it is, a date read. `lists`: of an object, a list of objects does too.

    Raises:
        RequestError: 400: it is of another type.

    """
    item = _item_type(kind)
    if item is not None:
        if value is UNDEFINED or value is None:
            return value
        if not isinstance(value, list):
            raise _wrong("an array")
        return [from_json(item, one) for one in value]
    name = _name(kind)
    if name == "date" and value is not UNDEFINED:
        return _date(value)
    if name == "geopoint" and value is not UNDEFINED:
        return to_geo_point(value)
    problem = _problem(name, value, lists=lists)
    if problem is not None:
        raise problem
    return value


def check_argument(name: str, kind: Any, value: Any, *, required: bool, lists: bool = False) -> None:
    """Refuse an argument that is missing or of another type. Raises `RequestError` 400."""
    if required and (value is UNDEFINED or value is None or value == ""):
        raise RequestError(Code.REQUEST_REFUSED, f"{name} is a required argument")
    problem = _nested_problem(kind, value, lists=lists)
    if problem is not None:
        raise RequestError(Code.REQUEST_REFUSED, f"Invalid argument {json_text(name)}. {problem.message}")


def _nested_problem(kind: Any, value: Any, *, lists: bool) -> RequestError | None:
    item = _item_type(kind)
    if item is None:
        return _problem(_name(kind), value, lists=lists)
    if value is UNDEFINED or value is None:
        return None
    if not isinstance(value, list):
        return _wrong("an array")
    return next((found for one in value if (found := _nested_problem(item, one, lists=False)) is not None), None)


def _problem(name: str, value: Any, *, lists: bool) -> RequestError | None:
    """What is wrong with a value of one of the plain types."""
    if value is UNDEFINED:
        return None
    match name:
        case "string":
            good = isinstance(value, str)
            return None if good else _wrong("a string")
        case "boolean":
            return None if isinstance(value, bool) else _wrong("a boolean")
        case "number" | "integer":
            if not _is_number(value):
                return _wrong("a number")
            whole = name == "number" or (float(value).is_integer() and abs(value) <= LARGEST_SAFE)
            return None if whole else _wrong("a safe integer")
        case "date":
            return None if isinstance(value, datetime) else _wrong("a valid date")
        case "object":
            return _object_problem(value, lists=lists)
    return None


def _object_problem(value: Any, *, lists: bool) -> RequestError | None:
    if value is None or isinstance(value, Mapping):
        return None
    if lists and isinstance(value, list):
        good = all(item is None or isinstance(item, Mapping) for item in value)
        return None if good else RequestError(Code.REQUEST_REFUSED, "Some of array items are not an object.")
    return _wrong("an object")


def _item_type(kind: Any) -> Any:
    """The type of the items of a list; None for what is no list."""
    if kind == "array":
        return "any"
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        return kind[0] if kind else "any"
    return None


def _name(kind: Any) -> str:
    """The type's name; an inline object type is an object, an unknown name anything."""
    return "object" if isinstance(kind, Mapping) else str(kind).lower()


def _list_from_text(item: Any, value: Any) -> Any:
    if value is UNDEFINED or value == "":
        return UNDEFINED
    if value is None or value == "null":
        return None
    if isinstance(value, str) and value[:1] == "[" and value[-1:] == "]":
        return from_json([item], _parsed(value, "array"))
    return [from_text(item, one) for one in (value if isinstance(value, list) else [value])]


def _any_from_text(value: Any) -> Any:
    if value is None or value == "null":
        return None
    if not isinstance(value, str):
        return value
    lowered = value.lower()
    if lowered in {"true", "false"}:
        return lowered == "true"
    if _DECIMAL.fullmatch(value) or _INTEGER.fullmatch(value):
        number = to_number(value)
        if -LARGEST_SAFE <= number <= LARGEST_SAFE:
            return number
    if value[:1] + value[-1:] in {"{}", "[]"}:
        try:
            return parse_json(value)
        except RequestError:
            return value
    return value


def _string_from_text(value: Any) -> Any:
    text = value if value is None else to_text(value)
    return from_json("string", text)


def _boolean_from_text(value: Any) -> Any:
    found = _TRUTHS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise _wrong("a boolean")
    return found


def _number_from_text(value: Any) -> Any:
    return from_json("number", 0 if value is None else to_number(value))


def _integer_from_text(value: Any) -> Any:
    return from_json("integer", _number_from_text(value))


def _date_from_text(value: Any) -> Any:
    return _date(to_number(value) if isinstance(value, str) and _TIMESTAMP.fullmatch(value) else value)


def _object_from_text(value: Any) -> Any:
    if value is None or value == "null":
        return None
    if isinstance(value, str) and value[:1] == "{" and value[-1:] == "}":
        value = _parsed(value, "object")
    return from_json("object", value)


def _place_from_text(value: Any) -> Any:
    if value is None or value == "null":
        return None
    if isinstance(value, str) and value[:1] + value[-1:] in {"{}", "[]"}:
        value = _parsed(value, "object")
    elif isinstance(value, Mapping):
        value = {key: to_number(part) for key, part in value.items()}
    elif isinstance(value, list):
        value = [to_number(part) for part in value]
    return to_geo_point(value)


def _date(value: Any) -> Any:
    """The point in time; text and numbers that are none stay, and `check_argument` names the argument."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong("a valid date")
    found = to_datetime(value)
    return value if found is None else found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def _parsed(text: str, what: str) -> Any:
    try:
        return parse_json(text)
    except RequestError:
        raise RequestError(Code.REQUEST_REFUSED, f"Cannot parse JSON-encoded {what} value.") from None


def _wrong(what: str) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, f"Value is not {what}.")


_FROM_TEXT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "any": _any_from_text,
    "string": _string_from_text,
    "boolean": _boolean_from_text,
    "number": _number_from_text,
    "integer": _integer_from_text,
    "date": _date_from_text,
    "object": _object_from_text,
    "geopoint": _place_from_text,
}
