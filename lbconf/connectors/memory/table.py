"""The rows of one model, found by their key without a search."""

import copy
import math
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from lbconf.datatypes import DecimalType, IntegerType, NumberType, UuidType
from lbconf.project.resolved import Model
from lbconf.query.javascript import to_number, to_text
from lbconf.query.nodes import AllOf, Comparison, Condition, Operator, Row

__all__ = ["Duplicate", "Key", "Table", "key_text"]

Key: TypeAlias = str | tuple[str, ...]

INDEXES: Final = 2**32 - 1
"""JavaScript takes whole numbers below for places in a list."""
DIGITS: Final = 10


class Duplicate(Exception):  # noqa: N818 - what was found, not yet an error of a connector
    """A key or a unique combination of values is taken."""

    def __init__(self, properties: tuple[str, ...]) -> None:
        """Take the properties whose values are taken."""
        super().__init__(", ".join(properties))
        self.properties = properties


class Table:
    """Rows by key. Not for several threads at once. A row that is held is never changed, only replaced."""

    def __init__(self, model: Model, *, unique: bool) -> None:
        """Start empty. `unique`: the model's unique properties and indexes are kept so."""
        self.next_id = 1
        self.rows: dict[Key, Row] = {}
        self._ids = model.ids
        self._names = tuple(prop.name for prop in self._ids)
        self._model = model
        self._unnamed = 0
        self._journal: list[tuple[Key | None, Key | None, Row | None]] = []
        self._uniques: dict[tuple[str, ...], dict[tuple[str, ...], Key]] = (
            {names: {} for names in _unique_sets(model)} if unique else {}
        )

    def empty(self) -> "Table":
        """A table of the same model without rows."""
        return Table(self._model, unique=bool(self._uniques))

    @property
    def is_keyed(self) -> bool:
        """Whether rows have an id, which is their key."""
        return bool(self._names)

    def mark(self) -> int:
        """The present place in the journal, for `undo`."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Put back every change made since the mark, the latest first."""
        while len(self._journal) > mark:
            new_key, old_key, old = self._journal.pop()
            if new_key is not None:
                self._release(self.rows.pop(new_key))
            if old_key is not None and old is not None:
                self._take(old, old_key)
                self.rows[old_key] = old

    def settle(self) -> None:
        """Forget the journal: what was done stays."""
        self._journal.clear()

    def add(self, row: Row) -> Row:
        """Keep a copy of the row, its id given where it has none, and return it. Raises `Duplicate`."""
        kept = copy.deepcopy(row)
        key = self._identify(kept)
        if key in self.rows:
            raise Duplicate(self._names)
        self._take(kept, key)
        self.rows[key] = kept
        self._journal.append((key, None, None))
        return kept

    def change(self, key: Key, values: Row) -> None:
        """Set these values on the row with that key; the key may change with them. Raises `Duplicate`."""
        old = self.rows[key]
        new = {**old, **copy.deepcopy(values)}
        new_key = self.key_of(new) if self._names else key
        if new_key != key and new_key in self.rows:
            raise Duplicate(self._names)
        self._release(old)
        try:
            self._take(new, new_key)
        except Duplicate:
            self._take(old, key)
            raise
        if new_key == key:
            self.rows[key] = new
        else:
            del self.rows[key]
            self.rows[new_key] = new
        self._journal.append((new_key, key, old))

    def remove(self, key: Key) -> None:
        """Forget the row with that key."""
        old = self.rows.pop(key)
        self._release(old)
        self._journal.append((None, key, old))

    def candidates(self, condition: Condition | None) -> Iterable[Row]:
        """All rows that may match: just those with the key where the condition says which."""
        keys = self._keys_in(condition)
        if keys is None:
            return self.rows.values()
        return [self.rows[key] for key in dict.fromkeys(keys) if key in self.rows]

    def as_listed(self, rows: list[Row]) -> list[Row]:
        """The rows as JavaScript lists what an object holds: whole numbers first, as numbers, then others as they came.

        LoopBack's memory connector keeps rows in one, so that rows which an order leaves equal come like this.
        """
        return sorted(rows, key=lambda row: _place(self.key_of(row))) if len(self._names) == 1 else rows

    def key_of(self, row: Row) -> Key:
        """The key of a row that has its id."""
        if len(self._names) == 1:
            return key_text(row.get(self._names[0]))
        return tuple(key_text(row.get(name)) for name in self._names)

    def _identify(self, row: Row) -> Key:
        """The key of a new row. A single id that is missing, zero or empty is counted up."""
        if not self._ids:
            self._unnamed += 1
            return f"#{self._unnamed}"
        if len(self._ids) == 1:
            prop = self._ids[0]
            given = row.get(prop.name)
            if not given and isinstance(prop.type, UuidType):
                row[prop.name] = str(uuid.uuid4())
            elif not given:
                numeric = isinstance(prop.type, NumberType | IntegerType | DecimalType)
                row[prop.name] = self.next_id if numeric else str(self.next_id)
                self.next_id += 1
            elif not self._comes_back(row):
                number = to_number(given)
                self.next_id = int(max(number, self.next_id) if number == number else self.next_id) + 1  # noqa: PLR0124
        return self.key_of(row)

    def _comes_back(self, row: Row) -> bool:
        """Whether the row takes the place of one that was removed just before, in the same transaction."""
        return bool(self._journal) and self._journal[-1][:2] == (None, self.key_of(row))

    def _take(self, row: Row, key: Key) -> None:
        held: list[tuple[dict[tuple[str, ...], Key], tuple[str, ...]]] = []
        for names, taken in self._uniques.items():
            values = _values(row, names)
            if values is None:
                continue
            if values in taken:
                for mine, value in held:
                    del mine[value]
                raise Duplicate(names)
            taken[values] = key
            held.append((taken, values))

    def _release(self, row: Row) -> None:
        for names, taken in self._uniques.items():
            values = _values(row, names)
            if values is not None:
                taken.pop(values, None)

    def _keys_in(self, condition: Condition | None) -> list[Key] | None:
        """The keys a condition allows; None where it does not say."""
        if len(self._names) != 1:
            return self._composite_key_in(condition)
        if isinstance(condition, Comparison) and condition.target.property.name == self._names[0]:
            if condition.target.path or condition.value is None:
                return None
            if condition.operator is Operator.EQ and not isinstance(condition.value, list):
                return [key_text(condition.value)]
            if condition.operator is Operator.INQ:
                return [key_text(value) for value in condition.value]
        if isinstance(condition, AllOf):
            return next((found for part in condition.conditions if (found := self._keys_in(part)) is not None), None)
        return None

    def _composite_key_in(self, condition: Condition | None) -> list[Key] | None:
        if not self._names or not isinstance(condition, AllOf):
            return None
        values = {
            part.target.property.name: key_text(part.value)
            for part in condition.conditions
            if isinstance(part, Comparison) and part.operator is Operator.EQ and not part.target.path
        }
        return [tuple(values[name] for name in self._names)] if values.keys() >= set(self._names) else None


def _place(key: Key) -> float:
    if not isinstance(key, str) or len(key) > DIGITS or not (key.isdecimal() and key.isascii()):
        return math.inf
    return float(key) if str(int(key)) == key and int(key) < INDEXES else math.inf


def key_text(value: Any) -> str:
    """An id as a key: numbers and their texts are the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return to_text(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _unique_sets(model: Model) -> Iterable[tuple[str, ...]]:
    for prop in model.properties.values():
        if (prop.unique or (prop.index or {}).get("unique")) and not prop.id:
            yield (prop.name,)
    for index in model.indexes:
        names = tuple(name for name, _ in index.keys)
        if index.unique and index.where is None and all(name in model.properties for name in names):
            yield names
    for unique in model.uniques:
        yield unique.properties


def _values(row: Row, names: Sequence[str]) -> tuple[str, ...] | None:
    """The row's values of these properties as texts that differ when they do; None where one is null."""
    found = tuple(row.get(name) for name in names)
    return None if any(value is None for value in found) else tuple(map(repr, found))
