"""Which function implements which declared name: `mark_paid` is `markPaid` where that is declared."""

from collections.abc import Collection

__all__ = ["camel", "implemented", "parameter_of", "snake"]


def implemented(function: str, said: str | None, declared: Collection[str]) -> str | None:
    """The declared method that a function implements: what its decorator says, else its own name; None: none.

    Args:
        function: The function's name.
        said: What the decorator says.
        declared: Names as declared, with `prototype.`.
    """
    if said is not None:
        return said if said in declared else None
    candidates = (function, camel(function), f"prototype.{function}", f"prototype.{camel(function)}")
    return next((name for name in candidates if name in declared), None)


def parameter_of(argument: str, parameters: Collection[str]) -> str | None:
    """The parameter that takes an argument: of the same name, or the same in snake case; None: none."""
    if argument in parameters:
        return argument
    other = snake(argument)
    return other if other in parameters else None


def camel(name: str) -> str:
    """`mark_paid` as `markPaid`."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def snake(name: str) -> str:
    """`markPaid` as `mark_paid`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
