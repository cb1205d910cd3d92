"""Back-fills of a rebuild that read what others fill. No connection."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from lbconf.connectors.sql.ddl import quote
from lbconf.state.structure import Table
from lbconf.state.words import words

__all__ = ["filled_in_turn"]


def filled_in_turn(
    after: Table, copied: list[tuple[str, str]], there: Sequence[str], table: str
) -> tuple[list[tuple[str, str]], str]:
    """What is copied, and from where, once the values that other back-fills read are filled in a query inside."""
    fills = {column.name: words(column.backfill) for column in after.columns if column.backfill}
    wanted = {name: {other for other in fills if other != name and other in read} for name, read in fills.items()}
    read = set[str]().union(*wanted.values())
    if not read:
        return copied, table
    values, origin, columns = dict(copied), table, list(there)
    try:
        order = [*TopologicalSorter(wanted).static_order()]
    except CycleError:
        return copied, table
    for name in order:
        quoted = quote(name)
        if name in read and quoted in values:
            others = ", ".join(column for column in columns if column != quoted)
            origin = f"(SELECT {others}, {values[quoted]} AS {quoted} FROM {origin}) AS {table}"
            columns = [*(column for column in columns if column != quoted), quoted]
            values[quoted] = quoted
    return [*values.items()], origin
