"""Values that must never be printed."""

from typing import Any, Final

__all__ = ["MASK", "Secret", "masked", "revealed"]

MASK: Final = "***"


class Secret:
    """A value that prints as `***` wherever it turns up: reprs, formats, diagnostics, logs, plans."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - any JSON scalar
        """Wrap a value."""
        self._value = value

    def reveal(self) -> Any:  # noqa: ANN401 - any JSON scalar
        """The value itself; only for handing it to a driver, or where `--show-secrets` asks for it."""
        return self._value

    def __repr__(self) -> str:
        """The mask."""
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """The mask."""
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same value."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """Of the value."""
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        """Whether the value is not empty."""
        return bool(self._value)


def masked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same data with every secret replaced by `***`."""
    return _map(value, lambda _: MASK)


def revealed(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same data with every secret replaced by what it hides."""
    return _map(value, Secret.reveal)


def _map(value: Any, replace: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Secret):
        return replace(value)
    if isinstance(value, dict):
        return {key: _map(item, replace) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map(item, replace) for item in value]
    return value
