"""Steps that build, drop, rename and describe indexes.

Source: PostgreSQL manual, pages CREATE INDEX, ALTER INDEX.
"""

from typing import Final, assert_never

from lbconf.connectors.postgresql.ddl_context import Context, ddl_step
from lbconf.connectors.postgresql.ddl_options import set_parameters
from lbconf.connectors.postgresql.spelling import (
    STATISTICS,
    comment_literal,
    index_statements,
    name_text,
    quote,
)
from lbconf.state import changes as c
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import Index, QualifiedName

__all__ = ["index_steps"]

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
SHARE: Final = "SHARE"


def index_steps(change: c.AddIndex | c.DropIndex | c.RenameIndex, context: Context) -> tuple[Step, ...]:
    """The steps of one change."""
    table = change.table
    match change:
        case c.AddIndex(after=index):
            found = [
                (HazardKind.INDEX_BUILD, f"building {index.name} reads all of {table}"),
                (HazardKind.BLOCKS_WRITES, f"writes to {table} wait until {index.name} is built"),
            ]
            if index.unique:
                found.append((HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that are equal stop it"))
            return (
                ddl_step(
                    f"create {'unique ' if index.unique else ''}index {index.name} on {table}",
                    index_statements(table, index),
                    undo=[f"DROP INDEX {name_text(QualifiedName(table.namespace, index.name))}"],
                    table=table,
                    lock=SHARE,
                    hazards=context.hazards(table, *found),
                    source=index.source,
                ),
            )
        case c.DropIndex(before=index):
            dropped = f"DROP INDEX {name_text(QualifiedName(table.namespace, index.name))}"
            there = context.actual.table(context.before(table))
            locked = (
                HazardKind.BLOCKS_READS,
                f"{table} and all its partitions are locked while {index.name} is dropped",
            )
            divided = there is not None and there.partition_by is not None
            return (
                ddl_step(
                    f"drop index {index.name} of {table}",
                    [dropped],
                    undo=index_statements(table, index),
                    table=table,
                    lock=EXCLUSIVE,
                    hazards=context.hazards(table, locked) if divided else (),
                ),
            )
        case c.RenameIndex(before=before, after=index):
            forth, back = _renamed(table, before, index), _renamed(table, index, before)
            words = "alter index" if before.name == index.name else f"rename index {before.name} to"
            return (
                ddl_step(
                    f"{words} {index.name}",
                    forth,
                    undo=back,
                    table=table,
                    lock="SHARE UPDATE EXCLUSIVE",
                    source=index.source,
                ),
            )
        case _:
            assert_never(change)


def _renamed(table: QualifiedName, before: Index, after: Index) -> list[str]:
    """Name, comment and options of an index."""
    shown = name_text(QualifiedName(table.namespace, after.name))
    found = []
    if before.name != after.name:
        old = name_text(QualifiedName(table.namespace, before.name))
        found.append(f"ALTER INDEX {old} RENAME TO {quote(after.name)}")
    one, two = dict(before.options), dict(after.options)
    stored = ({name: value for name, value in said.items() if not name.startswith(STATISTICS)} for said in (one, two))
    found.extend(set_parameters(f"ALTER INDEX {shown}", *stored))
    for name in sorted(one.keys() | two.keys()):
        if name.startswith(STATISTICS) and one.get(name) != two.get(name):
            place = name.removeprefix(STATISTICS)
            found.append(f"ALTER INDEX {shown} ALTER COLUMN {place} SET STATISTICS {two.get(name) or -1}")
    if before.comment != after.comment:
        found.append(f"COMMENT ON INDEX {shown} IS {comment_literal(after.comment)}")
    return found
