"""Changes as steps for SQLite: ALTER TABLE where it can, the twelve-step rebuild where it cannot. No connection.

Source: sqlite.org/lang_altertable.html, section 7 ("Making Other Kinds Of Table Schema Changes"),
sqlite.org/pragma.html#pragma_legacy_alter_table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lbconf.connectors.sql.checks import widened_checks
from lbconf.connectors.sql.ddl import change_hazards, quote
from lbconf.connectors.sqlite.backfills import filled_in_turn
from lbconf.connectors.sqlite.conversions import Conversion, conversion
from lbconf.connectors.sqlite.errors import SCRATCH_PREFIX
from lbconf.connectors.sqlite.given_up import given_up_late, gives_up
from lbconf.connectors.sqlite.spelling import column_clause, create_index, create_table, is_constant, type_text
from lbconf.connectors.sqlite.table_sql import replace_names
from lbconf.connectors.sqlite.views import create_view, drop_view
from lbconf.diagnostics import Location
from lbconf.records import dataclass, replace
from lbconf.state import changes as c
from lbconf.state.describe import describe, source_of, table_of
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.parking import parked_part, parked_suffix
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, QualifiedName, State, Table, View

__all__ = ["compile_changes"]

STRICT: Final = ("strict", "true")
ROWLESS: Final = ("without_rowid", "true")
NULLS: Final = ("not_null", "false")
FITTING: Final = "_lbconf_fits"
"""A table that takes only true values: what stops a rebuild whose values do not fit."""
COPY: Final = f"INSERT INTO {quote(SCRATCH_PREFIX)[:-1]}"
"""How the statement begins that writes a table anew."""
LOCK: Final = "reserved"
"""What a writer holds until it commits: others read, nobody else writes. Source: sqlite.org/lockingv3.html."""
BY_ALTER: Final = (c.RenameTable, c.RenameColumn)
BY_INDEX: Final = (c.AddIndex, c.DropIndex, c.RenameIndex)

Numbered = tuple[int, c.Change]
"""A change and its place among those handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """All changes of one table."""

    table: QualifiedName
    changes: tuple[Numbered, ...]
    gone: frozenset[str] = frozenset()
    """Names in lower case that it gives up before the first table has its turn."""

    def of(self, *kinds: type) -> tuple[Numbered, ...]:
        return tuple(found for found in self.changes if isinstance(found[1], kinds))


def compile_changes(changes: Sequence[c.Change], *, actual: State, desired: State) -> tuple[Step, ...]:
    """Steps that make these changes, table by table in the order the tables are first named.

    All of them run in one transaction with foreign keys off, so the order of tables never matters to SQLite.
    """
    numbered = list(enumerate(changes))
    steps = [_view_gone(place, change.before) for place, change in numbered if isinstance(change, c.DropView)]
    groups = _groups(changes)
    for group in groups:
        steps.extend(_indexes_first(group))
    for group in groups:
        steps.extend(_parked(group))
        steps.extend(_renames(group))
    steps.extend(_dropped(group) for group in groups if _is_gone(group))
    for group in groups:
        before = _before(group, actual)
        after = desired.table(group.table)
        steps.extend(_table_steps(group, before, after))
    steps.extend(_view_made(place, change.after) for place, change in numbered if isinstance(change, c.CreateView))
    return tuple(steps)


def _view_gone(place: int, view: View) -> Step:
    found = [(place, c.DropView(before=view))]
    return replace(_step(f"drop view {view.name}", drop_view(view), create_view(view), view.name, found), table=None)


def _view_made(place: int, view: View) -> Step:
    found = [(place, c.CreateView(after=view))]
    return replace(_step(f"create view {view.name}", create_view(view), drop_view(view), view.name, found), table=None)


def _groups(changes: Sequence[c.Change]) -> tuple[_Group, ...]:
    found: dict[QualifiedName, list[Numbered]] = {}
    for place, change in enumerate(changes):
        table = table_of(change)
        if table is not None:
            found.setdefault(table, []).append((place, change))
    late = given_up_late([[change for _, change in grouped] for grouped in found.values()])
    return tuple(_Group(table=table, changes=tuple(grouped), gone=late) for table, grouped in found.items())


def _indexes_first(group: _Group) -> Iterable[Step]:
    """Indexes whose names another table takes before this one has its turn."""
    for place, change in group.changes:
        for index in gives_up(change):
            if index.name.lower() in group.gone:
                gone, made = f"DROP INDEX {quote(index.name)}", create_index(group.table, index)
                summary = f"drop index {index.name} of {group.table}, whose name is needed"
                step = _step(summary, [gone], [made], group.table, [(place, change)])
                yield step if isinstance(change, c.DropIndex) else replace(step, hazards=(), covers=())


