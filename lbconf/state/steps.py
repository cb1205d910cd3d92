"""Steps: what a connector will execute for changes. Data only, made without a connection."""

from lbconf.diagnostics import Location
from lbconf.records import dataclass
from lbconf.state.hazards import Hazard
from lbconf.state.structure import QualifiedName

__all__ = ["Statement", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of the server."""

    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One or more statements that belong together, and what they do to the table and its users."""

    summary: str
    """What happens, in a person's words: `add column account.level integer`."""
    statements: tuple[Statement, ...]
    undo: tuple[Statement, ...] = ()
    """How it is taken back; empty where it cannot be."""
    table: QualifiedName | None = None
    transactional: bool = True
    """Whether it may run inside a transaction with others."""
    lock: str | None = None
    """The server's name of the strongest lock it takes."""
    hazards: tuple[Hazard, ...] = ()
    source: Location | None = None
    """The place in the configuration that asked for it."""
    covers: tuple[int, ...] = ()
    """0-based places, among the changes handed to `compile`, of those this step makes."""
