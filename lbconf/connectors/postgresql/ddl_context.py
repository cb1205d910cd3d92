"""What the steps of one plan know of each other, and how a step is put together."""

from collections.abc import Sequence

from lbconf.diagnostics import Location
from lbconf.records import dataclass
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName, State

__all__ = ["Context", "ddl_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the steps of one plan know of each other."""

    actual: State
    desired: State
    changes: tuple[c.Change, ...]
    made: frozenset[QualifiedName]
    """Tables this plan makes: nothing on them can hurt."""
    mentioned: str
    """Everything the changes say, to find out whether a new enum value is used at once."""
    widened: frozenset[tuple[QualifiedName, str]]
    """Checks that let pass all that the one they replace did: no row can break them."""
    old_names: dict[QualifiedName, QualifiedName]
    """Present names of the tables that get another."""
    gone: frozenset[QualifiedName]
    """Tables and views that are not there once tables change."""

    def hazards(self, table: QualifiedName, *found: tuple[HazardKind, str]) -> tuple[Hazard, ...]:
        """These hazards, or none for a table this plan makes."""
        return () if table in self.made else tuple(Hazard(kind=kind, message=message) for kind, message in found)

    def before(self, table: QualifiedName) -> QualifiedName:
        """The present name of a table."""
        return self.old_names.get(table, table)


def ddl_step(
    summary: str,
    statements: Sequence[str],
    *,
    undo: Sequence[str] = (),
    table: QualifiedName | None = None,
    lock: str | None = None,
    hazards: tuple[Hazard, ...] = (),
    source: Location | None = None,
) -> Step:
    """A step of these statements."""
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in undo),
        table=table,
        lock=lock,
        hazards=hazards,
        source=source,
    )
