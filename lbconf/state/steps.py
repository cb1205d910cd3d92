"""Steps: what a connector will execute for changes. Data only, made without a connection."""

from lbconf.diagnostics import Location
from lbconf.records import dataclass
from lbconf.state.hazards import Hazard
from lbconf.state.structure import QualifiedName

__all__ = ["DataCheck", "Statement", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of the server, and what an apply that was killed around it needs to know."""

    sql: str
    lock: str | None = None
    """The server's name of the strongest lock it takes; None where it takes none that anybody waits for."""
    rewrites: bool = False
    """Whether it writes the table, or an index of it, anew."""
    done: str | None = None
    """A query of one truth value: whether the statement has had its effect. Asked where an interrupted apply leaves
    that in doubt, outside transactions only. None: executing it again does no harm."""
    cleanup: tuple[str, ...] = ()
    """What to execute first when it was begun and is not done: the drop of an invalid index."""
    broken: str | None = None
    """A query of one truth value: whether there is something for `cleanup` to clear away. None: it may always run."""
    repeat: bool = False
    """Executed again until it changes no row: one batch of a back-fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCheck:
    """Queries that tell, before a step that may fail on data, which rows would stop it. They only read."""

    count: str
    """One number: how many rows."""
    sample: str
    """Up to three of those rows, each column as text."""
    whole: bool = True
    """Whether no other rows may stop it: False where only some of what may fail can be asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One or more statements that belong together, and what they do to the table and its users."""

    summary: str
    """What happens, in a person's words: `add column account.level integer`."""
    statements: tuple[Statement, ...]
    undo: tuple[Statement, ...] = ()
    """How it is taken back; empty where it cannot be."""
    abandon: tuple[Statement, ...] = ()
    """Outside transactions: what takes back the first statements where a later one fails, so that the step can begin
    anew and nobody is held to half of it meanwhile."""
    table: QualifiedName | None = None
    transactional: bool = True
    """Whether it may run inside a transaction with others."""
    apart: bool = False
    """Whether it begins a new transaction, so that locks of the steps before it are let go."""
    lock: str | None = None
    """The server's name of the strongest lock it takes."""
    hazards: tuple[Hazard, ...] = ()
    rewrites: bool = False
    """Whether any statement writes a table anew: how long that takes grows with its size."""
    check: DataCheck | None = None
    """How to find the rows that would make it fail."""
    source: Location | None = None
    """The place in the configuration that asked for it."""
    covers: tuple[int, ...] = ()
    """0-based places, among the changes handed to `compile`, of those this step makes."""
