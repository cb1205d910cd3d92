"""Places that are worked out when somebody looks at them: of a thousand models hardly one is ever shown."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from lbconf.diagnostics.diagnostic import Location

__all__ = ["LaterLocation"]

_NAMES: Final = ("file", "line", "column", "end_line", "end_column", "pointer")
_values: Final = attrgetter(*_NAMES)


class LaterLocation(Location):
    """A `Location` that is found when the first of its fields is read; equal to the one that was found."""

    __slots__ = ("_at", "_find")

    def __init__(self, find: Callable[[str], Location | None], at: str) -> None:
        """Take the function that finds the place, and what it is told. It must find one."""
        _set_find(self, find)
        _set_at(self, at)

    def __getattr__(self, name: str) -> Any:
        """Called for a field that is not there yet: find the place and keep it."""
        if name not in _NAMES:
            raise AttributeError(name)
        found = self._find(self._at)
        if found is None:
            msg = f"nothing stands at {self._at}"
            raise LookupError(msg)
        for field, value in zip(_NAMES, _values(found), strict=True):
            object.__setattr__(self, field, value)
        return getattr(found, name)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same place."""
        return _values(self) == _values(other) if isinstance(other, Location) else NotImplemented

    def __hash__(self) -> int:
        """As that of any location."""
        return hash(_values(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and stored as a plain location."""
        return (_plain, _values(self))


_set_find: Final = LaterLocation.__dict__["_find"].__set__
_set_at: Final = LaterLocation.__dict__["_at"].__set__
"""The slots' own way in, which passes by the frozen `__setattr__`."""


def _plain(*values: Any) -> Location:
    return Location(**dict(zip(_NAMES, values, strict=True)))
