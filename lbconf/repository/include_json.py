"""Rows with their related rows as JSON text: the databases write the rows, here they are put into each other.

The same answer as `lbconf.repository.include` gives, for the relations that most filters ask for: with one query for
all where a data source can answer it so, else with one for each relation and level. What is not among them is answered
there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf.project.resolved import Relation, RelationKind
from lbconf.query.allowance import charge, counts_rows
from lbconf.query.bind import all_of
from lbconf.query.evaluate import near_of
from lbconf.query.nodes import Include, Query
from lbconf.records import replace
from lbconf.repository.include import chunks, key_of, key_text, one_of, the_one
from lbconf.repository.stores import Stores

__all__ = ["JsonIncluder"]

DIRECT: Final = frozenset({RelationKind.BELONGS_TO, RelationKind.HAS_MANY, RelationKind.HAS_ONE})

Found = Sequence[tuple[Mapping[str, Any], str]]
"""For each row its keys, and its JSON text without the closing brace."""


class _UnwrittenError(Exception):
    """A database cannot write its rows after all."""


class JsonIncluder:
    """Writes rows with what they include. May be used from several threads."""

    def __init__(self, stores: Stores, keys_at_once: Callable[[Any], int]) -> None:
        """Take what reads, and how many keys one query may ask for."""
        self._stores = stores
        self._keys_at_once = keys_at_once

    def text(self, query: Query) -> bytes | None:
        """A JSON array of the rows; None where some of it cannot be written by a database."""
        if not self._writes(query):
            return None
        whole = self._stores.find_json_included(query)
        if whole is not None:
            text, numbers = whole
            for number in numbers:
                charge(number)
            return text
        try:
            found = self._rows(query, (), nested=False)
            return f"[{','.join(self._closed(query.include, found))}]".encode()
        except _UnwrittenError:
            return None

    def keyed(self, query: Query, names: tuple[str, ...]) -> tuple[list[Mapping[str, Any]], list[str]] | None:
        """The values of the named properties of each row, and the rows' JSON texts; None where nothing writes them."""
        if not self._writes(query):
            return None
        try:
            found = self._rows(query, names, nested=False)
            return [row for row, _ in found], self._closed(query.include, found)
        except _UnwrittenError:
            return None

    def _writes(self, query: Query) -> bool:
        """Whether the query's rows and everything it includes can be written so."""
        return (
            query.fields is None
            and near_of(query.where) is None
            and self._stores.builds_json(query.model)
            and all(_is_direct(include, query) and self._writes(include.query) for include in query.include)  # type: ignore[arg-type]
        )

    def _rows(self, query: Query, names: Iterable[str], *, nested: bool, grouped: bool = False) -> Found:
        """The rows, their keys under these names and under those that their includes need."""
        needed = frozenset(names).union(*(include.relation.key_from for include in query.include))
        plain = replace(query, include=()) if query.include else query
        found = self._stores.find_json_rows(plain, tuple(sorted(needed)), nested=nested, grouped=grouped)
        if found is None:
            raise _UnwrittenError
        return found

    def _closed(self, includes: Iterable[Include], found: Found) -> list[str]:
        """The rows' whole texts."""
        texts = [text for _, text in found]
        for include in includes:
            if found:
                self._add(include, found, texts)
        return [f"{text}}}" for text in texts]

    def _add(self, include: Include, found: Found, texts: list[str]) -> None:
        """Append a relation to the texts."""
        relation, query = include.relation, include.query
        assert query is not None  # noqa: S101 - `_writes` saw to it
        names = relation.key_from
        keys = [key_of(row, names) for row, _ in found]
        named = [None if key is None else key_text(key) for key in keys]
        wanted = list({text: key for text, key in zip(named, keys, strict=True) if key is not None}.values())
        values = self._values(relation, query, wanted)
        start, nothing = f'"{relation.name}":', "[]" if relation.many else None
        for number, name in enumerate(named):
            value = values.get(name, nothing) if name is not None else nothing
            if value is not None:
                comma = "," if len(texts[number]) > 1 else ""
                texts[number] += f"{comma}{start}{value}"

    def _values(self, relation: Relation, query: Query, wanted: Sequence[tuple[Any, ...]]) -> dict[str, str]:
        """The relation's values, by the text of the key that leads to them."""
        names, whole = relation.key_to, query.limit is None and not query.skip
        grouped = relation.many and whole and not query.include and not counts_rows()
        found: list[tuple[Mapping[str, Any], str]] = []
        for part in chunks(wanted, self._keys_at_once(query.model)):
            where = all_of(one_of(query.model, names, part), query.where)
            related = self._rows(replace(query, where=where, limit=None, skip=0), names, nested=True, grouped=grouped)
            charge(len(related))
            found.extend(related)
        texts = [text for _, text in found] if grouped else self._closed(query.include, found)
        groups: dict[str, list[str]] = {}
        for (row, _), text in zip(found, texts, strict=True):
            key = key_of(row, names)
            if key is not None:
                groups.setdefault(key_text(key), []).append(text)
        end = None if query.limit is None else query.skip + query.limit
        pages = {name: related if whole else related[query.skip : end] for name, related in groups.items()}
        if relation.many:
            return {name: f"[{','.join(page)}]" for name, page in pages.items()}
        return {name: the_one(page, query.model) for name, page in pages.items() if page}


def _is_direct(include: Include, query: Query) -> bool:
    relation = include.relation
    return (
        include.query is not None
        and relation.kind in DIRECT
        and relation.through is None
        and relation.polymorphic is None
        and relation.name not in query.model.properties
        and all(name in query.model.properties for name in relation.key_from)
        and all(name in include.query.model.properties for name in relation.key_to)
        and relation.name.isidentifier()
    )
