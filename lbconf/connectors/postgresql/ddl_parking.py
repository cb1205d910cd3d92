"""Parking a table in PostgreSQL: renamed with everything whose name another table could want."""

from collections.abc import Iterator

from lbconf.connectors.postgresql.spelling import foreign_key_clause, name_text, quote
from lbconf.state.parking import parked_part, parked_suffix
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName, Table

__all__ = ["park_table"]


def park_table(table: Table, parked: QualifiedName) -> Step:
    """One step. The table's own foreign keys go: rows that nobody looks after must not hold up others' deletes."""
    before, after = name_text(table.name), name_text(parked)
    renames = [
        (
            f"ALTER TABLE {before} RENAME TO {quote(parked.name)}",
            f"ALTER TABLE {after} RENAME TO {quote(table.name.name)}",
        )
    ]
    renames += [_renamed(kind, parked.namespace, one, two) for kind, one, two in _parts(table, parked)]
    keys = [
        (
            f"ALTER TABLE {before} DROP CONSTRAINT {quote(key.name)}",
            f"ALTER TABLE {before} ADD {foreign_key_clause(key)}",
        )
        for key in table.foreign_keys
    ]
    done = [*keys, *renames]
    return Step(
        summary=f"rename table {table.name} to {parked.name}, out of the way",
        statements=tuple(Statement(sql=forth, lock="ACCESS EXCLUSIVE") for forth, _ in done),
        undo=tuple(Statement(sql=back) for _, back in reversed(done)),
        table=table.name,
        lock="ACCESS EXCLUSIVE",
    )


def _parts(table: Table, parked: QualifiedName) -> Iterator[tuple[str, str, str]]:
    """Kind, old and new name of indexes (a constraint's has the constraint's name) and sequences."""
    suffix = parked_suffix(parked)
    names = [index.name for index in table.indexes]
    names += [unique.name for unique in table.uniques] + [found.name for found in table.exclusions]
    if table.primary_key is not None and table.primary_key.name is not None:
        names.append(table.primary_key.name)
    for name in names:
        yield "INDEX", name, parked_part(name, suffix)
    for column in table.columns:
        sequence = column.identity.sequence if column.identity is not None else None
        if sequence is not None and sequence.namespace == table.name.namespace:
            yield "SEQUENCE", sequence.name, parked_part(sequence.name, suffix)


def _renamed(kind: str, namespace: str, before: str, after: str) -> tuple[str, str]:
    one, two = (name_text(QualifiedName(namespace, name)) for name in (before, after))
    return f"ALTER {kind} {one} RENAME TO {quote(after)}", f"ALTER {kind} {two} RENAME TO {quote(before)}"
