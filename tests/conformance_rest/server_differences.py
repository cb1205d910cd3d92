"""What SQLite and MySQL answer otherwise than LoopBack 3.28 did on PostgreSQL, case by case, and how far it may go.

docs/connectors.md tells users of the same. Whatever is not written here agrees where PostgreSQL's answer does.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["SERVER_DIFFERENCES", "Difference"]

Difference = Callable[[Any, Any], bool]
"""Whether an answer differs from the recorded one in nothing else: the bodies as they came, first ours."""

MILLISECONDS: Final = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z"')

NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


def ties(got: Any, want: Any) -> bool:
    """Rows that an order leaves equal come in any order: the same rows, though."""
    return sorted(map(_text, got)) == sorted(map(_text, want))


def whole_seconds(got: Any, want: Any) -> bool:
    """LoopBack's DATETIME columns have whole seconds."""
    return _text(got) == MILLISECONDS.sub(r'"\1.000Z"', _text(want))


def padded(got: Any, want: Any) -> bool:
    """Texts that differ in spaces at their ends alone are one key to most collations."""
    return got["error"]["statusCode"] == 409 and "error" not in want


def _text(value: Any) -> str:
    """The value as text; drivers give decimals as text, which are as good as numbers."""
    return json.dumps(_numbered(value), sort_keys=True)


def _numbered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    return float(value) if NUMBER.fullmatch(str(value)) else value


_TIES: Final = (
    "bracket/order",
    "bracket/GET /Products?filter[order]=price&filter[fields][id]=true&filter[fields][name]=true",
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"price"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"active DESC"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"releasedOn DESC"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"description DESC"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"costPrice"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":"attributes"}',
    'order/GET /Products?filter={"fields":["id","name","price"],"order":["categoryId","price DESC"]}',
    'order/GET /Orders?filter={"fields":["id","number"],"order":"placedAt DESC"}',
    'columns/GET /Legacies?filter={"order":"openedOn DESC"}',
)
_WHOLE_SECONDS: Final = (
    "find/all products",
    "find/findOne with where",
    "find/path /Products//",
    "include/hasAndBelongsToMany",
    'include/GET /Categories?filter={"include":"products","limit":3}',
    'include/GET /Suppliers?filter={"include":"products","limit":3}',
    'include/GET /Reviews?filter={"include":"product","limit":3}',
    'include/GET /Categories?filter={"include":{"products":{"reviews":"customer"}},"limit":3}',
    "relation-read/GET /Suppliers/1/products",
)

SERVER_DIFFERENCES: Final[Mapping[str, Mapping[str, Difference]]] = {
    "memory": {},
    "postgresql": {},
    "sqlite": dict.fromkeys(_TIES, ties),
    "mysql": {
        **dict.fromkeys(_TIES, ties),
        **dict.fromkeys(_WHOLE_SECONDS, whole_seconds),
        "ids/POST document  ": padded,
    },
}
"""By variant: the cases, and what tells that an answer differs in no more than it must."""
