"""Lists with what tells of the rest of them: the total, and where the next page begins."""

from collections.abc import Mapping
from typing import Any, Protocol

from lbconf.datatypes import DateTimeType
from lbconf.project.resolved import Property
from lbconf.query.bind import all_of
from lbconf.query.errors import malformed
from lbconf.query.keyset import after, can_go_on, cursor_of
from lbconf.query.nodes import Query, Row
from lbconf.records import dataclass, replace
from lbconf.repository.include import equals
from lbconf.repository.include_json import JsonIncluder
from lbconf.repository.stores import Stores

__all__ = ["Page", "PageReader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of a list."""

    rows: list[Row]
    text: bytes | None = None
    """The rows as a JSON array, where the database wrote it; `rows` is empty then."""
    total: int | None = None
    """Rows of the whole list; None where nobody asked."""
    cursor: str | None = None
    """Of the last row; None where no row follows, or the order has no cursors."""
    skip: int | None = None
    """Rows to skip for the next page, where rows follow and the order has no cursors."""


class _Rows(Protocol):
    def rows(self, query: Query) -> list[Row]:
        """The rows of a bound query, with what they include."""
        ...


class PageReader:
    """Reads pages. May be used from several threads."""

    def __init__(self, rows: _Rows, stores: Stores, texts: JsonIncluder) -> None:
        """Take what reads rows, what counts them, and what has databases write them."""
        self._rows = rows
        self._stores = stores
        self._texts = texts

    def read(self, query: Query, *, cursor: str | None, count: bool) -> Page:
        """The page of a bound query that begins after the cursor; from its beginning for an empty one or None.

        Raises:
            RequestError: the cursor belongs to another list, the order has none, or rows are to be skipped as well.

        """
        keyed = can_go_on(query)
        if cursor is not None and not keyed:
            raise malformed(
                "A list in this order has no cursors",
                hint="Order by plain properties of the model itself, or leave after out and use skip.",
            )
        if cursor and query.skip:
            raise malformed("A request has either after or skip", hint="after says already where the page begins.")
        page = query if not cursor else replace(query, where=all_of(query.where, after(query, cursor)))
        if not count:
            return self._more(page, keyed=keyed)[1]
        with self._stores.snapshot(query.model):
            more, found = self._more(page, keyed=keyed)
            total = self._total(query, cursor, len(found.rows) if found.text is None else None, more=more)
        return replace(found, total=total)

    def _more(self, query: Query, *, keyed: bool) -> tuple[bool, Page]:
        """Whether rows follow, and the page; one row more than it has is asked for."""
        if query.limit is None:
            return False, Page(rows=self._rows.rows(query))
        limit = query.limit
        wider = replace(query, limit=limit + 1)
        names = tuple(dict.fromkeys(key.target.property.name for key in query.order)) if keyed else ()
        written = self._texts.keyed(wider, names) if keyed else None
        if written is not None:
            keys, texts = written
            more = len(texts) > limit
            text = f"[{','.join(texts[:limit])}]".encode()
            end = keys[limit - 1] if more and limit else None
            return more, Page(rows=[], text=text, cursor=None if end is None else self._cursor(query, end))
        rows = self._rows.rows(_with_keys(wider, names))
        more = len(rows) > limit
        del rows[limit:]
        cursor = self._cursor(query, rows[-1]) if more and keyed and rows else None
        if query.fields is not None:
            _strip(rows, query, names)
        return more, Page(rows=rows, cursor=cursor, skip=query.skip + limit if more and cursor is None else None)

    def _cursor(self, query: Query, row: Mapping[str, Any]) -> str:
        """The cursor of a row, its points in time as finely as the data source orders them."""
        dated = [key.target.property for key in query.order if isinstance(key.target.property.type, DateTimeType)]
        names = [prop.name for prop in dated if row.get(prop.name) is not None]
        fine: Mapping[str, Any] = {}
        if names:
            ids = tuple(prop.name for prop in query.model.ids)
            fine = self._stores.fine_times(query.model, equals(query.model, ids, [row[name] for name in ids]), names)
        return cursor_of(query, {**row, **fine})

    def _total(self, query: Query, cursor: str | None, rows: int | None, *, more: bool) -> int:
        """Rows of the whole list: counted, where the page does not show it."""
        if rows is not None and not more and not cursor and (rows or not query.skip):
            return query.skip + rows
        return self._stores.count(query.model, query.where)


def _with_keys(query: Query, names: tuple[str, ...]) -> Query:
    """The query with the keys of its order among its fields."""
    if query.fields is None or not names:
        return query
    had = {prop.name for prop in query.fields}
    return replace(query, fields=(*query.fields, *_missing(query, names, had)))


def _missing(query: Query, names: tuple[str, ...], had: set[str]) -> list[Property]:
    return [query.model.properties[name] for name in names if name not in had]


def _strip(rows: list[Row], query: Query, names: tuple[str, ...]) -> None:
    had = {prop.name for prop in query.fields or ()}
    extra: list[Any] = [name for name in names if name not in had]
    for row in rows:
        for name in extra:
            row.pop(name, None)
