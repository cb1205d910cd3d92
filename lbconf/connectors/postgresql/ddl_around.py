"""Steps before and after those of the changes: what has to step aside for several of them, and what has to wait."""

import re
from collections.abc import Iterator
from typing import Final

from lbconf.connectors.postgresql.ddl_aside import create_view, drop_view, refuse_drop, with_dependents
from lbconf.connectors.postgresql.ddl_context import Context, ddl_step
from lbconf.connectors.postgresql.ddl_options import late_options, names_index
from lbconf.connectors.postgresql.ddl_sequences import free_sequence, own_sequence
from lbconf.connectors.postgresql.ddl_tables import policies_made
from lbconf.connectors.postgresql.spelling import foreign_key_clause, name_text, quote
from lbconf.connectors.postgresql.type_changes import same_family
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import ForeignKey, QualifiedName, Table, View
from lbconf.state.structure import Sequence as CountedSequence

__all__ = ["dropped_views", "steps_after", "steps_before", "views_made"]

SHARE_ROW: Final = "SHARE ROW EXCLUSIVE"
EXCLUSIVE: Final = "ACCESS EXCLUSIVE"


def steps_before(context: Context) -> Iterator[Step]:
    """Views that go or step aside, sequences that outlive their owner, foreign keys whose types change."""
    places = {ch.before.name: place for place, ch in enumerate(context.changes) if isinstance(ch, c.DropView)}
    made = {change.after.name for change in context.changes if isinstance(change, c.CreateView)}
    for name in sorted(places.keys() - made):
        refuse_drop({(name, "")}, context.actual, gone=context.gone, what=f"view {name}")
    for view in reversed(dropped_views(context)):
        step = ddl_step(f"drop view {view.name}", [drop_view(view)], undo=create_view(view), lock=EXCLUSIVE)
        yield replace(step, covers=(places[view.name],) if view.name in places else ())
    for sequence in context.actual.sequences:
        if _outlives(sequence, context):
            yield free_sequence(sequence)
    for table, key in _retyped_keys(context):
        yield _drop_key(table, key)


def steps_after(context: Context) -> Iterator[Step]:
    """Foreign keys again, what names an index, owners of sequences, views that stepped aside."""
    for table, key in _retyped_keys(context):
        wanted = context.desired.table(table.name)
        if wanted is not None and any(part.name == key.name for part in wanted.foreign_keys):
            scan = f"writes to {table.name} and {key.target} wait while the rows of {table.name} are checked"
            yield ddl_step(
                f"add foreign key {key.name} to {table.name} again",
                [f"ALTER TABLE {name_text(table.name)} ADD {foreign_key_clause(key)}"],
                undo=[f"ALTER TABLE {name_text(table.name)} DROP CONSTRAINT {quote(key.name)}"],
                table=table.name,
                lock=SHARE_ROW,
                hazards=(Hazard(kind=HazardKind.BLOCKS_WRITES, message=scan),),
            )
    yield from _index_options(context)
    for place, change in enumerate(context.changes):
        if isinstance(change, c.CreateSequence) and change.after.owned_by is not None:
            yield replace(own_sequence(change.after), covers=(place,))
    yield from views_made(context)
    for place, change in enumerate(context.changes):
        made = policies_made(change.after) if isinstance(change, c.CreateTable) else None
        if made is not None:
            yield replace(made, covers=(place,))


def dropped_views(context: Context) -> list[View]:
    """Views that changes drop, and those that read them, each after those it reads."""
    dropped = {change.before.name for change in context.changes if isinstance(change, c.DropView)}
    return with_dependents([v for v in context.actual.views if v.name in dropped], context.actual.views)


def views_made(context: Context) -> Iterator[Step]:
    """Steps that make views, each after those it reads; one that was there before keeps what belongs to it."""
    asked = {
        ch.after.name: (place, ch.after) for place, ch in enumerate(context.changes) if isinstance(ch, c.CreateView)
    }
    there = {view.name: view for view in context.actual.views}
    aside = {view.name: (None, view) for view in dropped_views(context)}
    left = {name: entry for name, entry in aside.items() if not _is_dropped(name, context)} | asked
    while left:
        ready = [name for name in left if not any(_reads(left[name][1], other) for other in left if other != name)]
        for name in sorted(ready or left):
            place, view = left.pop(name)
            step = _made(view, there.get(name))
            yield replace(step, covers=() if place is None else (place,))


