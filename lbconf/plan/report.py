"""What a plan of a whole project says besides the steps of each data source. Plain data."""

from lbconf.diagnostics import Location
from lbconf.records import dataclass

__all__ = ["CheckedStep", "PartChange", "PlanPart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStep:
    """What the rows that are there say of a step that may fail on them."""

    data_source: str
    step: int
    """0-based number of the step."""
    rows: int | None
    """How many would make it fail now; None where that could not be asked."""
    examples: tuple[str, ...] = ()
    """Up to three of them, each as `column=value, ...`: the key and the columns concerned. Empty where they are not
    wanted: they are data of whoever is in the database."""
    problem: str | None = None
    """Why it could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """One change of what the project offers."""

    action: str
    """`add`, `change` or `destroy`."""
    summary: str
    """What it is about: `GET /Accounts/{id}`."""
    reason: str = ""
    breaking: bool = False
    """Whether somebody who relied on it cannot any more."""
    source: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """A part of a plan besides the structure of data sources."""

    name: str
    """`api` or `access`."""
    changes: tuple[PartChange, ...]
