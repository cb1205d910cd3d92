"""Sizes of tables."""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.contract import TableSize
from lbconf.connectors.mysql.session import Session
from lbconf.state.structure import QualifiedName

__all__ = ["table_sizes"]

SIZES: Final = """
SELECT table_schema, table_name, coalesce(table_rows, 0), coalesce(data_length, 0) + coalesce(index_length, 0)
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND (table_schema, table_name) IN ({wanted})
"""
COUNTED: Final = 100_000
"""Most rows that are counted where the server has no estimate, or says there are none."""


def table_sizes(session: Session, tables: Sequence[QualifiedName]) -> dict[QualifiedName, TableSize]:
    """The server's estimate of rows, bytes with indexes.

    Rows are counted, up to 100,000, where the server has no estimate, or one of none.
    """
    if not tables:
        return {}
    wanted: list[str] = []
    parameters: list[str] = []
    for table in tables:
        parameters.append(table.name)
        place = f"%(p{len(parameters)})s"
        if table.namespace:
            parameters.append(table.namespace)
            wanted.append(f"(%(p{len(parameters)})s, {place})")
        else:
            wanted.append(f"(database(), {place})")
    ((own,),) = session.rows("SELECT database()")
    found: dict[QualifiedName, TableSize] = {}
    for namespace, name, rows, size in session.rows(SIZES.format(wanted=", ".join(wanted)), parameters):
        counted = int(rows)
        if counted == 0:
            quoted = ".".join("`" + part.replace("`", "``") + "`" for part in (namespace, name))
            ((counted,),) = session.rows(f"SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT {COUNTED}) AS counted")
        found[QualifiedName("" if namespace == own else namespace, name)] = TableSize(rows=counted, bytes=int(size))
    return found
