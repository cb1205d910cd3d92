"""Query strings in bracket notation, `filter[where][price][gt]=15`, read as LoopBack's own parser reads them.

Limits: five levels below the first name (what is deeper stays one key as
written), list places below 1000 (a larger one makes the list an object), and
the first thousand parameters.

Source: the behaviour of the npm package qs with the settings of Express 4.
"""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

__all__ = ["parse_query_string", "unread_parameter"]

_DEPTH = 5
_LIST_LIMIT = 999
_PARAMETER_LIMIT = 1000
_SEGMENT = re.compile(r"\[[^\[\]]*\]")
_WELL_FORMED = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])*")
_REFUSED_NAMES = frozenset({"__proto__"})


class _Sparse(dict[int, Any]):
    """A list under construction: place to item, places may be missing."""

    def push(self, item: Any) -> None:
        self[max(self, default=-1) + 1] = item


def parse_query_string(text: str) -> dict[str, Any]:
    """Parameters as nested dicts, lists and texts. Never fails; linear in the length of the text."""
    flat: dict[str, Any] = {}
    for part in text.removeprefix("?").split("&", _PARAMETER_LIMIT)[:_PARAMETER_LIMIT]:
        if not part:
            continue
        at = part.find("]=")
        at = part.find("=") if at < 0 else at + 1
        key = _decoded(part if at < 0 else part[:at])
        value = "" if at < 0 else _decoded(part[at + 1 :])
        if key in flat:
            known = flat[key]
            if isinstance(known, list):
                known.append(value)
            else:
                flat[key] = [known, value]
        else:
            flat[key] = value
    result: Any = {}
    for key, value in flat.items():
        nested = _nested(key, value)
        if nested is not None:
            result = _merged(result, nested)
    compact = _compact(result)
    return compact if isinstance(compact, dict) else {}


def unread_parameter(text: str) -> str | None:
    """The first parameter that `parse_query_string` drops or takes for another one; None where all are understood."""
    parts = [part for part in text.removeprefix("?").split("&") if part]
    for place, part in enumerate(parts):
        key = _key_of(part)
        names = re.split(r"[\[\]]+", key)
        if place >= _PARAMETER_LIMIT or not _WELL_FORMED.fullmatch(key) or not _REFUSED_NAMES.isdisjoint(names):
            return key
    return None


def _key_of(part: str) -> str:
    at = part.find("]=")
    at = part.find("=") if at < 0 else at + 1
    return _decoded(part if at < 0 else part[:at])


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return text


def _nested(key: str, value: Any) -> Any:
    """The value under its chain of keys; None for a key that names nothing."""
    segments: list[str] = []
    first = _SEGMENT.search(key)
    parent = key[: first.start()] if first else key
    rest = ""
    if first:
        for found in _SEGMENT.finditer(key, first.start()):
            if len(segments) == _DEPTH:
                rest = key[found.start() :]
                break
            segments.append(found.group()[1:-1])
    if not parent and not segments:
        return None
    if parent in _REFUSED_NAMES or any(segment in _REFUSED_NAMES for segment in segments):
        return None
    leaf: Any = _Sparse(enumerate(value)) if isinstance(value, list) else value
    if rest:
        leaf = {rest: leaf}
    for segment in reversed(segments):
        leaf = _wrapped(segment, leaf)
    return {parent: leaf} if parent else leaf


def _wrapped(segment: str, leaf: Any) -> Any:
    if segment == "":
        return leaf if isinstance(leaf, _Sparse) else _Sparse({0: leaf})
    if segment.isascii() and segment.isdigit() and len(segment) <= len(str(_LIST_LIMIT)):
        place = int(segment)
        if place <= _LIST_LIMIT and str(place) == segment:
            return _Sparse({place: leaf})
    return {segment: leaf}


def _merged(target: Any, source: Any) -> Any:
    """Both together; `target` may be changed. No deeper than the nesting limit."""
    if not isinstance(source, dict):
        return _with_scalar(target, source)
    if not isinstance(target, dict):
        if isinstance(source, _Sparse):
            return _Sparse(enumerate([target, *(source[place] for place in sorted(source))]))
        return _Sparse(enumerate([target, source]))
    if isinstance(target, _Sparse) and isinstance(source, _Sparse):
        for place, item in source.items():
            if place not in target:
                target[place] = item
            elif isinstance(target[place], dict) and isinstance(item, dict):
                target[place] = _merged(target[place], item)
            else:
                target.push(item)
        return target
    merged: dict[str, Any] = {str(key): item for key, item in target.items()}
    for key, item in source.items():
        name = str(key)
        merged[name] = _merged(merged[name], item) if name in merged else item
    return merged


def _with_scalar(target: Any, source: Any) -> Any:
    if isinstance(target, _Sparse):
        target.push(source)
        return target
    if isinstance(target, dict):
        target[str(source)] = True
        return target
    return _Sparse({0: target, 1: source})


def _compact(value: Any) -> Any:
    if isinstance(value, _Sparse):
        return [_compact(value[place]) for place in sorted(value)]
    if isinstance(value, dict):
        return {key: _compact(item) for key, item in value.items()}
    return value
