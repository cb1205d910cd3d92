"""Changes as steps for PostgreSQL: statements, locks, hazards and how each is undone. No connection.

Source: PostgreSQL manual, pages ALTER TABLE, CREATE INDEX, ALTER TYPE; section 13.3 (the lock each takes).
"""

import re
from collections.abc import Sequence
from typing import Final, assert_never

from lbconf.connectors.postgresql.ddl_around import dropped_views, steps_after, steps_before
from lbconf.connectors.postgresql.ddl_aside import refuse_drop
from lbconf.connectors.postgresql.ddl_columns import add_column, alter_column, drop_column
from lbconf.connectors.postgresql.ddl_constraints import constraint_steps
from lbconf.connectors.postgresql.ddl_context import Context, ddl_step
from lbconf.connectors.postgresql.ddl_dependents import around, inherited
from lbconf.connectors.postgresql.ddl_enumerations import add_values, create, rebuild, rename
from lbconf.connectors.postgresql.ddl_indexes import index_steps
from lbconf.connectors.postgresql.ddl_moment import moment
from lbconf.connectors.postgresql.ddl_parking import park_table
from lbconf.connectors.postgresql.ddl_partitions import partition_step
from lbconf.connectors.postgresql.ddl_sequences import (
    alter_sequence,
    count_aside,
    count_on,
    counted_by_column,
    create_sequence,
    drop_sequence,
    serial_sequence,
    taken_over,
)
from lbconf.connectors.postgresql.ddl_tables import table_steps
from lbconf.connectors.postgresql.ddl_types import Later, type_step
from lbconf.connectors.postgresql.locks import with_locks
from lbconf.connectors.postgresql.online import arranged, left_over, online_steps, online_view
from lbconf.connectors.postgresql.spelling import name_text, quote
from lbconf.connectors.sql.checks import widened_checks
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.rewrite import counted, sequence_named
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, QualifiedName, State
from lbconf.state.structure import Sequence as CountedSequence

__all__ = ["compile_changes"]

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
WHOLE: Final = frozenset({"smallint", "integer", "bigint"})
NEXT_VALUE: Final = re.compile(r"^nextval\('(?P<sequence>(?:[^']|'')+)'(?:::regclass)?\)$")


def compile_changes(
    changes: Sequence[c.Change], *, actual: State, desired: State, online: bool = False
) -> tuple[Step, ...]:
    """The steps that make these ordered changes; one or more per change, in the same order.

    `online`: in the way that holds up readers and writers least, in several transactions.
    """
    context = _context(changes, actual, desired)
    steps: list[Step] = [*steps_before(context)]
    careful = online_view(changes, actual) if online else None
    sequences = _known_sequences(actual, changes)
    for place, change in enumerate(changes):
        made = [step for column in _columns_after(change) for step in _missing_sequence(column, sequences)]
        plain = left_over(change, actual) or _compile(change, context)
        made.extend(plain if careful is None else online_steps(change, plain, careful))
        steps.extend(replace(step, covers=(place,)) for step in made)
    steps.extend(steps_after(context))
    return with_locks(steps if careful is None else arranged(steps, careful), context.made)


def _mentioned(changes: Sequence[c.Change]) -> str:
    """Everything that changes say, where an enum gets values that one of them may use."""
    others = [change for change in changes if not isinstance(change, c.AddEnumerationValues)]
    return repr(others) if len(others) < len(changes) else ""


def _context(changes: Sequence[c.Change], actual: State, desired: State) -> Context:
    gone = {change.before.name for change in changes if isinstance(change, c.DropTable)}
    context = Context(
        actual=actual,
        desired=desired,
        changes=tuple(changes),
        made=frozenset(change.after.name for change in changes if isinstance(change, c.CreateTable)),
        mentioned=_mentioned(changes),
        widened=widened_checks(changes),
        old_names={ch.after.name: ch.before.name for ch in changes if isinstance(ch, c.RenameTable)},
        gone=frozenset(gone),
    )
    views = {view.name for view in dropped_views(context)}
    return replace(context, gone=context.gone | views)


