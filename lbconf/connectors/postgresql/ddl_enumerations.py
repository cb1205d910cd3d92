"""Steps that change enum types.

Source: PostgreSQL manual, page ALTER TYPE (a value added in a transaction cannot be used before it is committed).
"""

from collections.abc import Sequence

from lbconf.connectors.postgresql.spelling import literal, name_text, quote, type_text
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ColumnType, Enumeration, QualifiedName, Table

__all__ = ["add_values", "rebuild"]


def add_values(before: Enumeration, after: Enumeration, *, mentioned: str) -> tuple[Step, ...]:
    """One step per new value. Outside transactions only where the same plan already uses the value."""
    known = set(before.values)
    steps = []
    for place, value in enumerate(after.values):
        if value in known:
            continue
        follower = next((later for later in after.values[place + 1 :] if later in known), None)
        where = f" BEFORE {literal(follower)}" if follower is not None else ""
        sql = f"ALTER TYPE {name_text(after.name)} ADD VALUE IF NOT EXISTS {literal(value)}{where}"
        steps.append(
            Step(
                summary=f"add value {value!r} to enum {after.name}",
                statements=(Statement(sql=sql),),
                transactional=value not in mentioned,
                hazards=(
                    Hazard(kind=HazardKind.IRREVERSIBLE, message=f"an enum value of {after.name} cannot be dropped"),
                ),
                source=after.source,
            )
        )
    return tuple(steps)


def rebuild(before: Enumeration, after: Enumeration, *, tables: Sequence[Table]) -> tuple[Step, ...]:
    """One step: the type made anew, every column of it converted through text."""
    old = QualifiedName(before.name.namespace, f"{before.name.name[:50]}__before")
    values = ", ".join(literal(value) for value in after.values)
    statements = [
        f"ALTER TYPE {name_text(before.name)} RENAME TO {quote(old.name)}",
        f"CREATE TYPE {name_text(after.name)} AS ENUM ({values})",
    ]
    hazards = []
    gone = [value for value in before.values if value not in after.values]
    for table in tables:
        for column in table.columns:
            if column.type.enumeration != before.name:
                continue
            statements.extend(_convert(table.name, column, after))
            where = f"{table.name}.{column.name}"
            hazards.append(Hazard(kind=HazardKind.REWRITES_TABLE, message=f"{table.name} is rewritten for {where}"))
            hazards.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table.name} is locked meanwhile"))
            if gone:
                message = f"rows whose {where} is {' or '.join(map(repr, gone))} stop it"
                hazards.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
    statements.append(f"DROP TYPE {name_text(old)}")
    return (
        Step(
            summary=f"rebuild enum {after.name}",
            statements=tuple(Statement(sql=sql) for sql in statements),
            lock="ACCESS EXCLUSIVE",
            hazards=tuple(hazards),
            source=after.source,
        ),
    )


def _convert(table: QualifiedName, column: Column, after: Enumeration) -> list[str]:
    wanted = type_text(ColumnType(after.name.name, (), column.type.dimensions, after.name))
    through = "text" + "[]" * column.type.dimensions
    alter = f"ALTER TABLE {name_text(table)} ALTER COLUMN {quote(column.name)}"
    found = [f"{alter} TYPE {wanted} USING {quote(column.name)}::{through}::{wanted}"]
    if column.default is not None:
        # The default's text names the type, which by then is the new one.
        found = [f"{alter} DROP DEFAULT", *found, f"{alter} SET DEFAULT {column.default.expression}"]
    return found
