"""The exceptions lbconf raises on purpose; each carries at least one diagnostic.

Programming errors stay `TypeError` or `AssertionError` and are never wrapped.
"""

from collections.abc import Sequence
from enum import StrEnum

from lbconf.diagnostics import Diagnostic

__all__ = [
    "ConfigError",
    "ConnectionFailedError",
    "ConnectorError",
    "ConstraintError",
    "ConstraintKind",
    "DocumentError",
    "HazardError",
    "LbconfError",
    "MergeError",
    "PlanError",
    "ProjectError",
    "QueryError",
    "StalePlanError",
    "TimedOutError",
    "UnsupportedError",
]


class LbconfError(Exception):
    """Base of all errors a user may see."""

    def __init__(self, diagnostics: Sequence[Diagnostic] | Diagnostic) -> None:
        """Take the findings, of which there must be at least one."""
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        if not found:
            msg = "an LbconfError needs at least one diagnostic"
            raise ValueError(msg)
        super().__init__("; ".join(diagnostic.message for diagnostic in found))
        self.diagnostics = found

    def __reduce__(self) -> tuple[object, ...]:
        """As it is: the message is made of the findings, which another process gets too."""
        return _again, (type(self), self.args, self.__dict__)


class ConfigError(LbconfError):
    """The user's files are at fault."""


class DocumentError(ConfigError):
    """A file cannot be found or read."""


class MergeError(ConfigError):
    """Layers contradict each other, or a variable cannot be filled in."""


class ProjectError(ConfigError):
    """The merged configuration makes no sense as a project."""


class PlanError(LbconfError):
    """A plan cannot be made or followed."""


class HazardError(PlanError):
    """A plan holds hazards that nobody accepted."""


class StalePlanError(PlanError):
    """The database is no longer as it was when the plan was made."""


class QueryError(LbconfError):
    """A client's request asks for something that does not exist or cannot be (HTTP 400)."""


class ConnectorError(LbconfError):
    """A data source failed; the driver's own error is `__cause__`."""

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic] | Diagnostic,
        *,
        data_source: str | None = None,
        connector: str | None = None,
    ) -> None:
        """Take the findings and the data source they concern."""
        super().__init__(diagnostics)
        self.data_source = data_source
        self.connector = connector


class ConnectionFailedError(ConnectorError):
    """The server cannot be reached, or refuses us."""


class UnsupportedError(ConnectorError):
    """The connector cannot do what was asked."""


class TimedOutError(ConnectorError):
    """A statement or a lock took longer than allowed."""

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic] | Diagnostic,
        *,
        lock: bool = True,
        data_source: str | None = None,
        connector: str | None = None,
    ) -> None:
        """Take the findings; `lock`: it waited for a lock, so nothing was done and it may be tried again."""
        super().__init__(diagnostics, data_source=data_source, connector=connector)
        self.lock = lock


class ConstraintKind(StrEnum):
    """Which kind of rule of the database a write broke."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign-key"
    NOT_NULL = "not-null"
    CHECK = "check"
    TYPE = "type"
    """A value does not fit its column: out of range, too long, not of the type."""


class ConstraintError(ConnectorError):
    """A write broke a rule of the database."""

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic] | Diagnostic,
        *,
        kind: ConstraintKind,
        constraint: str | None = None,
        columns: tuple[str, ...] = (),
        properties: tuple[str, ...] = (),
        data_source: str | None = None,
        connector: str | None = None,
    ) -> None:
        """Take the findings, the kind of rule and, where known, its name, its columns and the properties they hold."""
        super().__init__(diagnostics, data_source=data_source, connector=connector)
        self.kind = kind
        self.constraint = constraint
        self.columns = columns
        self.properties = properties


def _again(kind: type[LbconfError], arguments: tuple[object, ...], parts: dict[str, object]) -> LbconfError:
    """An error that was pickled."""
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(parts)
    return error