def _is_dropped(name: QualifiedName, context: Context) -> bool:
    return any(isinstance(change, c.DropView) and change.before.name == name for change in context.changes)


def _reads(view: View, other: QualifiedName) -> bool:
    """Whether a view's query names another."""
    if other in view.depends_on:
        return True
    shown = r'"?\."?'.join(map(re.escape, (other.namespace, other.name)))
    return re.search(rf"(?<![\w]){shown}(?![\w])", view.definition) is not None


def _made(view: View, before: View | None) -> Step:
    if before is not None and before is not view:
        comments = {column.name: column.comment for column in before.columns}
        view = replace(
            view,
            opaque=before.opaque,
            columns=tuple(replace(col, comment=col.comment or comments.get(col.name)) for col in view.columns),
        )
    return ddl_step(
        f"create {'materialized ' if view.materialized else ''}view {view.name}",
        create_view(view),
        undo=[drop_view(view)],
        source=view.source,
    )


def _outlives(sequence: CountedSequence, context: Context) -> bool:
    """Whether a sequence stays although its owner goes: one that is wanted, or that is not lbconf's to drop."""
    if sequence.owned_by is None or any(
        isinstance(ch, c.DropSequence) and ch.before.name == sequence.name for ch in context.changes
    ):
        return False
    names = {one.name for one in context.desired.sequences} | {one.renamed_from for one in context.desired.sequences}
    if context.desired.speaks_for(sequence.name.namespace) and sequence.name not in names:
        return False
    table, column = sequence.owned_by
    return any(
        (isinstance(ch, c.DropTable) and ch.before.name == table)
        or (isinstance(ch, c.DropColumn) and (context.before(ch.table), ch.before.name) == (table, column))
        for ch in context.changes
    )


def _retyped_keys(context: Context) -> Iterator[tuple[Table, ForeignKey]]:
    """Foreign keys whose two sides change to a type that does not compare with the old one."""
    retyped = {
        (context.before(change.table), change.before.name)
        for change in context.changes
        if isinstance(change, c.AlterColumn) and not same_family(change.before.type, change.after.type)
    }
    if not retyped:
        return
    gone = {
        (context.before(change.table), change.before.name)
        for change in context.changes
        if isinstance(change, c.DropForeignKey)
    }
    for table in context.actual.tables:
        for key in table.foreign_keys:
            sides = [(table.name, column) for column in key.columns] + [(key.target, col) for col in key.target_columns]
            if not retyped.isdisjoint(sides) and (table.name, key.name) not in gone and table.name not in context.gone:
                yield table, key


def _drop_key(table: Table, key: ForeignKey) -> Step:
    name = name_text(table.name)
    return ddl_step(
        f"drop foreign key {key.name} of {table.name}",
        [f"ALTER TABLE {name} DROP CONSTRAINT {quote(key.name)}"],
        undo=[f"ALTER TABLE {name} ADD {foreign_key_clause(key)}"],
        table=table.name,
        lock=EXCLUSIVE,
    )


def _index_options(context: Context) -> Iterator[Step]:
    """Replica identity and clustering by indexes that are there by now."""
    touched: dict[QualifiedName, list[int]] = {}
    for place, change in enumerate(context.changes):
        if isinstance(change, c.SetTableOptions):
            touched.setdefault(change.table, []).append(place)
        elif isinstance(change, c.AddIndex | c.AddUnique | c.AddPrimaryKey):
            touched.setdefault(change.table, [])
    for name, places in touched.items():
        wanted = context.desired.table(name)
        there = context.actual.table(context.before(name))
        if wanted is None or name in context.made:
            continue
        before = dict(there.options) if there is not None else {}
        anew = {
            change.after.name
            for change in context.changes
            if isinstance(change, c.AddIndex | c.AddUnique | c.AddPrimaryKey) and change.table == name
        }
        options = tuple(
            (key, value)
            for key, value in wanted.options
            if names_index((key, value)) and (before.get(key) != value or value in anew)
        )
        if options:
            statements = late_options(name, options)
            step = ddl_step(f"set options of table {name}", statements, table=name, lock=EXCLUSIVE)
            yield replace(step, covers=tuple(places))