def _is_gone(group: _Group) -> bool:
    """Whether another table's index takes the table's name before this one has its turn."""
    return group.table.name.lower() in group.gone and bool(group.of(c.DropTable)) and not group.of(c.CreateTable)


def _dropped(group: _Group) -> Step:
    drop = [f"DROP TABLE {quote(group.table.name)}"]
    return _step(f"drop table {group.table}", drop, [], group.table, group.of(c.DropTable))


def _before(group: _Group, actual: State) -> Table | None:
    renamed = next((change for _, change in group.changes if isinstance(change, c.RenameTable)), None)
    return actual.table(renamed.before.name if renamed is not None else group.table)


def _parked(group: _Group) -> Iterable[Step]:
    """Renamed with its indexes, whose names are the file's. SQLite never checks a foreign key of a table at rest."""
    for place, change in group.changes:
        if isinstance(change, c.ParkTable):
            table, suffix = change.before, parked_suffix(change.after)
            there = [f"ALTER TABLE {quote(table.name.name)} RENAME TO {quote(change.after.name)}"]
            back = [f"ALTER TABLE {quote(change.after.name)} RENAME TO {quote(table.name.name)}"]
            for index in table.indexes:
                parked = replace(index, name=parked_part(index.name, suffix))
                there += [f"DROP INDEX {quote(index.name)}", create_index(change.after, parked)]
                back += [f"DROP INDEX {quote(parked.name)}", create_index(table.name, index)]
            summary = f"rename table {table.name} to {change.after.name}, out of the way"
            yield _step(summary, there, back, group.table, [(place, change)])


def _renames(group: _Group) -> Iterable[Step]:
    """Renames go first, by ALTER TABLE: SQLite then mends triggers, views and foreign keys of other tables itself."""
    for place, change in group.changes:
        if isinstance(change, c.RenameTable):
            forth, back = change.before.name.name, change.after.name.name
            statements = [f"ALTER TABLE {quote(forth)} RENAME TO {quote(back)}"]
            undo = [f"ALTER TABLE {quote(back)} RENAME TO {quote(forth)}"]
        elif isinstance(change, c.RenameColumn):
            table = quote(group.table.name)
            one, two = quote(change.before.name), quote(change.after.name)
            statements = [f"ALTER TABLE {table} RENAME COLUMN {one} TO {two}"]
            undo = [f"ALTER TABLE {table} RENAME COLUMN {two} TO {one}"]
        else:
            continue
        yield _step(f"rename {describe(change)}", statements, undo, group.table, [(place, change)])


def _table_steps(group: _Group, before: Table | None, after: Table | None) -> Iterable[Step]:
    dropped, created = group.of(c.DropTable), group.of(c.CreateTable)
    if dropped and not _is_gone(group):
        yield _dropped(group)
    if dropped and not created:
        return
    rest = _needed(group)
    if not rest:
        return
    if after is None:
        msg = f"changes of {group.table}, which the desired state does not have"
        raise AssertionError(msg)
    if created or before is None:
        yield _created(group, after)
        return
    if all(isinstance(change, BY_INDEX) or _can_add(change) for _, change in rest):
        yield from _altered(group, rest)
        return
    yield _rebuilt(group, rest, before, after)


def _needed(group: _Group) -> list[Numbered]:
    """Without renames and drops, which are done, and foreign keys that only step aside: SQLite needs no such thing."""
    dropped = [change.before for _, change in group.changes if isinstance(change, c.DropForeignKey)]
    added = [change.after for _, change in group.changes if isinstance(change, c.AddForeignKey)]

    def is_needed(change: c.Change) -> bool:
        match change:
            case c.RenameTable() | c.RenameColumn() | c.DropTable() | c.ParkTable():
                return False
            case c.DropForeignKey(before=key):
                return key not in added
            case c.AddForeignKey(after=key):
                return key not in dropped
            case c.DropIndex(before=index):
                return index.name.lower() not in group.gone
            case _:
                return True

    return [found for found in group.changes if is_needed(found[1])]


def _created(group: _Group, table: Table) -> Step:
    statements = [create_table(table), *(create_index(table.name, index) for index in table.indexes)]
    undo = [f"DROP TABLE {quote(table.name.name)}"]
    # Nothing can go wrong for rows that are not there yet: no hazards.
    made = [found for found in group.changes if not isinstance(found[1], c.DropTable)]
    return replace(_step(f"create table {table.name}", statements, undo, table.name, made), hazards=())


