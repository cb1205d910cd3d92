"""Values that must never be printed."""

from collections.abc import Callable
from typing import Any, Final

from lbconf.layers.known_secrets import remember_secret, without_secrets

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
        remember_secret(value)

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
    """The same data with every secret replaced by `***`, or by its shown form, also where another value repeats it."""
    return _map(value, str, without_secrets)


def revealed(value: Any) -> Any:
    """The same data with every secret replaced by what it hides."""
    return _map(value, Secret.reveal, str)


def _map(value: Any, replace: Any, plain: Callable[[str], str]) -> Any:
    if isinstance(value, Secret):
        made = replace(value)
        return plain(made) if isinstance(made, str) else made
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {key: _map(item, replace, plain) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map(item, replace, plain) for item in value]
    return value
