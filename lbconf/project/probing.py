"""What trying a validation out finds: the form of a probe that stages above this one bring along."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from lbconf.project.resolved import Model, Property
from lbconf.project.validations import Validation
from lbconf.records import dataclass

__all__ = ["Probe", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a validation of a property."""

    key: str
    """The option or attribute at fault; `default` for the property's default."""
    message: str
    hint: str | None


Probe: TypeAlias = Callable[[Model, Property, Validation], Iterable[Problem]]
"""Tries a validation out."""
