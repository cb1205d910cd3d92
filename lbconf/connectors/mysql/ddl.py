"""Changes as steps for MySQL and MariaDB: statements, what they hold up, hazards and undo. No connection.

Neither server has transactions around definitions, so each step is one by
itself, and each statement says how one can see that it is done.

Source: MySQL 8.0 Reference Manual, sections 15.1 and 17.12; MariaDB documentation, ALTER TABLE.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from lbconf.connectors.mysql.algorithms import Algorithm
from lbconf.connectors.mysql.compiling import Context
from lbconf.connectors.mysql.ddl_columns import add_column, alter_column, drop_column
from lbconf.connectors.mysql.ddl_keys import KeyChange, foreign_key_piece, implied_after, implied_before, key_piece
from lbconf.connectors.mysql.ddl_parking import park_table
from lbconf.connectors.mysql.ddl_tables import (
    create_database,
    create_table_step,
    create_view,
    drop_database,
    drop_table,
    drop_view,
    rename_column,
    rename_table,
    table_piece,
)
from lbconf.connectors.mysql.implied import plain_columns, serves
from lbconf.connectors.mysql.pieces import Piece, joined, step_of
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.mysql.spelling import index_clause, quote
from lbconf.connectors.mysql.views import refuse_broken
from lbconf.connectors.sql.checks import widened_checks
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.hazards import HazardKind
from lbconf.state.renames import renamed_state
from lbconf.state.steps import Step
from lbconf.state.structure import ForeignKey, Index, QualifiedName, State, Unique

__all__ = ["compile_changes"]

TABLE_CHANGES: Final = (
    c.AddColumn,
    c.AlterColumn,
    c.DropColumn,
    c.SetTableComment,
    c.SetTableOptions,
    c.AddPartition,
    c.DropPartition,
    *KeyChange.__args__,
)
INDEX_CHANGES: Final = (c.AddIndex, c.AddUnique, c.DropIndex, c.DropUnique, c.AddPrimaryKey, c.DropPrimaryKey)
LATE: Final = (c.AddForeignKey, c.CreateView, c.DropNamespace)

NO_COLLATIONS: Final[Mapping[str, str]] = {}

Numbered = tuple[int, c.Change]
"""A change and its place among those handed in."""
Held = tuple[QualifiedName, ForeignKey]
"""A foreign key and its table, as they are."""


def compile_changes(
    changes: Sequence[c.Change],
    *,
    actual: State,
    desired: State,
    online: bool,
    server: Server,
    collations: Mapping[str, str] = NO_COLLATIONS,
) -> tuple[Step, ...]:
    """The steps that make these ordered changes.

    Args:
        changes: As the planner has ordered them.
        actual: What is there.
        desired: Normalised.
        online: Whether foreign keys may be checked after they are made.
        server: Whose words and abilities count.
        collations: Of new tables, by namespace.
    """
    context = Context(
        actual=actual,
        renamed=renamed_state(actual, desired),
        desired=desired,
        server=server,
        online=online,
        collations=collations,
        made=frozenset(change.after.name for change in changes if isinstance(change, c.CreateTable)),
        old_names=tuple(
            (change.after.name, change.before.name) for change in changes if isinstance(change, c.RenameTable)
        ),
    )
    refuse_broken(changes, context)
    numbered = list(enumerate(changes))
    aside = _aside(numbered, context)
    inside = {place for place, _ in _inline(numbered, context)}
    steps = [step_of([_dropped_for(key, places, context)]) for key, places in aside]
    pending: dict[QualifiedName, list[Numbered]] = {}
    for place, change in numbered:
        if isinstance(change, TABLE_CHANGES):
            pending.setdefault(_table_of(change), []).append((place, change))
        elif not isinstance(change, LATE):
            if isinstance(change, c.RenameColumn):
                # What the order puts before it may be what makes room for it.
                steps.extend(joined(_pieces(change.table, pending.pop(change.table, []), context)))
            steps.extend(_single(place, change, numbered, context))
    for table, own in pending.items():
        steps.extend(joined(_pieces(table, own, context)))
    added = [(place, change) for place, change in numbered if isinstance(change, c.AddForeignKey)]
    steps.extend(_foreign_keys([found for found in added if found[0] not in inside], context))
    again = [_made_again(key, places, context) for key, places in aside]
    steps.extend(step_of([piece]) for piece in again if piece is not None)
    for place, change in numbered:
        if isinstance(change, c.CreateView):
            there = next((view for view in actual.views if view.name == change.after.name), None)
            steps.append(create_view(place, change.after, there))
        elif isinstance(change, c.DropNamespace):
            steps.append(drop_database(place, change.name))
    return tuple(steps)


def _table_of(change: c.Change) -> QualifiedName:
    return change.table  # type: ignore[union-attr]


def _now(table: QualifiedName, place: int, numbered: Sequence[Numbered]) -> QualifiedName:
    """What a table is called at this place in the order: its old name until it is renamed."""
    later = [change for at, change in numbered if at > place and isinstance(change, c.RenameTable)]
    return next((change.before.name for change in later if change.after.name == table), table)


def _single(place: int, change: c.Change, numbered: Sequence[Numbered], context: Context) -> Iterator[Step]:
    """Steps of changes that share a statement with no other."""
    match change:
        case c.CreateNamespace(name=name):
            yield create_database(place, name)
        case c.CreateTable(after=table):
            keys = [(at, found.after) for at, found in _inline(numbered, context) if found.table == table.name]
            yield create_table_step(place, table, keys, context)
        case c.DropTable(before=table):
            gone = [found.before for at, found in numbered if isinstance(found, c.DropTable) and at > place]
            yield drop_table(place, table, gone)
        case c.RenameTable(before=before, after=after):
            yield rename_table(place, before.name, after.name, source=after.source)
        case c.ParkTable(before=before, after=name):
            yield park_table(place, before, name, context.server)
        case c.RenameColumn(table=table, before=before, after=after):
            now = _now(table, place, numbered)
            yield step_of([rename_column(place, now, before, after, context)])
        case c.DropForeignKey(table=table):
            now = _now(table, place, numbered)
            yield step_of([foreign_key_piece(place, replace(change, table=now), context)])
        case c.DropView(before=view):
            yield drop_view(place, view)
        case _:
            message = f"this change cannot be made in {context.server.title}: {describe(change)}"
            raise PlanError(Diagnostic(code=Code.CHANGE_IMPOSSIBLE, message=message))


def _inline(numbered: Sequence[Numbered], context: Context) -> list[tuple[int, c.AddForeignKey]]:
    """Foreign keys that CREATE TABLE can say at once: into tables that are there by then and do not change."""
    created: dict[QualifiedName, int] = {
        change.after.name: place for place, change in numbered if isinstance(change, c.CreateTable)
    }
    changed = {getattr(change, "table", None) for _, change in numbered if isinstance(change, TABLE_CHANGES)}
    changed |= {change.after.name for _, change in numbered if isinstance(change, c.RenameTable)}
    found = []
    for place, change in numbered:
        if isinstance(change, c.AddForeignKey) and change.table in created:
            target = change.after.target
            earlier = target in created and created[target] <= created[change.table]
            there = context.actual.table(target) is not None and target not in changed
            if earlier or (there and target not in created):
                found.append((place, change))
    return found


def _pieces(table: QualifiedName, own: Sequence[Numbered], context: Context) -> list[Piece]:
    """The pieces of one table in the order of its changes."""
    # First the table's own collation, which columns that say none follow.
    own = sorted(own, key=lambda found: not isinstance(found[1], c.SetTableOptions))
    widened = widened_checks([change for _, change in own])
    found: list[Piece] = []
    for place, change in own:
        match change:
            case c.AddColumn(after=column):
                found.append(add_column(place, table, column, context))
            case c.DropColumn(before=column):
                found.append(drop_column(place, table, column, context))
            case c.AlterColumn(before=before, after=after):
                found.append(alter_column(place, table, before, after, context))
            case c.SetTableComment() | c.SetTableOptions() | c.AddPartition() | c.DropPartition():
                found.append(table_piece(place, change, context))
            case _:
                piece = key_piece(place, change, context)  # type: ignore[arg-type]
                if isinstance(change, c.AddCheck) and (table, change.after.name) in widened:
                    kept = tuple(one for one in piece.hazards if one.kind is not HazardKind.MAY_FAIL_ON_DATA)
                    piece = replace(piece, hazards=kept, check=None)
                found.append(piece)
    return _with_implied(table, _swapped_key(found), [change for _, change in own], context)


def _swapped_key(pieces: list[Piece]) -> list[Piece]:
    """A primary key that takes the place of another costs less than the two by themselves."""
    drops = [piece for piece in pieces if "DROP PRIMARY KEY" in piece.clauses]
    adds = [piece for piece in pieces if any(text.startswith("ADD PRIMARY KEY") for text in piece.clauses)]
    if not (drops and adds):
        return pieces
    return [replace(piece, algorithm=Algorithm.REBUILD, done=None) if piece is drops[0] else piece for piece in pieces]


def _with_implied(
    table: QualifiedName, pieces: list[Piece], changes: Sequence[c.Change], context: Context
) -> list[Piece]:
    """Indexes that only foreign keys need come and go with the indexes that serve them instead."""
    if not any(isinstance(change, INDEX_CHANGES) for change in changes) or table in context.made:
        return pieces
    before = {index.name: index for index in implied_before(table, context)}
    after = {index.name: index for index in implied_after(table, context)}
    there, wanted = context.before(table), context.wanted(table)
    if there is None or wanted is None:
        return pieces
    # Keys that stay, perhaps under another name, need an index at all times.
    staying = {key.columns for key in there.foreign_keys} & {key.columns for key in wanted.foreign_keys}
    coming = [index for name, index in after.items() if name not in before and plain_columns(index) in staying]
    named = {key.name for key in wanted.foreign_keys}
    going = [index for name, index in before.items() if name not in after and name in named]
    for index in coming:
        for number, piece in enumerate(pieces):
            if any(text.startswith(("DROP KEY", "DROP PRIMARY")) for text in piece.clauses) and piece.glued:
                clause = f"ADD {index_clause(index, context.server)}"
                pieces[number] = replace(piece, clauses=(*piece.clauses, clause))
                break
    for index in going:
        columns = plain_columns(index) or ()
        key = ForeignKey(name="", columns=columns, target=table, target_columns=columns)
        for number, piece in enumerate(pieces):
            if any(_serving(change, piece, key) for change in changes):
                pieces[number] = replace(piece, clauses=(*piece.clauses, f"DROP KEY {quote(index.name)}"))
                break
    return pieces


def _serving(change: c.Change, piece: Piece, key: ForeignKey) -> bool:
    """Whether the piece adds the index of this change, and that one serves the foreign key."""
    match change:
        case c.AddIndex(after=Index(name=name, parts=parts)):
            columns: tuple[str, ...] = tuple(part.column or "" for part in parts)
        case c.AddUnique(after=Unique(name=name, columns=columns)):
            pass
        case _:
            return False
    return serves(columns, key) and any(f"KEY {quote(name)} " in text for text in piece.clauses)


def _foreign_keys(added: Sequence[tuple[int, c.AddForeignKey]], context: Context) -> Iterator[Step]:
    """Those of a table together where rows are checked anyway; else each by itself."""
    tables = dict.fromkeys(change.table for _, change in added)
    for table in tables:
        pieces = [foreign_key_piece(place, change, context) for place, change in added if change.table == table]
        yield from joined(pieces)


def _aside(
    numbered: Sequence[Numbered], context: Context
) -> list[tuple[tuple[QualifiedName, ForeignKey], tuple[int, ...]]]:
    """Foreign keys that have to step aside while a column of theirs changes its type, and the changes that need it."""
    gone = {(change.table, change.before.name) for _, change in numbered if isinstance(change, c.DropForeignKey)}
    dropped = {change.before.name for _, change in numbered if isinstance(change, c.DropTable)}
    retyped: dict[tuple[QualifiedName, str], int] = {}
    for place, change in numbered:
        if isinstance(change, c.AlterColumn) and _retyped(change):
            retyped[change.table, change.after.name] = place
    if not retyped:
        return []
    new_names = {old: new for new, old in context.old_names}
    found = []
    for table in context.actual.tables:
        name = new_names.get(table.name, table.name)
        for key in table.foreign_keys:
            target = new_names.get(key.target, key.target)
            touched = [retyped[name, column] for column in key.columns if (name, column) in retyped]
            touched += [retyped[target, column] for column in key.target_columns if (target, column) in retyped]
            if touched and (name, key.name) not in gone and table.name not in dropped:
                found.append(((table.name, key), tuple(sorted(set(touched)))))
    return found


def _retyped(change: c.AlterColumn) -> bool:
    one, two = change.before, change.after
    return (one.type, one.charset, one.collation) != (two.type, two.charset, two.collation)


def _dropped_for(held: Held, places: Iterable[int], context: Context) -> Piece:
    table, key = held
    piece = foreign_key_piece(-1, c.DropForeignKey(table=table, before=key), context)
    return replace(
        piece,
        places=tuple(places),
        clauses=piece.clauses[:1],
        summary=f"{piece.summary} while a column of it changes",
        algorithm=Algorithm.INSTANT if context.server.mariadb else Algorithm.INPLACE,
    )


def _made_again(held: Held, places: Iterable[int], context: Context) -> Piece | None:
    table, key = held
    new_names = {old: new for new, old in context.old_names}
    name = new_names.get(table, table)
    wanted = context.wanted(name)
    again = key if wanted is None else next((found for found in wanted.foreign_keys if found.name == key.name), None)
    if again is None:
        return None
    piece = foreign_key_piece(-1, c.AddForeignKey(table=name, after=again), context)
    return replace(piece, places=tuple(places), summary=f"{piece.summary} again")
