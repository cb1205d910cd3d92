"""What a layer may say beside a value: take the inherited one away, or replace it whole."""

from typing import Any, Final, Self

from lbconf.records import dataclass

__all__ = ["UNDEFINED", "Replace", "Undefined", "Unset", "VariableText"]


@dataclass(frozen=True, slots=True)
class Unset:
    """`!unset` in YAML, `{"$unset": true}` in JSON: what lower layers said is taken away."""

    value: Any = None
    """What stands beside the tag; in a list of named things it names the one to take away."""


@dataclass(frozen=True, slots=True)
class Replace:
    """`!replace` in YAML, `{"$replace": ...}` in JSON: the value as it stands, merged with nothing below."""

    value: Any


class Undefined:
    """JavaScript's `undefined`: a script may say it where JSON can only say null."""

    __slots__ = ()

    def __repr__(self) -> str:
        """As JavaScript writes it."""
        return "undefined"


UNDEFINED: Final = Undefined()


class VariableText(str):
    """Text that a script took from an environment variable, and which one."""

    __slots__ = ("variable",)

    variable: str

    @classmethod
    def of(cls, text: str, variable: str) -> Self:
        """The text with its variable's name."""
        made = cls(text)
        made.variable = variable
        return made
