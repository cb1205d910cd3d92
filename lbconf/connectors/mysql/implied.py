"""Indexes that are there because a foreign key needs one: the server makes them, so they are no part of a state.

An index counts as implied when it has the name that the server would give it
(its foreign key's) and exactly its columns, and no other index serves the key.

Source: MySQL 8.0 Reference Manual, section 15.1.20.5 (FOREIGN KEY constraints): "index_name is ... created
automatically if it does not exist".
"""

from collections.abc import Iterable, Sequence

from lbconf.records import replace
from lbconf.state.structure import ForeignKey, Index, IndexPart, Table

__all__ = ["implied_indexes", "plain_columns", "serves", "without_implied"]


def plain_columns(index: Index) -> tuple[str, ...] | None:
    """The columns of an index of whole columns, in the usual order and with nothing special; None for any other."""
    if index.method != "btree" or index.comment is not None or index.options:
        return None
    columns = tuple(part.column for part in index.parts if part.column is not None)
    plain = len(columns) == len(index.parts) and all(part == IndexPart(column=part.column) for part in index.parts)
    return columns if plain else None


def serves(columns: Sequence[str], key: ForeignKey) -> bool:
    """Whether an index of these columns is one that the foreign key can use."""
    return tuple(columns[: len(key.columns)]) == key.columns


def without_implied(table: Table) -> Table:
    """The table without the indexes that only its foreign keys make."""
    if not table.foreign_keys or not table.indexes:
        return table
    gone = {index.name for index in _implied(table)}
    if not gone:
        return table
    return replace(table, indexes=tuple(index for index in table.indexes if index.name not in gone))


def implied_indexes(table: Table) -> tuple[Index, ...]:
    """The indexes that the server keeps for foreign keys of a table whose state leaves them out."""
    found: list[Index] = []
    known = _known(table, table.indexes)
    for key in sorted(table.foreign_keys, key=lambda key: (-len(key.columns), key.name)):
        if not any(serves(columns, key) for columns in known):
            found.append(Index(name=key.name, parts=tuple(IndexPart(column=column) for column in key.columns)))
            known.append(key.columns)
    return tuple(sorted(found, key=lambda index: index.name))


def _implied(table: Table) -> Iterable[Index]:
    keys = {key.name: key for key in table.foreign_keys}
    candidates = [
        index
        for index in table.indexes
        if index.name in keys and not index.unique and plain_columns(index) == keys[index.name].columns
    ]
    names = {index.name for index in candidates}
    rest = [index for index in table.indexes if index.name not in names]
    # What `implied_indexes` would make again from the rest is what may be left out.
    again = {index.name for index in implied_indexes(replace(table, indexes=tuple(rest)))}
    return [index for index in candidates if index.name in again]


def _known(table: Table, indexes: Iterable[Index]) -> list[tuple[str, ...]]:
    """Columns, from the first on, of every index that a foreign key can use."""
    found = [_whole(index) for index in indexes if index.method in {"btree", "hash"}]
    found += [unique.columns for unique in table.uniques]
    if table.primary_key is not None and not any(table.primary_key.lengths):
        found.append(table.primary_key.columns)
    return [columns for columns in found if columns]


def _whole(index: Index) -> tuple[str, ...]:
    """The leading columns that are part of the index as a whole."""
    found: list[str] = []
    for part in index.parts:
        if part.column is None or part.length is not None:
            break
        found.append(part.column)
    return tuple(found)
