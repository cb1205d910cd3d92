"""Views: what the text of a CREATE VIEW says, and its making again.

Source: sqlite.org/lang_createview.html.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from typing import Final

from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sqlite.mapping import canonical_type
from lbconf.connectors.sqlite.table_sql import TOKEN, Token, tokens
from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.structure import Column, Opaque, QualifiedName, View

__all__ = ["create_view", "drop_view", "inspected_views", "normal_view"]

HEADER: Final = "header"
"""The option with what stands before the query, where it is more than the name: a list of columns, mostly."""
PLAIN: Final = pattern(r"[A-Za-z_][A-Za-z0-9_]*")


def inspected_views(
    connection: sqlite3.Connection,
    views: Mapping[str, str],
    relations: Iterable[str],
    triggers: Mapping[str, list[tuple[str, str]]],
) -> tuple[View, ...]:
    """Views, sorted.

    Args:
        connection: Where they are.
        views: Their statements by name.
        relations: Names of all tables and views, which they may read.
        triggers: Name and statement of the triggers of each view.
    """
    known = {name.lower(): QualifiedName("", name) for name in relations}
    found: list[View] = []
    for name, sql in sorted(views.items()):
        try:
            rows = connection.execute("SELECT name, type FROM pragma_table_xinfo(?)", (name,)).fetchall()
        except sqlite3.OperationalError:
            # A view whose table is gone: SQLite keeps it, and so do we, without columns.
            rows = []
        header, query = _divided(sql)
        mentioned = {token.name.lower() for token in tokens(query) if token.kind in {"word", "quoted"}}
        found.append(
            View(
                name=QualifiedName("", name),
                columns=tuple(Column(name=column, type=canonical_type(declared)) for column, declared in rows),
                definition=query,
                options=() if header in _headers(name) else ((HEADER, header),),
                opaque=tuple(
                    Opaque(kind="trigger", name=trigger, definition=text)
                    for trigger, text in sorted(triggers.get(name, ()))
                ),
                depends_on=tuple(sorted(known[word] for word in mentioned & known.keys() if known[word].name != name)),
            )
        )
    return tuple(found)


def normal_view(view: View) -> View:
    """A view of a desired state as it will be reported."""
    return replace(
        view,
        name=QualifiedName("", view.name.name),
        definition=_trimmed(view.definition),
        options=tuple((name, text) for name, text in view.options if name == HEADER),
        materialized=False,
        indexes=(),
        comment=None,
    )


def create_view(view: View) -> list[str]:
    """Statements that make it, with its triggers."""
    header = dict(view.options).get(HEADER, _headers(view.name.name)[0])
    return [f"CREATE {header} {view.definition}", *(fact.definition for fact in view.opaque if fact.kind == "trigger")]


def drop_view(view: View) -> list[str]:
    """The statement that takes it away, with its triggers."""
    return [f"DROP VIEW {quote(view.name.name)}"]


def _headers(name: str) -> tuple[str, ...]:
    """How a view without a list of columns begins; the first is how lbconf writes it."""
    quoted = f"VIEW {quote(name)} AS"
    return (f"VIEW {name} AS", quoted) if PLAIN.fullmatch(name) and not _is_keyword(name) else (quoted,)


@cache
def _is_keyword(name: str) -> bool:
    """Whether the name needs quotes; the library that is here tells."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"CREATE TABLE {name} (a)")
        except sqlite3.Error:
            return True
    return False


def _divided(sql: str) -> tuple[str, str]:
    """What stands between CREATE and the query, with single spaces; and the query."""
    words: list[str] = []
    depth = 0
    for match in TOKEN.finditer(sql):
        token = Token(match.lastgroup or "symbol", match.group())
        if token.kind == "space":
            words.append(" ")
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        words.append(token.text)
        if token.keyword == "AS" and depth == 0:
            return " ".join("".join(words).split()).removeprefix("CREATE "), _trimmed(sql[match.end() :])
    return "", _trimmed(sql)


def _trimmed(query: str) -> str:
    return query.strip().rstrip(";").rstrip()
