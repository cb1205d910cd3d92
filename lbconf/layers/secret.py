"""Values that must never be printed."""

from typing import Any, Final

__all__ = ["MASK", "Secret", "masked", "revealed"]

MASK: Final = "***"


class Secret:
    """A value that prints as `***` wherever it turns up: reprs, formats, diagnostics, logs, plans.

    One that is only partly secret, such as a URL with a password in it, prints as its shown form.
    """

    __slots__ = ("_shown", "_value")

    def __init__(self, value: Any, shown: str = MASK) -> None:
        """Wrap a value; `shown` is what is printed in its place."""
        self._value = value
        self._shown = shown

    def reveal(self) -> Any:
        """The value itself; only for handing it to a driver, or where `--show-secrets` asks for it."""
        return self._value

    def __repr__(self) -> str:
        """The mask, or the shown form."""
        return self._shown

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """The mask, or the shown form."""
        return format(self._shown, spec)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same value."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """Of the value."""
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        """Whether the value is not empty."""
        return bool(self._value)


def masked(value: Any) -> Any:
    """The same data with every secret replaced by `***`, or by its shown form."""
    return _map(value, str)


def revealed(value: Any) -> Any:
    """The same data with every secret replaced by what it hides."""
    return _map(value, Secret.reveal)


def _map(value: Any, replace: Any) -> Any:
    if isinstance(value, Secret):
        return replace(value)
    if isinstance(value, dict):
        return {key: _map(item, replace) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map(item, replace) for item in value]
    return value