def _known_sequences(actual: State, changes: Sequence[c.Change]) -> set[QualifiedName]:
    found = {sequence.name for sequence in actual.sequences}
    found |= {change.after.name for change in changes if isinstance(change, c.CreateSequence | c.AlterSequence)}
    for table in actual.tables:
        for column in table.columns:
            if column.identity is not None and column.identity.sequence is not None:
                found.add(column.identity.sequence)
    return found


def _columns_after(change: c.Change) -> tuple[Column, ...]:
    match change:
        case c.CreateTable(after=table):
            return table.columns
        case c.AddColumn(after=column) | c.AlterColumn(after=column):
            return (column,)
    return ()


def _missing_sequence(column: Column, known: set[QualifiedName]) -> list[Step]:
    """A sequence that a default counts with and that no column owns has to be there first."""
    found = NEXT_VALUE.match(column.default.expression) if column.default else None
    if found is None:
        return []
    sequence, name = found["sequence"].replace("''", "'"), sequence_named(found["sequence"])
    if name in known:
        return []
    known.add(name)
    return [
        Step(
            summary=f"create sequence {sequence}",
            statements=(Statement(sql=f"CREATE SEQUENCE IF NOT EXISTS {sequence}"),),
            undo=(Statement(sql=f"DROP SEQUENCE {sequence}"),),
            source=column.source,
        )
    ]


def _compile(change: c.Change, context: Context) -> tuple[Step, ...]:  # noqa: C901, PLR0912 - one line per family
    match change:
        case c.CreateNamespace(name=name):
            made = f"CREATE SCHEMA {quote(name)}"
            return (ddl_step(f"create schema {name}", [made], undo=[f"DROP SCHEMA {quote(name)}"]),)
        case c.DropNamespace(name=name):
            dropped = f"DROP SCHEMA {quote(name)}"
            return (ddl_step(f"drop schema {name}", [dropped], undo=[f"CREATE SCHEMA {quote(name)}"]),)
        case (
            c.CreateEnumeration()
            | c.AddEnumerationValues()
            | c.RebuildEnumeration()
            | c.DropEnumeration()
            | c.RenameEnumeration()
        ):
            return _enumeration(change, context)
        case (
            c.CreateDomain()
            | c.AlterDomain()
            | c.DropDomain()
            | c.CreateComposite()
            | c.AlterComposite()
            | c.DropComposite()
            | c.CreateExtension()
        ):
            return (type_step(change, _moment(change, context), _later(context)),)
        case c.CreateSequence(after=sequence):
            return (_sequence_made(sequence, context),)
        case c.AlterSequence(before=before, after=after):
            return (alter_sequence(before, after),)
        case c.DropSequence(before=sequence):
            return () if taken_over(sequence.name, context.changes) else (drop_sequence(sequence),)
        case c.CreateView() | c.DropView():
            return ()  # see `steps_before` and `steps_after`
        case c.CreateTable() | c.DropTable() | c.RenameTable() | c.SetTableComment() | c.SetTableOptions():
            return table_steps(change, context)
        case c.AddPartition() | c.DropPartition():
            return (partition_step(change, context.changes),)
        case c.AddColumn() | c.DropColumn() | c.RenameColumn() | c.AlterColumn():
            return _column(change, context)
        case c.AddIndex() | c.DropIndex() | c.RenameIndex():
            return index_steps(change, context)
        case c.ParkTable(before=table, after=parked):
            return (park_table(table, parked),)
        case (
            c.AddPrimaryKey()
            | c.DropPrimaryKey()
            | c.AddUnique()
            | c.DropUnique()
            | c.AddForeignKey()
            | c.DropForeignKey()
            | c.AddCheck()
            | c.DropCheck()
            | c.AddExclusion()
            | c.DropExclusion()
            | c.RenameConstraint()
        ):
            return constraint_steps(change, context)
        case _:
            message = f"this change cannot be made in PostgreSQL: {describe(change)}"
            raise PlanError(Diagnostic(code=Code.CHANGE_IMPOSSIBLE, message=message))