def _altered(group: _Group, changes: Iterable[Numbered]) -> Iterable[Step]:
    order: dict[type, int] = {c.DropIndex: 0, c.RenameIndex: 1, c.AddColumn: 2, c.AddIndex: 3}
    for place, change in sorted(changes, key=lambda found: order[type(found[1])]):
        table = group.table
        match change:
            case c.AddColumn(after=column):
                statements = [f"ALTER TABLE {quote(table.name)} ADD COLUMN {column_clause(column)}"]
                if column.backfill:
                    statements.append(f"UPDATE {quote(table.name)} SET {quote(column.name)} = ({column.backfill})")
                undo = [f"ALTER TABLE {quote(table.name)} DROP COLUMN {quote(column.name)}"]
                yield _step(f"add {describe(change)} to {table}", statements, undo, table, [(place, change)])
            case c.AddIndex(after=index):
                made, gone = create_index(table, index), f"DROP INDEX {quote(index.name)}"
                yield _step(f"create {describe(change)} on {table}", [made], [gone], table, [(place, change)])
            case c.DropIndex(before=index):
                made, gone = create_index(table, index), f"DROP INDEX {quote(index.name)}"
                yield _step(f"drop {describe(change)} of {table}", [gone], [made], table, [(place, change)])
            case c.RenameIndex(before=before, after=after):
                forth = [f"DROP INDEX {quote(before.name)}", create_index(table, after)]
                back = [f"DROP INDEX {quote(after.name)}", create_index(table, before)]
                if before.name.lower() in group.gone:
                    forth, back = forth[1:], back[:1]
                built = Hazard(
                    kind=HazardKind.INDEX_BUILD, message=f"builds index {after.name} over all rows of {table}"
                )
                step = _step(f"rename {describe(change)}", forth, back, table, [(place, change)])
                yield replace(step, hazards=(*step.hazards, built))
            case _:
                msg = f"{type(change).__name__} needs a rebuild"
                raise AssertionError(msg)


def _can_add(change: c.Change) -> bool:
    """Whether ALTER TABLE ADD COLUMN takes it: section 4 of lang_altertable."""
    if not isinstance(change, c.AddColumn):
        return False
    column = change.after
    constant = column.default is None or is_constant(column.default.expression)
    made = column.generated is None or (column.virtual and column.nullable)
    return constant and made and (column.nullable or column.default is not None)


def _rebuilt(group: _Group, changes: Sequence[Numbered], before: Table, after: Table) -> Step:
    """Steps 3 to 10 of the manual's twelve; the session does the others (foreign keys off, transaction, check)."""
    table, scratch = after.name.name, f"{SCRATCH_PREFIX}{after.name.name}"
    renamed = {
        change.after.name: change.before.name for _, change in group.changes if isinstance(change, c.RenameColumn)
    }
    copied: list[tuple[str, str]] = []
    conversions: dict[str, tuple[Column, Conversion]] = {}
    for column in after.columns:
        old = before.column(renamed.get(column.name, column.name))
        if old is not None and old.generated is None and column.generated is None:
            conversions[column.name] = (column, conversion(old.type, column.type, quote(column.name)))
        value = _copied(column, old, conversions[column.name][1].value if column.name in conversions else None)
        if value is not None and column.generated is None:
            copied.append((quote(column.name), value))
    statements = [create_table(after, scratch)]
    if copied:
        new_names = {old: new for new, old in renamed.items()}
        there = [quote(new_names.get(column.name, column.name)) for column in before.columns]
        copied, origin = filled_in_turn(after, copied, there, quote(table))
        targets, values = ", ".join(name for name, _ in copied), ", ".join(value for _, value in copied)
        statements.append(f"INSERT INTO {quote(scratch)} ({targets}) SELECT {values} FROM {origin}")
    for column, made in conversions.values():
        statements += _fitting(table, scratch, column, made)
    if _counter(after) and _counter(before):
        statements += _kept_counter(table, scratch)
    statements += [
        f"DROP TABLE {quote(table)}",
        "PRAGMA legacy_alter_table = ON",
        f"ALTER TABLE {quote(scratch)} RENAME TO {quote(table)}",
        "PRAGMA legacy_alter_table = OFF",
        *(create_index(after.name, index) for index in after.indexes),
        *_triggers(group, before),
    ]
    reason = f"writes table {after.name} anew: copies every row, no other writer meanwhile"
    rewrite = Hazard(kind=HazardKind.REWRITES_TABLE, message=reason)
    step = _step(f"rebuild table {after.name}", statements, [], after.name, changes)
    refusing = tuple(_refusals(before, after, renamed))
    converted = [hazard for column, made in conversions.values() for hazard in _conversion_hazards(table, column, made)]
    marked = tuple(replace(one, rewrites=one.sql.startswith(COPY)) for one in step.statements)
    return replace(step, statements=marked, rewrites=True, hazards=(*step.hazards, *refusing, *converted, rewrite))


