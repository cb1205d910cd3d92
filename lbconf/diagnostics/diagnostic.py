"""One finding: what is wrong, where, and how to mend it."""

from enum import StrEnum

from lbconf.diagnostics.codes import Code
from lbconf.records import dataclass

__all__ = ["Diagnostic", "Location", "Related", "Severity"]


class Severity(StrEnum):
    """How bad a finding is; only `ERROR` makes a command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a user's file."""

    file: str
    """Path as a person would type it: relative to the project root where it lies below it."""
    line: int = 1
    """1-based."""
    column: int = 1
    """1-based, in characters."""
    end_line: int | None = None
    """1-based line of the last character, where it is known."""
    end_column: int | None = None
    """1-based column after the last character, where it is known."""
    pointer: str | None = None
    """JSON Pointer (RFC 6901) inside the file's document."""

    def __str__(self) -> str:
        """`file:line:column`, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place that explains a finding, such as "first defined here"."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A finding with a code and, wherever a file caused it, a place."""

    code: Code
    severity: Severity = Severity.ERROR
    message: str
    """What is wrong, in the words and names of the person holding the file."""
    location: Location | None = None
    hint: str | None = None
    """How to mend it: the nearest known name, the accepted values, the line to change."""
    related: tuple[Related, ...] = ()
