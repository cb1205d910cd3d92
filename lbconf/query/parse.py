"""Filters as clients send them, JSON text or decoded, turned into `Filter` values: shape checked, names not."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError, malformed
from lbconf.query.javascript import json_text, to_number, truthy, whole_of_json
from lbconf.query.nodes import Filter

__all__ = ["MAX_DEPTH", "MAX_NODES", "parse_filter", "parse_where", "told_object"]

MAX_DEPTH = 32
"""Levels a filter may nest, as LoopBack's `maxDepthOfQuery`."""
MAX_NODES = 20_000
"""Values a filter may hold in all."""
SHOWN = 20
"""Characters of a text that an error shows."""

_LARGEST = 2**63 - 1


def parse_filter(raw: Mapping[str, Any] | str | None, *, by_id: bool = False) -> Filter:
    """The filter a client sent; an empty one for none at all.

    A decoded filter may come from bracket notation, so numbers may be texts. `by_id` passes over all but
    `fields` and `include`, unread, as LoopBack does where an id names the one row.

    Raises:
        RequestError: it is no object, nests too deep, or a part of it has the wrong shape.

    """
    found = _object(raw)
    if not found:
        return Filter()
    check_size(found)
    if by_id:
        found = {name: found[name] for name in ("fields", "include") if name in found}
    limit, skip = _paging(found)
    where = found.get("where")
    if not isinstance(where, Mapping) and "where" in found:
        raise malformed(f"The where clause {json_text(where)} is not an object")
    fields = found.get("fields")
    include = found.get("include")
    return Filter(
        where=where,
        fields=fields if truthy(fields) else None,
        order=_order(found.get("order")),
        include=include if truthy(include) else None,
        limit=limit,
        skip=skip,
    )


def parse_where(raw: Mapping[str, Any] | str | None) -> Mapping[str, Any] | None:
    """The condition a client sent for counting, updating or deleting; None for none at all.

    Raises:
        RequestError: it is no object, or nests too deep.

    """
    found = _object(raw)
    if found is not None:
        check_size(found)
    return found


def told_object(raw: Any, name: str) -> Any:
    """The parameter of this name as an object where it is JSON text that holds one; everything else as it is.

    Raises:
        RequestError: a text that is no JSON, or none of an object; it says what is wrong, and where.

    """
    if not isinstance(raw, str) or raw in ("", "null"):
        return raw
    try:
        found = _DECODER.decode(raw)
    except json.JSONDecodeError as error:
        wrong = _WRONG.get(error.msg.partition(" starting at")[0], "something else is expected")
        rest = raw[error.pos : error.pos + SHOWN]
        where = f"at character {error.pos + 1}, where {json_text(rest)} stands" if rest else "at its end"
        msg = f"The {name} is not JSON: {wrong} {where}"
        raise malformed(msg, hint=f"Write the {name} as JSON, with double quotes.") from None
    except (ValueError, RecursionError):
        raise malformed(f"The {name} is not JSON: it nests too deep or holds no number of JSON") from None
    if not isinstance(found, Mapping):
        hint = (
            'It is a JSON object, such as {"where": {"name": "x"}}.' if name == "filter" else 'Such as {"name": "x"}.'
        )
        raise malformed(f"The {name} {json_text(raw[:SHOWN])} is not an object", hint=hint)
    return found


def check_size(value: Any, name: str = "filter") -> None:
    """Return quietly when the value is neither too deep nor too large; `name` is what an error calls it.

    Raises:
        RequestError: it is, or a text in it is none.

    """
    stack: list[tuple[Any, int]] = [(value, 0)]
    seen = 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            what = "nests more than 32 levels" if depth > MAX_DEPTH else "holds too many values"
            raise RequestError(Code.FILTER_TOO_DEEP, f"The {name} {what}")
        if isinstance(item, str):
            if not item.isascii():
                _check_text(item, name)
        elif isinstance(item, Mapping):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list | tuple):
            stack.extend((child, depth + 1) for child in item)


def _object(raw: Any) -> Mapping[str, Any] | None:
    if raw is None or raw in ("", "null"):
        return None
    if isinstance(raw, str) and raw[0] in "{[" and raw[-1] in "}]":
        try:
            raw = _DECODER.decode(raw)
        except (ValueError, RecursionError):
            msg = "Cannot parse JSON-encoded object value."
            raise malformed(msg, hint="Write the filter as JSON, with double quotes.") from None
    if not isinstance(raw, Mapping):
        msg = "Value is not an object."
        raise malformed(msg, hint='A filter is a JSON object, such as {"where": {"name": "x"}, "limit": 10}.')
    return raw


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_WRONG = {
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected",
    "Expecting value": "a value is expected",
    "Expecting ',' delimiter": "a comma or the end is expected",
    "Expecting ':' delimiter": "a colon is expected",
    "Unterminated string": "a text does not end that begins",
    "Invalid control character at": "a control character must be escaped",
    "Extra data": "nothing more is expected",
}
"""What Python's decoder complains of, in words of ours."""
_DECODER = json.JSONDecoder(parse_int=whole_of_json, parse_constant=_no_constant)


def _check_text(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        msg = f"The {name} holds half of a surrogate pair, which is no character"
        raise malformed(msg) from None


def _paging(found: Mapping[str, Any]) -> tuple[int | None, int]:
    limit = found.get("limit")
    skip = found.get("skip")
    if not truthy(skip):
        skip = found.get("offset")
    rows = _whole(limit) if truthy(limit) else None
    if truthy(limit) and not rows:
        raise malformed(f"The limit parameter {json_text(limit)} is not valid")
    passed = _whole(skip) if truthy(skip) else 0
    if passed is None:
        raise malformed(f"The offset/skip parameter {json_text(skip)} is not valid")
    return rows, passed


def _whole(value: Any) -> int | None:
    """The value as a whole number from 0 on, or None."""
    number = to_number(value)
    if math.isnan(number) or number < 0 or (number < _LARGEST and number != number // 1):
        return None
    return int(min(number, _LARGEST))


def _order(value: Any) -> tuple[str, ...]:
    if not truthy(value):
        return ()
    keys: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            raise malformed(f"The order {json_text(item)} is not valid", hint='Write "name ASC" or a list of such.')
        keys.extend(_order_key(token) for token in _between_commas(item))
    return tuple(keys)


def _between_commas(text: str) -> list[str]:
    """What stands between commas without the blanks around them; blanks at either end of the text stay."""
    first, *others = text.split(",")
    if not others:
        return [text] if text else []
    tokens = [first.rstrip(), *(token.strip() for token in others[:-1]), others[-1].lstrip()]
    return [token for token in tokens if token]


def _order_key(token: str) -> str:
    parts = re.split(r"\s+", token)
    if len(parts) == 1:
        return token
    direction = parts[1].upper()
    if direction not in {"ASC", "DESC"}:
        raise malformed(f"The order {json_text(token)} has invalid direction", hint="A direction is ASC or DESC.")
    return f"{parts[0]} {direction}"
