"""Sizes of tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from lbconf.connectors.contract import TableSize
from lbconf.state.structure import QualifiedName

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["table_sizes"]

SIZES: Final = """
SELECT n.nspname::text, c.relname::text, greatest(c.reltuples, 0)::bigint,
  pg_catalog.pg_total_relation_size(c.oid)
FROM unnest(%s::text[], %s::text[]) AS wanted(namespace, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted.namespace
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p')
"""
COUNTED: Final = 100_000
"""Most rows that are counted where the server has no estimate, or says there are none."""


def table_sizes(connection: "Connection[Any]", tables: Sequence[QualifiedName]) -> dict[QualifiedName, TableSize]:
    """The server's estimate of rows, bytes with indexes.

    Rows are counted, up to 100,000, where the server has no estimate, or one of none: a table that was
    analysed while it was empty says so until somebody analyses it again.
    """
    names = ([table.namespace for table in tables], [table.name for table in tables])
    found: dict[QualifiedName, TableSize] = {}
    for namespace, name, rows, size in connection.execute(SIZES, names).fetchall():
        if rows == 0:
            quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (namespace, name))
            some = f"SELECT count(*) FROM (SELECT FROM {quoted} LIMIT {COUNTED}) AS counted"
            row = connection.execute(some.encode()).fetchone()
            rows = row[0] if row else 0  # noqa: PLW2901 - the better figure
        found[QualifiedName(namespace, name)] = TableSize(rows=rows, bytes=size)
    return found