def _refusals(before: Table, after: Table, renamed: Mapping[str, str]) -> Iterable[Hazard]:
    """What rows may stop it that a table took before: values of another type, and NULL in its key."""
    if (STRICT in after.options) > (STRICT in before.options):
        message = f"fails if a row of {after.name} has a value of another type than its column's"
        yield Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message)
    for column in after.columns:
        old = before.column(renamed.get(column.name, column.name))
        if old is not None and _takes_null(before, old) and not _takes_null(after, column) and not column.backfill:
            message = f"fails if a row of {after.name} has no {column.name}, which its key took"
            yield Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message)


def _takes_null(table: Table, column: Column) -> bool:
    """Whether it is part of a key that SQLite lets be NULL."""
    return NULLS in column.options and column.identity is None and ROWLESS not in table.options


def _copied(column: Column, old: Column | None, converted: str | None) -> str | None:
    """The expression that fills a column of the new table; None lets its default do it."""
    backfill = f"({column.backfill})" if column.backfill else None
    if old is None:
        return backfill
    value = converted or quote(column.name)
    return f"coalesce({value}, {backfill})" if backfill and old.nullable and not column.nullable else value


def _unfit(table: str, column: Column) -> str:
    return f"values of {table}.{column.name} that do not fit {type_text(column)}"


def _fitting(table: str, scratch: str, column: Column, made: Conversion) -> list[str]:
    """Statements that fail, in words, where a copied value does not fit the new type."""
    if made.fits is None:
        return []
    name = quote(column.name)
    copied = f"{name} IS NOT NULL"
    if column.backfill and not column.nullable:  # what fills the gaps was no value of the old type
        copied += f" AND {name} IS NOT ({column.backfill})"
    return [
        f"CREATE TEMP TABLE {FITTING} (fits CONSTRAINT {quote(_unfit(table, column))} CHECK (fits))",
        f"INSERT INTO {FITTING} SELECT coalesce({made.fits}, 0) FROM {quote(scratch)} WHERE {copied}",
        f"DROP TABLE {FITTING}",
    ]


def _conversion_hazards(table: str, column: Column, made: Conversion) -> Iterable[Hazard]:
    if made.fits is not None:
        yield Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=f"{_unfit(table, column)} stop it")
    if made.lost is not None:
        yield Hazard(kind=HazardKind.DELETES_DATA, message=f"values of {table}.{column.name} lose {made.lost}")


def _counter(table: Table) -> bool:
    return any(column.identity is not None and column.identity.kind == "autoincrement" for column in table.columns)


def _kept_counter(table: str, scratch: str) -> list[str]:
    """The counter goes on where it was, also past rows that were deleted."""
    old, new = ("'" + name.replace("'", "''") + "'" for name in (table, scratch))
    return [
        f"DELETE FROM sqlite_sequence WHERE name = {new}",
        f"INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}",
    ]


def _triggers(group: _Group, before: Table) -> list[str]:
    """The table's triggers again, with the new names of what was renamed."""
    names: dict[str, str] = {}
    for _, change in group.of(*BY_ALTER):
        if isinstance(change, c.RenameTable):
            names[change.before.name.name.lower()] = change.after.name.name
        elif isinstance(change, c.RenameColumn):
            names[change.before.name.lower()] = change.after.name
    kept = [fact.definition for fact in before.opaque if fact.kind == "trigger" and fact.definition]
    return [replace_names(sql, names) if names else sql for sql in kept]


def _step(
    summary: str, statements: Sequence[str], undo: Sequence[str], table: QualifiedName, changes: Sequence[Numbered]
) -> Step:
    widened = widened_checks([change for _, change in changes])
    hazards = tuple(
        hazard
        for _, change in changes
        if not (isinstance(change, c.AddCheck) and (change.table, change.after.name) in widened)
        for hazard in change_hazards(change)
    )
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql, lock=LOCK) for sql in statements),
        undo=tuple(Statement(sql=sql, lock=LOCK) for sql in undo),
        lock=LOCK,
        table=table,
        hazards=hazards,
        source=_source(changes),
        covers=tuple(place for place, _ in changes),
    )


def _source(changes: Sequence[Numbered]) -> Location | None:
    return next((found for found in (source_of(change) for _, change in changes) if found is not None), None)
