"""Statements that start, change and end the counting of a column: identity columns and serials.

Source: PostgreSQL manual, section 8.1.4 (serial types), pages ALTER TABLE and ALTER SEQUENCE.
"""

from collections.abc import Collection, Iterable
from typing import Final

from lbconf.connectors.postgresql.spelling import (
    comment_literal,
    identity_options,
    literal,
    name_text,
    quote,
    sequence_name,
)
from lbconf.connectors.sql.mapping import shortened
from lbconf.diagnostics import Location
from lbconf.records import replace
from lbconf.state.changes import AlterColumn, Change
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.rewrite import counted
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, Identity, QualifiedName, Sequence, State

__all__ = [
    "alter_sequence",
    "count_aside",
    "count_on",
    "counted_by_column",
    "counted_sequence",
    "create_sequence",
    "drop_sequence",
    "free_sequence",
    "own_sequence",
    "recount",
    "same_kind",
    "serial_sequence",
    "start_counting",
    "stop_counting",
    "taken_over",
]

NAME_LIMIT: Final = 63
BITS: Final = {"smallint": 16, "integer": 32, "bigint": 64}


def counted_sequence(table: QualifiedName, column: Column) -> list[str]:
    """Make a column's sequence, owned by it, and let the column count with it."""
    identity = column.identity or Identity(kind="serial")
    shown = name_text(identity.sequence or _usual_sequence(table, column))
    where = f"{name_text(table)}.{quote(column.name)}"
    made = (
        f"CREATE SEQUENCE {shown} AS {identity.type or column.type.name}{identity_options(identity)} OWNED BY {where}"
    )
    return [made, f"{_alter(table, column)} SET DEFAULT nextval({literal(shown)}::regclass)"]


def create_sequence(sequence: Sequence) -> Step:
    """One step. Its owner, which may not be there yet, is told afterwards (`own_sequence`)."""
    name = name_text(sequence.name)
    statements = [f"CREATE SEQUENCE {name} AS {sequence.type}{identity_options(sequence)}"]
    if sequence.comment is not None:
        statements.append(f"COMMENT ON SEQUENCE {name} IS {comment_literal(sequence.comment)}")
    return _step(f"create sequence {sequence.name}", statements, [f"DROP SEQUENCE {name}"], sequence.source)


def own_sequence(sequence: Sequence) -> Step:
    """One step that says whose end is the sequence's end."""
    name = name_text(sequence.name)
    statements = [f"ALTER SEQUENCE {name} OWNED BY {_owner(sequence)}"]
    return _step(f"let {_owner_words(sequence)} own sequence {sequence.name}", statements, [], sequence.source)


def free_sequence(sequence: Sequence) -> Step:
    """One step that keeps a sequence when its owner goes."""
    statements = [f"ALTER SEQUENCE {name_text(sequence.name)} OWNED BY NONE"]
    return _step(f"keep sequence {sequence.name} without its owner", statements, [], sequence.source)


def drop_sequence(sequence: Sequence) -> Step:
    """One step. What it counted to is lost."""
    name = name_text(sequence.name)
    hazard = Hazard(kind=HazardKind.DELETES_DATA, message=f"how far {sequence.name} has counted is lost")
    dropped = f"DROP SEQUENCE {'IF EXISTS ' if sequence.owned_by else ''}{name}"
    step = _step(f"drop sequence {sequence.name}", [dropped], [create_sequence(sequence).statements[0].sql], None)
    return replace(step, hazards=(hazard,))


def alter_sequence(before: Sequence, after: Sequence) -> Step:
    """One step for name, options, owner and comment. A count beyond new bounds is brought to the nearest of them."""
    statements = []
    one, two = before.name, after.name
    if one.namespace != two.namespace:
        statements.append(f"ALTER SEQUENCE {name_text(one)} SET SCHEMA {quote(two.namespace)}")
    if one.name != two.name:
        statements.append(
            f"ALTER SEQUENCE {name_text(QualifiedName(two.namespace, one.name))} RENAME TO {quote(two.name)}"
        )
    name = name_text(two)
    statements.extend(_changed(replace(before, name=two), after))
    if before.owned_by != after.owned_by:
        statements.append(f"ALTER SEQUENCE {name} OWNED BY {_owner(after)}")
    if before.comment != after.comment:
        statements.append(f"COMMENT ON SEQUENCE {name} IS {comment_literal(after.comment)}")
    return _step(f"alter sequence {two}", statements, [], after.source)


def counted_by_column(name: QualifiedName, state: State) -> tuple[QualifiedName, Column] | None:
    """The table and the column of the state that counts with the sequence of that name as its own."""
    for table in state.tables:
        for column in table.columns:
            own = column.identity
            if own is not None and own.sequence == name:
                return table.name, column
    return None


