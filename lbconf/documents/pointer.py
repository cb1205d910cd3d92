"""JSON Pointers (RFC 6901) as text and as segments."""

from collections.abc import Iterable
from typing import Any, Final

__all__ = ["MISSING", "child", "join", "lookup", "split"]

MISSING: Final = object()
"""What `lookup` answers where nothing stands."""


def child(pointer: str, segment: str) -> str:
    """The pointer one step further down."""
    if "~" in segment or "/" in segment:
        segment = segment.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{segment}"


def join(segments: Iterable[str]) -> str:
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
