"""JSON Pointers (RFC 6901) as text and as segments."""

from collections.abc import Iterable
from typing import Any, Final

__all__ = ["MISSING", "child", "join", "lookup", "split"]

MISSING: Final = object()
"""What `lookup` answers where nothing stands."""


def child(pointer: str, segment: str | int) -> str:
    """The pointer one step further down: to a name in a mapping, or a place in a list."""
    if isinstance(segment, int):
        return f"{pointer}/{segment}"
    if "~" in segment or "/" in segment:
        segment = segment.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{segment}"


def join(segments: Iterable[str | int]) -> str:
    """The pointer that leads through these segments."""
    pointer = ""
    for segment in segments:
        pointer = child(pointer, segment)
    return pointer


def split(pointer: str) -> tuple[str, ...]:
    """The segments of a pointer, unescaped. A missing leading `/` is forgiven."""
    if not pointer:
        return ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/"))


def lookup(data: Any, segments: Iterable[str]) -> Any:
    """The value the segments lead to inside plain data, or `MISSING`."""
    for segment in segments:
        if isinstance(data, dict):
            if segment not in data:
                return MISSING
            data = data[segment]
        elif isinstance(data, list):
            if not segment.isdecimal() or int(segment) >= len(data):
                return MISSING
            data = data[int(segment)]
        else:
            return MISSING
    return data