def serial_sequence(table: QualifiedName, column: Column, *, renamed_from: QualifiedName | None = None) -> Sequence:
    """The sequence of a counted column as a part of its own, under its usual name."""
    own = column.identity or Identity(kind="serial")
    return Sequence(
        name=_usual_sequence(table, column),
        type=own.type or column.type.name,
        start=own.start,
        increment=own.increment,
        minimum=own.minimum,
        maximum=own.maximum,
        cache=own.cache,
        cycle=own.cycle,
        owned_by=(table, column.name),
        renamed_from=renamed_from,
    )


def taken_over(name: QualifiedName, changes: Iterable[Change]) -> bool:
    """Whether a column that is there begins to count under the sequence's name: that deals with it."""
    return any(
        isinstance(change, AlterColumn)
        and change.after.identity is not None
        and not same_kind(change.before, change.after)
        and _usual_sequence(change.table, change.after) == name
        for change in changes
    )


def count_aside(sequence: Sequence) -> Step:
    """One step: a sequence in the place of an identity column's, which goes aside until its column is done with it."""
    name, aside = sequence.name, QualifiedName(sequence.name.namespace, shortened("_lbconf", sequence.name.name, 63))
    step = create_sequence(replace(sequence, owned_by=None))
    inside = "WHERE last_value BETWEEN {} AND {}".format(*_bounds(sequence))
    statements = (
        f"ALTER SEQUENCE {name_text(name)} RENAME TO {quote(aside.name)}",
        *(statement.sql for statement in step.statements),
        f"SELECT setval({literal(name_text(name))}, last_value, is_called) FROM {name_text(aside)} {inside}",
    )
    return replace(step, statements=tuple(Statement(sql=sql) for sql in statements), undo=())


def count_on(table: QualifiedName, column: Column, sequence: Sequence) -> str:
    """The statement that lets a new sequence begin after the values that are in a column."""
    least, most = _bounds(sequence)
    first = _first(sequence) if sequence.start is None else sequence.start
    name, value = name_text(table), quote(column.name)
    if (sequence.increment or 1) > 0:
        reached = f"least(greatest((SELECT max({value}) FROM {name}) + 1, {first}), {most})"
    else:
        reached = f"greatest(least((SELECT min({value}) FROM {name}) - 1, {first}), {least})"
    return f"SELECT setval({literal(name_text(sequence.name))}, {reached}, false)"


def same_kind(before: Column, after: Column) -> bool:
    """Whether both are identity columns or both are serials."""
    one, two = before.identity, after.identity
    return one is not None and two is not None and (one.kind == "serial") == (two.kind == "serial")


def stop_counting(
    table: QualifiedName, before: Column, after: Column, *, kept: Collection[QualifiedName] = ()
) -> list[str]:
    """End the counting of `before`; a sequence that `after` goes on to use by itself, or one of `kept`, is set free."""
    identity = before.identity
    if identity is None:
        return []
    if identity.kind != "serial":
        return [f"{_alter(table, after)} DROP IDENTITY"]
    sequence = identity.sequence or _usual_sequence(table, before)
    if sequence in _counts_with(after):
        return [f"ALTER SEQUENCE {name_text(sequence)} OWNED BY NONE"]
    if sequence in kept:  # it was set free before
        return [f"{_alter(table, after)} DROP DEFAULT"]
    return [f"{_alter(table, after)} DROP DEFAULT", f"DROP SEQUENCE {name_text(sequence)}"]


def start_counting(table: QualifiedName, before: Column, after: Column, *, there: Iterable[Sequence] = ()) -> list[str]:
    """Begin to count after the values that are there; one of the sequences that are there is taken over by its name."""
    identity = after.identity
    if identity is None:
        return []
    name, column = name_text(table), quote(after.name)
    usual = _usual_sequence(table, after)
    free = next((one for one in there if one.name == usual), None)
    if identity.kind == "serial" and (free is not None or usual in _counts_with(before)):
        shown = name_text(usual)
        owned = [f"ALTER SEQUENCE {shown} AS {identity.type or after.type.name} OWNED BY {name}.{column}"]
        if free is not None:
            altered = alter_sequence(replace(free, comment=None), serial_sequence(table, after))
            owned = [statement.sql for statement in altered.statements]
        return [*owned, f"{_alter(table, after)} SET DEFAULT nextval({literal(shown)}::regclass)"]
    upwards = (identity.increment or 1) > 0
    first = identity.start or (1 if upwards else -1)
    reached = f"greatest((SELECT max({column}) FROM {name}) + 1, {first})"
    if not upwards:
        reached = f"least((SELECT min({column}) FROM {name}) - 1, {first})"
    go_on = f"SELECT setval(pg_get_serial_sequence({literal(name)}, {literal(after.name)}), {reached}, false)"
    if identity.kind == "serial":
        return [*counted_sequence(table, after), go_on]
    how = "ALWAYS" if identity.kind == "identity-always" else "BY DEFAULT"
    options = f"{sequence_name(identity)}{identity_options(identity)}".strip()
    gone = [] if free is None or identity.name else [f"DROP SEQUENCE {name_text(usual)}"]
    made = f"{_alter(table, after)} ADD GENERATED {how} AS IDENTITY" + (f" ({options})" if options else "")
    return [*gone, made, go_on]


