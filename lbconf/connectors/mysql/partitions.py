"""How a table is divided, from what the catalogue says about its partitions, and as CREATE TABLE says it.

Source: MySQL 8.0 Reference Manual, chapter 26 (partitioning); MariaDB documentation, Partitioning Tables.
"""

from collections.abc import Sequence
from typing import Any

from lbconf.connectors.mysql.defaults import literal
from lbconf.state.structure import Partition, QualifiedName, Table

__all__ = ["partition_clause", "partition_scheme", "partition_text", "partitions_of"]


def partition_scheme(rows: Sequence[Sequence[Any]]) -> str | None:
    """`RANGE (year(`d`))`, from the rows of `information_schema.partitions` of one table."""
    if not rows:
        return None
    return f"{rows[0][4]} ({rows[0][6] or ''})"


def partitions_of(rows: Sequence[Sequence[Any]], namespace: str) -> tuple[Partition, ...]:
    """The partitions in their order, each with its own."""
    found: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        found.setdefault(row[2], []).append(row)
    return tuple(
        Partition(
            name=QualifiedName(namespace, name),
            bound=_bound(parts[0]),
            by=f"{parts[0][5]} ({parts[0][7] or ''})" if parts[0][5] else None,
            partitions=tuple(Partition(name=QualifiedName(namespace, part[3]), bound="") for part in parts if part[3]),
        )
        for name, parts in found.items()
    )


def partition_clause(table: Table) -> str:
    """What follows the table's options: `PARTITION BY ...`; empty for a table that is not divided."""
    if table.partition_by is None:
        return ""
    parts = ",\n  ".join(partition_text(partition) for partition in table.partitions)
    by = next((partition.by for partition in table.partitions if partition.by), None)
    divided = f"\nSUBPARTITION BY {by}" if by else ""
    return f"\nPARTITION BY {table.partition_by}{divided}" + (f" (\n  {parts}\n)" if parts else "")


def partition_text(partition: Partition) -> str:
    """One partition as CREATE TABLE and ALTER TABLE name it."""
    bound = f" {partition.bound}" if partition.bound else ""
    inner = ", ".join(f"SUBPARTITION {_quote(part.name.name)}" for part in partition.partitions)
    return f"PARTITION {_quote(partition.name.name)}{bound}" + (f" ({inner})" if inner else "")


def _bound(row: Sequence[Any]) -> str:
    method, described = str(row[4] or ""), row[8]
    comment = f" COMMENT = {literal(row[9])}" if row[9] else ""
    if method.startswith("RANGE"):
        value = "MAXVALUE" if described == "MAXVALUE" and method == "RANGE" else f"({described})"
        return f"VALUES LESS THAN {value}{comment}"
    if method.startswith("LIST"):
        return ("DEFAULT" if described == "DEFAULT" else f"VALUES IN ({described or 'NULL'})") + comment
    return comment.strip()


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
