"""One statement for rows with their related rows in them, as one JSON text that the server puts together.

For the relations of one level whose rows are wanted whole and which lie in the same database; what is not among them is
asked for in a statement of its own for each relation (`lbconf.repository.include_json`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from lbconf.connectors.postgresql.json_rows import joined, shown
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Kind
from lbconf.project.resolved import Model
from lbconf.query.nodes import Include, Order, Query, Target
from lbconf.records import dataclass, replace

__all__ = ["included_statement"]

MOST_ROWS: Final = 1000
"""Of one page. The related rows of more are better asked for in portions."""
COMPARED: Final = frozenset({Kind.INTEGER, Kind.UUID})
"""Kinds of keys that are equal in one way only. Texts have collations, which two columns may not share."""
CHOSEN: Final = '"lbconf chosen"'
"""The page's rows in the statement: a name that no table is likely to have, for tables may stand without namespace."""


@dataclass(frozen=True, slots=True)
class _Joined:
    """An include, its query, its table, and the pair of columns that must be equal."""

    include: Include
    query: Query
    table: BoundTable
    key: BoundColumn
    here: BoundColumn


def included_statement(compiler: Compiler, query: Query, table_of: Callable[[Model], BoundTable]) -> Compiled | None:
    """Selects one row: the objects joined by commas (null for none), then the number of each include's related rows.

    None where that cannot be said in one statement.
    """
    if query.limit is None or query.limit > MOST_ROWS:
        return None
    table = table_of(query.model)
    parts = [_part(table, include, table_of) for include in query.include]
    if not parts or None in parts or all(column.prop.hidden for column in table.columns.values()):
        return None
    told = [part for part in parts if part is not None]
    shapes = [(table, query), *((part.table, part.query) for part in told)]
    marks = tuple([(part.include.relation.name, part.here.name, part.key.name) for part in told])

    def write(parameters: list[Any]) -> str:
        return _written(compiler, table, query, told, parameters)

    return compiler.remembered(shapes, (included_statement, marks), write)


def _part(table: BoundTable, include: Include, table_of: Callable[[Model], BoundTable]) -> _Joined | None:
    relation, query = include.relation, include.query
    if (
        query is None
        or query.include
        or query.limit is not None
        or query.skip
        or len(relation.key_from) != 1
        or len(relation.key_to) != 1
    ):
        return None
    related = table_of(query.model)
    here, key = table.columns.get(relation.key_from[0]), related.columns.get(relation.key_to[0])
    if here is None or key is None or here.kind not in COMPARED or here.kind is not key.kind:
        return None
    return _Joined(include, query, related, key, here)


def _written(
    compiler: Compiler, table: BoundTable, query: Query, parts: Sequence[_Joined], parameters: list[Any]
) -> str:
    row = joined(shown(compiler.dialect, tuple(table.columns.values()), nested=False))
    keys = "".join(f", {part.here.sql} AS k{number}" for number, part in enumerate(parts))
    page = f"SELECT * FROM {table.sql}{compiler.tail(table, replace(query, include=()), parameters)}"
    texts, joins, counts = ["c.row"], [], []
    for number, part in enumerate(parts):
        texts.append(_text(compiler, part, number))
        rows = _related(compiler, part, number, parameters)
        joins.append(f" LEFT JOIN ({rows}) AS i{number} ON i{number}.k = c.k{number}")
        counts.append(f"i{number}.number AS n{number}")
    sums = "".join(f", coalesce(sum(n{number}), 0)::bigint" for number in range(len(parts)))
    return (
        f"WITH {CHOSEN} AS (SELECT {row} AS row, row_number() OVER () AS place{keys} FROM ({page}) AS t) "
        f"SELECT string_agg(row, ','){sums} FROM (SELECT {' || '.join(texts)} || '}}' AS row, {', '.join(counts)} "
        f"FROM {CHOSEN} AS c{''.join(joins)} ORDER BY c.place) AS t"
    )


def _text(compiler: Compiler, part: _Joined, number: int) -> str:
    """What a row's text goes on with: always a list, or what is related to it if anything is."""
    name = part.include.relation.name  # an identifier
    start = compiler.dialect.literal(f',"{name}":')
    if part.include.relation.many:
        return f"{start} || '[' || coalesce(i{number}.rows, '') || ']'"
    return f"coalesce({start} || i{number}.rows, '')"


def _related(compiler: Compiler, part: _Joined, number: int, parameters: list[Any]) -> str:
    """The related rows' texts for each key, in order, and how many there are."""
    table, key, query = part.table, part.key, part.query
    row = joined([*(shown(compiler.dialect, tuple(table.columns.values()), nested=True) or ["'{'"]), "'}'"])
    order = query.order or tuple(Order(Target(column.prop)) for column in table.ids)
    ordered = replace(query, order=(Order(Target(key.prop)), *order))
    wanted = f"{key.sql} = ANY(ARRAY(SELECT k{number} FROM {CHOSEN}))"
    rows = f"SELECT * FROM {table.sql}{compiler.tail(table, ordered, parameters, also=wanted)}"
    if part.include.relation.many:
        text = f"string_agg({row}, ',')"
    else:  # LoopBack's include leaves the last one that it comes to
        text = f"(array_agg({row}))[{'count(*)' if table.model.layout.is_loopback else '1'}]"
    return f"SELECT {key.sql} AS k, {text} AS rows, count(*) AS number FROM ({rows}) AS t GROUP BY {key.sql}"