def recount(table: QualifiedName, before: Column, after: Column) -> list[str]:
    """Change how a column counts that goes on to be of the same kind."""
    one, two = before.identity, after.identity
    if one is None or two is None:
        return []
    options = _changed_options(one, two)
    sequence = QualifiedName(table.namespace, one.name) if one.name else one.sequence or _usual_sequence(table, before)
    name = two.name or _usual_sequence(table, after).name
    found = [f"ALTER SEQUENCE {name_text(sequence)} RENAME TO {quote(name)}"] if one.name != two.name else []
    sequence = replace(sequence, name=name) if found else sequence
    was, will = (replace(serial_sequence(table, column), name=sequence) for column in (before, after))
    if two.kind == "serial":
        return [*found, *_changed(was, will)]
    was = replace(was, type=will.type)  # an identity's follows the type of its column
    if one.kind != two.kind:
        how = "ALWAYS" if two.kind == "identity-always" else "BY DEFAULT"
        found.append(f"{_alter(table, after)} SET GENERATED {how}")
    if _narrows(was, will):
        found.extend(_changed(was, will))
    elif options:
        found.append(f"{_alter(table, after)} {' '.join(f'SET {option}' for option in options)}")
    return found


def _narrows(before: Sequence, after: Sequence) -> bool:
    """Whether there are values that `before` may have reached and `after` may not."""
    (low, high), (least, most) = _bounds(before), _bounds(after)
    return least > low or most < high


def _changed(before: Sequence, after: Sequence) -> list[str]:
    """Statements from the type and the options of one to those of the other, of the same name."""
    name = name_text(after.name)
    options = _changed_options(before, after)
    if before.type != after.type:
        options = [f"AS {after.type}", *options]
    if not options:
        return []
    found = []
    if _narrows(before, after):
        (low, high), (least, most) = _bounds(before), _bounds(after)
        found.append(f"ALTER SEQUENCE {name} MINVALUE {min(low, least)} MAXVALUE {max(high, most)}")
        inside = f"last_value BETWEEN {least} AND {most}"
        found.append(
            f"SELECT setval({literal(name)}, least(greatest(last_value, {least}), {most}), is_called AND {inside})"
            f" FROM {name}"
        )
        options = [option for option in options if "VALUE" not in option and "START" not in option]
        first = _first(after) if after.start is None else after.start
        options += [f"MINVALUE {least}", f"MAXVALUE {most}", f"START WITH {first}"]
    return [*found, f"ALTER SEQUENCE {name} {' '.join(options)}"]


def _changed_options(one: Identity | Sequence, two: Identity | Sequence) -> list[str]:
    found = []
    for words, before, after, otherwise in (
        ("INCREMENT BY", one.increment, two.increment, "INCREMENT BY 1"),
        ("MINVALUE", one.minimum, two.minimum, "NO MINVALUE"),
        ("MAXVALUE", one.maximum, two.maximum, "NO MAXVALUE"),
        ("START WITH", one.start, two.start, f"START WITH {_first(two)}"),
        ("CACHE", one.cache, two.cache, "CACHE 1"),
    ):
        moved = words == "START WITH" and (_first(one) if before is None else before) != (
            _first(two) if after is None else after
        )
        if before != after or moved:
            found.append(otherwise if after is None else f"{words} {after}")
    if one.cycle != two.cycle:
        found.append("CYCLE" if two.cycle else "NO CYCLE")
    return found


def _bounds(sequence: Sequence) -> tuple[int, int]:
    """The least and the greatest value."""
    highest = 2 ** (BITS[sequence.type] - 1) - 1
    up = (sequence.increment or 1) > 0
    least = (1 if up else -highest - 1) if sequence.minimum is None else sequence.minimum
    return least, (highest if up else -1) if sequence.maximum is None else sequence.maximum


def _owner(sequence: Sequence) -> str:
    if sequence.owned_by is None:
        return "NONE"
    table, column = sequence.owned_by
    return f"{name_text(table)}.{quote(column)}"


def _owner_words(sequence: Sequence) -> str:
    return "nobody" if sequence.owned_by is None else ".".join(map(str, sequence.owned_by))


def _step(summary: str, statements: list[str], undo: list[str], source: Location | None) -> Step:
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in undo),
        source=source,
    )


def _first(identity: Identity | Sequence) -> int:
    """Where a sequence starts that does not say so."""
    if (identity.increment or 1) > 0:
        return 1 if identity.minimum is None else identity.minimum
    return -1 if identity.maximum is None else identity.maximum


def _counts_with(column: Column) -> Collection[QualifiedName]:
    """The sequences that a default takes its values from."""
    return counted(column.default.expression) if column.default else ()


def _usual_sequence(table: QualifiedName, column: Column) -> QualifiedName:
    return QualifiedName(table.namespace, shortened(f"{table.name}_{column.name}", "seq", NAME_LIMIT))


def _alter(table: QualifiedName, column: Column) -> str:
    return f"ALTER TABLE {name_text(table)} ALTER COLUMN {quote(column.name)}"
