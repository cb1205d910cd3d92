"""Statements that start, change and end the counting of a column: identity columns and serials.

Source: PostgreSQL manual, section 8.1.4 (serial types), pages ALTER TABLE and ALTER SEQUENCE.
"""

import re
from typing import Final

from lbconf.connectors.postgresql.spelling import identity_options, literal, name_text, quote
from lbconf.connectors.sql.mapping import shortened
from lbconf.state.structure import Column, Identity, QualifiedName

__all__ = ["counted_sequence", "recount", "same_kind", "start_counting", "stop_counting"]

NAME_LIMIT: Final = 63
NEXT_VALUE: Final = re.compile(r"^nextval\('(?P<sequence>(?:[^']|'')+)'::regclass\)$")


def counted_sequence(table: QualifiedName, column: Column) -> list[str]:
    """Make a column's sequence, owned by it, and let the column count with it."""
    identity = column.identity or Identity(kind="serial")
    shown = name_text(identity.sequence or _usual_sequence(table, column))
    where = f"{name_text(table)}.{quote(column.name)}"
    made = f"CREATE SEQUENCE {shown} AS {column.type.name}{identity_options(identity)} OWNED BY {where}"
    return [made, f"{_alter(table, column)} SET DEFAULT nextval({literal(shown)}::regclass)"]


def same_kind(before: Column, after: Column) -> bool:
    """Whether both are identity columns or both are serials."""
    one, two = before.identity, after.identity
    return one is not None and two is not None and (one.kind == "serial") == (two.kind == "serial")


def stop_counting(table: QualifiedName, before: Column, after: Column) -> list[str]:
    """End the counting of `before`; a sequence that `after` goes on to use by itself is set free."""
    identity = before.identity
    if identity is None:
        return []
    if identity.kind != "serial":
        return [f"{_alter(table, after)} DROP IDENTITY"]
    sequence = identity.sequence or _usual_sequence(table, before)
    if _counts_with(after) == str(sequence):
        return [f"ALTER SEQUENCE {name_text(sequence)} OWNED BY NONE"]
    return [f"{_alter(table, after)} DROP DEFAULT", f"DROP SEQUENCE {name_text(sequence)}"]


def start_counting(table: QualifiedName, before: Column, after: Column) -> list[str]:
    """Begin to count after the values that are there; a sequence that `before` used by itself is taken over."""
    identity = after.identity
    if identity is None:
        return []
    name, column = name_text(table), quote(after.name)
    usual = _usual_sequence(table, after)
    if identity.kind == "serial" and _counts_with(before) == str(usual):
        shown = name_text(usual)
        owned = f"ALTER SEQUENCE {shown} AS {after.type.name} OWNED BY {name}.{column}"
        return [owned, f"{_alter(table, after)} SET DEFAULT nextval({literal(shown)}::regclass)"]
    upwards = (identity.increment or 1) > 0
    first = identity.start or (1 if upwards else -1)
    reached = f"greatest((SELECT max({column}) FROM {name}) + 1, {first})"
    if not upwards:
        reached = f"least((SELECT min({column}) FROM {name}) - 1, {first})"
    go_on = f"SELECT setval(pg_get_serial_sequence({literal(name)}, {literal(after.name)}), {reached}, false)"
    if identity.kind == "serial":
        return [*counted_sequence(table, after), go_on]
    how = "ALWAYS" if identity.kind == "identity-always" else "BY DEFAULT"
    options = identity_options(identity).strip()
    return [f"{_alter(table, after)} ADD GENERATED {how} AS IDENTITY" + (f" ({options})" if options else ""), go_on]


def recount(table: QualifiedName, before: Column, after: Column) -> list[str]:
    """Change how a column counts that goes on to be of the same kind."""
    one, two = before.identity, after.identity
    if one is None or two is None:
        return []
    options = _changed_options(one, two)
    if two.kind == "serial":
        sequence = one.sequence or _usual_sequence(table, before)
        widened = [f"AS {after.type.name}"] if before.type.name != after.type.name else []
        said = " ".join([*widened, *options])
        return [f"ALTER SEQUENCE {name_text(sequence)} {said}"] if said else []
    found = []
    if one.kind != two.kind:
        how = "ALWAYS" if two.kind == "identity-always" else "BY DEFAULT"
        found.append(f"{_alter(table, after)} SET GENERATED {how}")
    if options:
        found.append(f"{_alter(table, after)} {' '.join(f'SET {option}' for option in options)}")
    return found


def _changed_options(one: Identity, two: Identity) -> list[str]:
    found = []
    for words, before, after, otherwise in (
        ("INCREMENT BY", one.increment, two.increment, "INCREMENT BY 1"),
        ("MINVALUE", one.minimum, two.minimum, "NO MINVALUE"),
        ("MAXVALUE", one.maximum, two.maximum, "NO MAXVALUE"),
        ("START WITH", one.start, two.start, f"START WITH {_first(two)}"),
        ("CACHE", one.cache, two.cache, "CACHE 1"),
    ):
        if before != after:
            found.append(otherwise if after is None else f"{words} {after}")
    if one.cycle != two.cycle:
        found.append("CYCLE" if two.cycle else "NO CYCLE")
    return found


def _first(identity: Identity) -> int:
    """Where a sequence starts that does not say so."""
    if (identity.increment or 1) > 0:
        return 1 if identity.minimum is None else identity.minimum
    return -1 if identity.maximum is None else identity.maximum


def _counts_with(column: Column) -> str | None:
    """The sequence that a default takes its values from, as `namespace.name`."""
    counted = NEXT_VALUE.match(column.default.expression) if column.default else None
    return None if counted is None else counted["sequence"].replace("''", "'").replace('"', "")


def _usual_sequence(table: QualifiedName, column: Column) -> QualifiedName:
    return QualifiedName(table.namespace, shortened(f"{table.name}_{column.name}", "seq", NAME_LIMIT))


def _alter(table: QualifiedName, column: Column) -> str:
    return f"ALTER TABLE {name_text(table)} ALTER COLUMN {quote(column.name)}"
