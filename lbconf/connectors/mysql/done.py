"""Queries that tell whether a statement has had its effect: conditions over `information_schema`.

A statement of these servers is atomic by itself (MySQL 8, MariaDB 10.6), so one
effect of a statement that has several stands for all of them.
"""

from lbconf.connectors.mysql.defaults import literal
from lbconf.state.structure import PrimaryKey, QualifiedName

__all__ = [
    "asked",
    "has_check",
    "has_column",
    "has_foreign_key",
    "has_index",
    "has_partition",
    "has_primary_key",
    "has_table",
    "negated",
]


def asked(*conditions: str | None) -> str | None:
    """The query behind these conditions; None where none is given."""
    found = [condition for condition in conditions if condition]
    return f"SELECT {' AND '.join(found)}" if found else None


def negated(condition: str) -> str:
    """The opposite."""
    return f"NOT {condition}"


def has_table(name: QualifiedName) -> str:
    """A table or view of the name is there."""
    return _exists("tables", name)


def has_column(table: QualifiedName, column: str) -> str:
    """The table has the column."""
    return _exists("columns", table, f"column_name = {literal(column)}")


def has_index(table: QualifiedName, index: str) -> str:
    """The table has an index of the name."""
    return _exists("statistics", table, f"index_name = {literal(index)}")


def has_primary_key(table: QualifiedName, key: PrimaryKey) -> str:
    """The table has exactly this primary key."""
    columns = ",".join(key.columns)
    return (
        "coalesce((SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics"
        f" WHERE {_place(table)} AND index_name = 'PRIMARY') = {literal(columns)}, FALSE)"
    )


def has_foreign_key(table: QualifiedName, key: str) -> str:
    """The table has a foreign key of the name."""
    return _exists("referential_constraints", table, f"constraint_name = {literal(key)}", namespace="constraint_schema")


def has_check(table: QualifiedName, check: str) -> str:
    """The table has a check of the name."""
    return _exists("table_constraints", table, f"constraint_name = {literal(check)}", "constraint_type = 'CHECK'")


def has_partition(table: QualifiedName, partition: str) -> str:
    """The table has a partition of the name."""
    return _exists("partitions", table, f"partition_name = {literal(partition)}")


def _exists(view: str, table: QualifiedName, *conditions: str, namespace: str = "table_schema") -> str:
    where = " AND ".join((_place(table, namespace), *conditions))
    return f"EXISTS (SELECT 1 FROM information_schema.{view} WHERE {where})"


def _place(table: QualifiedName, namespace: str = "table_schema") -> str:
    database = literal(table.namespace) if table.namespace else "DATABASE()"
    return f"{namespace} = {database} AND table_name = {literal(table.name)}"
