"""Sequences, domains and views of a desired state in the words in which this server will report them."""

from collections.abc import Collection, Mapping, Sequence
from operator import is_

from lbconf.connectors.postgresql.ddl_sequences import serial_sequence
from lbconf.connectors.postgresql.inspect_columns import usual_sequence
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import PlanError
from lbconf.records import dataclass, replace
from lbconf.state.rewrite import sequence_renamer
from lbconf.state.structure import Default, Domain, QualifiedName, State, Table, View
from lbconf.state.structure import Sequence as CountedSequence

__all__ = ["Unknown", "open_domains", "open_views", "refuse_unknown", "with_definitions", "with_sequences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A part that names what the server does not have."""

    what: str
    """`the default of public.t.a`."""
    why: str
    """In the server's words."""
    source: Location | None = None


def open_domains(desired: State, actual: State) -> tuple[Domain, ...]:
    """Domains whose texts differ from what is there."""
    return tuple(found for found in desired.domains if found not in actual.domains)


def open_views(desired: State, actual: State) -> tuple[View, ...]:
    """Views whose queries differ from what is there."""
    if not desired.views:
        return ()
    known = {view.name: view.definition for view in actual.views}
    return tuple(view for view in desired.views if view.definition and known.get(view.name) != view.definition)


def with_definitions(
    state: State, domains: Mapping[QualifiedName, Domain], views: Mapping[QualifiedName, str]
) -> State:
    """The state with what the server told of domains and queries."""
    if not domains and not views:
        return state
    return replace(
        state,
        domains=tuple(domains.get(found.name, found) for found in state.domains),
        views=tuple(replace(view, definition=views.get(view.name, view.definition)) for view in state.views),
    )


def with_sequences(desired: State, actual: State) -> State:
    """Sequences without what is the server's default; serial columns go on with the sequence they have.

    In namespaces that the desired state owns such a sequence gets the name and the options that the column asks for.
    """
    if actual.sequences:
        desired = _with_free(desired, {found.name for found in actual.sequences})
    counting = {found.owned_by: found for found in actual.sequences if found.owned_by is not None}
    if not counting and not desired.sequences:
        return desired
    taken: list[CountedSequence] = []
    tables = tuple(
        _taken_over(table, actual, counting, taken, exact=desired.speaks_for(table.name.namespace))
        for table in desired.tables
    )
    said = {found.name for found in desired.sequences}
    sequences = (*map(usual_sequence, desired.sequences), *(one for one in taken if one.name not in said))
    return replace(desired, tables=tables, sequences=tuple(sorted(sequences, key=lambda sequence: sequence.name)))


def refuse_unknown(unknown: Sequence[Unknown]) -> None:
    """Raise `PlanError` for what names a function, an operator, a type, a collation that the database does not have."""
    if not unknown:
        return
    raise PlanError(
        [
            Diagnostic(
                code=Code.CHANGE_IMPOSSIBLE,
                message=f"{found.what} cannot be made: {found.why}",
                location=found.source,
                hint="make what is missing first; lbconf makes no functions, operators, collations and ranges",
            )
            for found in unknown
        ]
    )


def _with_free(desired: State, free: Collection[QualifiedName]) -> State:
    """Counted columns told of the sequence that has the name of theirs, so that it goes before they come."""
    tables = []
    for table in desired.tables:
        columns = []
        for column in table.columns:
            own = column.identity
            if own is not None and own.sequence is None:
                name = serial_sequence(table.name, column).name
                columns.append(replace(column, identity=replace(own, sequence=name)) if name in free else column)
            else:
                columns.append(column)
        same = all(map(is_, columns, table.columns))
        tables.append(table if same else replace(table, columns=tuple(columns)))
    return replace(desired, tables=tuple(tables))


def _taken_over(
    table: Table,
    actual: State,
    counting: Mapping[tuple[QualifiedName, str], CountedSequence],
    taken: list[CountedSequence],
    *,
    exact: bool,
) -> Table:
    """A serial column that counts already with a sequence of its own and of another name goes on to do so."""
    there = actual.table(table.name)
    if there is None or not counting:
        return table
    columns = []
    for column in table.columns:
        own = counting.get((table.name, column.name))
        found = there.column(column.name)
        serial = column.identity is not None and column.identity.kind == "serial"
        counted = found is not None and found.default is not None and found.default.expression.startswith("nextval(")
        if not serial or own is None or found is None or not counted:
            columns.append(column)
            continue
        default = found.default
        if exact:
            was, own = own.name, serial_sequence(table.name, column, renamed_from=own.name)
            default = default and Default(sequence_renamer(was, own.name)(default.expression))
        taken.append(own)
        columns.append(replace(column, identity=None, default=default, nullable=False))
    return replace(table, columns=tuple(columns))
