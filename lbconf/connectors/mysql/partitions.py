"""How a table is divided, from what the catalogue says about its partitions, and as CREATE TABLE says it.

Source: MySQL 8.0 Reference Manual, chapter 26 (partitioning); MariaDB documentation, Partitioning Tables.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from lbconf.connectors.mysql.defaults import literal
from lbconf.state.structure import Partition, QualifiedName, Table

__all__ = ["partition_clause", "partition_scheme", "partition_text", "partitions_of"]


RANGE: Final = re.compile(r"VALUES LESS THAN (?P<ends>\(.*\)|MAXVALUE)", re.DOTALL)
VALUE: Final = re.compile(r"MAXVALUE|'(?:[^']|'')*'|-?\d+|[^\s,()]+")
NUMBERED: Final = re.compile(r"(\d+)")


def partition_scheme(rows: Sequence[Sequence[Any]]) -> str | None:
    """`RANGE (year(`d`))`, from the rows of `information_schema.partitions` of one table."""
    if not rows:
        return None
    return f"{rows[0][4]} ({rows[0][6] or ''})"


def partitions_of(rows: Sequence[Sequence[Any]], namespace: str) -> tuple[Partition, ...]:
    """The partitions by name, each with its own."""
    found: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        found.setdefault(row[2], []).append(row)
    return tuple(
        Partition(
            name=QualifiedName(namespace, name),
            bound=_bound(parts[0]),
            by=f"{parts[0][5]} ({parts[0][7] or ''})" if parts[0][5] else None,
            partitions=tuple(
                sorted(
                    (Partition(name=QualifiedName(namespace, part[3]), bound="") for part in parts if part[3]),
                    key=lambda partition: partition.name,
                )
            ),
        )
        for name, parts in sorted(found.items())
    )


def partition_clause(table: Table) -> str:
    """What follows the table's options: `PARTITION BY ...`; empty for a table that is not divided."""
    if table.partition_by is None:
        return ""
    parts = ",\n  ".join(partition_text(partition) for partition in sorted(table.partitions, key=_place))
    by = next((partition.by for partition in table.partitions if partition.by), None)
    divided = f"\nSUBPARTITION BY {by}" if by else ""
    return f"\nPARTITION BY {table.partition_by}{divided}" + (f" (\n  {parts}\n)" if parts else "")


def partition_text(partition: Partition) -> str:
    """One partition as CREATE TABLE and ALTER TABLE name it."""
    bound = f" {partition.bound}" if partition.bound else ""
    inner = ", ".join(f"SUBPARTITION {_quote(p.name.name)}" for p in sorted(partition.partitions, key=_place))
    return f"PARTITION {_quote(partition.name.name)}{bound}" + (f" ({inner})" if inner else "")


def _place(partition: Partition) -> tuple[object, ...]:
    """Where a partition stands: by the end of its range, else by its name, numbers in it counted as such."""
    inside = RANGE.search(partition.bound)
    ends = [] if inside is None else VALUE.findall(inside["ends"])
    return (
        tuple(
            (2, 0, "") if end == "MAXVALUE" else (0, int(end), "") if _is_whole(end) else (1, 0, end) for end in ends
        ),
        tuple((int(part), "") if part.isdigit() else (0, part) for part in NUMBERED.split(partition.name.name)),
    )


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _bound(row: Sequence[Any]) -> str:
    method, described = str(row[4] or ""), row[8]
    comment = f" COMMENT = {literal(row[9])}" if row[9] else ""
    if method.startswith("RANGE"):
        value = "MAXVALUE" if described == "MAXVALUE" and method == "RANGE" else f"({described})"
        return f"VALUES LESS THAN {value}{comment}"
    if method.startswith("LIST"):
        return ("DEFAULT" if described in {"DEFAULT", "MAXVALUE"} else f"VALUES IN ({described or 'NULL'})") + comment
    return comment.strip()


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