def _moment(change: c.Change, context: Context) -> State:
    """The state that the change finds."""
    place = next(place for place, other in enumerate(context.changes) if other is change)
    return moment(context.actual, context.changes[:place])


def _later(context: Context) -> Later:
    """Defaults that the plan's changes give columns; none where the type changes too, and with it the default."""
    return {
        (change.table, change.after.name): change.after.default if change.before.type == change.after.type else None
        for change in context.changes
        if isinstance(change, c.AlterColumn)
    }


def _column(change: c.AddColumn | c.DropColumn | c.RenameColumn | c.AlterColumn, context: Context) -> tuple[Step, ...]:
    table = change.table
    fresh = table in context.made
    if not fresh and inherited(change, context):
        return ()
    match change:
        case c.AddColumn(after=column):
            return add_column(table, column, fresh=fresh)
        case c.DropColumn(before=column):
            used = {(context.before(table), column.name)}
            refuse_drop(used, context.actual, gone=context.gone, what=f"column {table}.{column.name}")
            return drop_column(table, column)
        case c.RenameColumn(before=column, after=after):
            forth, back = (
                f"ALTER TABLE {name_text(table)} RENAME COLUMN {quote(one)} TO {quote(two)}"
                for one, two in ((column.name, after.name), (after.name, column.name))
            )
            summary = f"rename column {table}.{column.name} to {after.name}"
            return (ddl_step(summary, [forth], undo=[back], table=table, lock=EXCLUSIVE, source=after.source),)
        case c.AlterColumn(before=column, after=after):
            kept = {sequence.name for sequence in context.desired.sequences}
            there = tuple(one for one in context.actual.sequences if one.name not in kept)
            aside = around(change, context)
            steps = alter_column(table, column, after, fresh=fresh, around=aside, there=there, kept=kept)
            return steps if fresh else _counted_on(steps, change, context)
        case _:
            assert_never(change)


def _sequence_made(sequence: CountedSequence, context: Context) -> Step:
    """A new sequence, or one that a column has counted with until now."""
    counting = counted_by_column(sequence.name, context.actual)
    if counting is None:
        return create_sequence(sequence)
    table, column = counting
    if column.identity is not None and column.identity.kind != "serial":
        return count_aside(sequence)
    return alter_sequence(replace(serial_sequence(table, column), name=sequence.name), sequence)


def _counted_on(steps: tuple[Step, ...], change: c.AlterColumn, context: Context) -> tuple[Step, ...]:
    """The steps; a sequence that is new and gives the column its values begins after those that are there."""
    default = change.after.default
    names = counted(default.expression) if default is not None and change.after.type.name in WHOLE else ()
    new = [
        other.after
        for other in context.changes
        if isinstance(other, c.CreateSequence)
        and other.after.name in names
        and counted_by_column(other.after.name, context.actual) is None
    ]
    said = tuple(Statement(sql=count_on(change.table, change.after, sequence)) for sequence in new)
    return (replace(steps[0], statements=(*steps[0].statements, *said)), *steps[1:]) if said else steps


def _enumeration(
    change: c.CreateEnumeration
    | c.AddEnumerationValues
    | c.RebuildEnumeration
    | c.DropEnumeration
    | c.RenameEnumeration,
    context: Context,
) -> tuple[Step, ...]:
    match change:
        case c.CreateEnumeration(after=after):
            undo = f"DROP TYPE {name_text(after.name)}"
            return (ddl_step(f"create enum {after.name}", create(after), undo=[undo], source=after.source),)
        case c.AddEnumerationValues(before=before, after=after):
            return add_values(before, after, mentioned=context.mentioned)
        case c.RebuildEnumeration(before=before, after=after):
            return rebuild(before, after, actual=_moment(change, context), later=_later(context))
        case c.RenameEnumeration(before=before, after=after):
            return rename(before, after)
        case c.DropEnumeration(before=before):
            dropped = f"DROP TYPE {name_text(before.name)}"
            return (ddl_step(f"drop enum {before.name}", [dropped], undo=create(before)),)
        case _:
            assert_never(change)
