"""A plan: what apply will do to one data source, all of it and nothing else. Plain data."""

from enum import StrEnum

from lbconf.diagnostics import Diagnostic, Location
from lbconf.plan.report import PlanPart
from lbconf.records import dataclass, field
from lbconf.state.changes import AddForeignKey, Change, CreateTable
from lbconf.state.describe import Action
from lbconf.state.fingerprint import digest
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.serialise import to_data
from lbconf.state.steps import Step
from lbconf.state.structure import QualifiedName, State

__all__ = ["Estimate", "Plan", "PlannedChange", "TouchedTable", "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One change with what a person wants to know about it."""

    action: str
    """`add`, `change` or `destroy`."""
    summary: str
    """What it is about: `column level integer`."""
    reason: str
    """Why: `property level of model Account has no column yet`."""
    change: Change
    table: QualifiedName | None = None
    source: Location | None = None
    """The place in the configuration that asked for it."""
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedTable:
    """Size of a table that the plan touches."""

    table: QualifiedName
    rows: int
    bytes: int | None = None
    spared: bool = False
    """Whether dangers that an empty table does not have were left out for it."""


class Work(StrEnum):
    """What takes a time that grows with the size of a table."""

    SCAN = "scan"
    REWRITE = "rewrite"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How long a step presumably takes. An estimate: nothing was measured on this server."""

    step: int
    """0-based number of the step."""
    work: Work
    table: QualifiedName
    """By its present name."""
    bytes: int
    """Of the table with its indexes."""
    bytes_per_second: int
    """What is assumed of the server."""

    @property
    def seconds(self) -> float:
        """Presumably."""
        return self.bytes / self.bytes_per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Ordered changes and the steps that make them."""

    data_source: str
    connector: str
    environment: str
    configuration: str
    """Fingerprint of the state the plan leads to, restricted to `scope`."""
    fingerprint: str
    """Of the actual state it was made from, restricted to `scope`."""
    scope: tuple[QualifiedName, ...]
    """Tables that the plan is about: those of the models and those it drops."""
    changes: tuple[PlannedChange, ...] = ()
    steps: tuple[Step, ...] = ()
    managed: State = field(default_factory=State)
    """What lbconf manages here once the plan is done, for the ledger."""
    sizes: tuple[TouchedTable, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    """Of the steps whose time grows with the size of their table."""
    online: bool = True
    """Whether the steps were chosen so that readers and writers are held up least."""
    parts: tuple[PlanPart, ...] = ()
    """`api` and `access`: what the configuration changes for those who use the REST API."""
    documents: str = ""
    """JSON: what the API offers once the plan is done, for the ledger."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings, such as a drop and an addition that look like a rename."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    @property
    def digest(self) -> str:
        """SHA-256 over what will be executed and on what; the plan's identity in the ledger."""
        return digest(
            [self.data_source, self.fingerprint, self.configuration, [to_data(step.statements) for step in self.steps]]
        )

    @property
    def hazards(self) -> tuple[HazardKind, ...]:
        """Kinds of all hazards that no model accepts, in the order of `HazardKind`."""
        found = {hazard.kind for step in self.steps for hazard in step.hazards if not hazard.accepted}
        return tuple(kind for kind in HazardKind if kind in found)

    def counts(self) -> dict[str, int]:
        """Number of changes by action: `add`, `change`, `destroy`. A new table counts once, foreign keys and all."""
        made = {found.table for found in self.changes if isinstance(found.change, CreateTable)}
        counted = [
            found for found in self.changes if not (isinstance(found.change, AddForeignKey) and found.table in made)
        ]
        return {action.value: sum(found.action == action for found in counted) for action in Action}
