"""Partitions: made with their table, added, dropped, and given another bound.

Source: PostgreSQL manual, section 5.12 (table partitioning) and the page ALTER TABLE.
"""

from collections.abc import Sequence

from lbconf.connectors.postgresql.spelling import name_text
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Partition, QualifiedName

__all__ = ["partition_statements", "partition_step"]

EXCLUSIVE = "ACCESS EXCLUSIVE"


def partition_statements(parent: QualifiedName, partitions: Sequence[Partition]) -> list[str]:
    """Statements that make these partitions and theirs."""
    found = []
    for part in partitions:
        by = f" PARTITION BY {part.by}" if part.by else ""
        found.append(f"CREATE TABLE {name_text(part.name)} PARTITION OF {name_text(parent)} {part.bound}{by}")
        found.extend(partition_statements(part.name, part.partitions))
    return found


def partition_step(change: c.AddPartition | c.DropPartition, changes: Sequence[c.Change]) -> Step:
    """One step. A partition that only gets another bound is taken out and put in again with its rows."""
    match change:
        case c.AddPartition(table=table, after=part):
            if _counterpart(change, changes) is not None:
                return _attach(table, part)
            return Step(
                summary=f"create partition {part.name} of {table}",
                statements=tuple(Statement(sql=sql) for sql in partition_statements(table, (part,))),
                undo=(Statement(sql=f"DROP TABLE {name_text(part.name)}"),),
                table=table,
                lock=EXCLUSIVE,
            )
        case c.DropPartition(table=table, before=part):
            if _counterpart(change, changes) is not None:
                return _detach(table, part)
            return Step(
                summary=f"drop partition {part.name} of {table}",
                statements=(Statement(sql=f"DROP TABLE {name_text(part.name)}"),),
                table=table,
                lock=EXCLUSIVE,
                hazards=(
                    Hazard(kind=HazardKind.DELETES_DATA, message=f"every row of {part.name} is deleted"),
                    Hazard(kind=HazardKind.IRREVERSIBLE, message=f"{part.name} cannot be brought back"),
                ),
            )


def _counterpart(change: c.AddPartition | c.DropPartition, changes: Sequence[c.Change]) -> Partition | None:
    """The same partition with another bound, divided alike."""
    own = change.after if isinstance(change, c.AddPartition) else change.before
    for other in changes:
        if isinstance(other, c.AddPartition | c.DropPartition) and type(other) is not type(change):
            part = other.after if isinstance(other, c.AddPartition) else other.before
            if part.name == own.name and (part.by, part.partitions) == (own.by, own.partitions):
                return part
    return None


def _detach(table: QualifiedName, part: Partition) -> Step:
    return Step(
        summary=f"detach partition {part.name} of {table}, to attach it again with another bound",
        statements=(Statement(sql=f"ALTER TABLE {name_text(table)} DETACH PARTITION {name_text(part.name)}"),),
        undo=(Statement(sql=_attached(table, part)),),
        table=table,
        lock=EXCLUSIVE,
    )


def _attach(table: QualifiedName, part: Partition) -> Step:
    data = f"rows of {part.name} that do not fit {part.bound} stop it"
    return Step(
        summary=f"attach partition {part.name} to {table}",
        statements=(Statement(sql=_attached(table, part)),),
        undo=(Statement(sql=f"ALTER TABLE {name_text(table)} DETACH PARTITION {name_text(part.name)}"),),
        table=table,
        lock=EXCLUSIVE,
        hazards=(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=data),),
    )


def _attached(table: QualifiedName, part: Partition) -> str:
    return f"ALTER TABLE {name_text(table)} ATTACH PARTITION {name_text(part.name)} {part.bound}"
