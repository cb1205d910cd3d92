"""The actual state of a SQLite database.

Source: sqlite.org/pragma.html (table_xinfo, index_list, index_xinfo, foreign_key_list), sqlite.org/schematab.html.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from lbconf.connectors.contract import TableSize
from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sqlite.mapping import canonical_type
from lbconf.connectors.sqlite.table_sql import (
    TableText,
    canonical_default,
    index_text,
    table_text,
)
from lbconf.connectors.sqlite.views import inspected_views
from lbconf.records import dataclass, replace
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Opaque,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["inspect", "sizes"]

Part = TypeVar("Part", Check, ForeignKey, Unique)

OWN_PREFIX: Final = "_lbconf_"
BINARY: Final = "BINARY"
ALWAYS: Final = "ABORT"
"""What SQLite does in a conflict where nothing is said."""
EXPRESSION_COLUMN: Final = -2
HIDDEN_VIRTUAL: Final = 2
HIDDEN_GENERATED: Final = frozenset({HIDDEN_VIRTUAL, 3})
"""`hidden` of virtual and stored generated columns in table_xinfo."""

SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
SHADOWS: Final = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('shadow', 'virtual')"
COLUMNS: Final = (
    'SELECT m.name AS "table", x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden '
    "FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x WHERE m.type = ? ORDER BY m.name, x.cid"
)
INDEXES: Final = (
    'SELECT m.name AS "table", l.name AS "index", l."unique", l.origin, l.partial, x.cid, x.name, x."desc", x.coll '
    "FROM sqlite_schema AS m, pragma_index_list(m.name) AS l, pragma_index_xinfo(l.name) AS x "
    "WHERE m.type = 'table' AND x.key = 1 ORDER BY m.name, l.name, x.seqno"
)
FOREIGN_KEYS: Final = (
    'SELECT m.name AS "table", f.id, f.seq, f."table" AS target, f."from", f."to", f.on_update, f.on_delete, f."match" '
    "FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Catalogue:
    """Rows of the catalogue queries, by table."""

    sql: Mapping[str, str]
    columns: Mapping[str, list[Any]]
    indexes: Mapping[str, list[Any]]
    foreign_keys: Mapping[str, list[Any]]
    index_sql: Mapping[str, str]
    triggers: Mapping[str, list[tuple[str, str]]]


def inspect(connection: sqlite3.Connection) -> State:
    """Tables and views, lbconf's own left out. Raises `sqlite3.Error`."""
    rows = connection.execute(SCHEMA).fetchall()
    hidden = {name for (name,) in connection.execute(SHADOWS)}
    catalogue = _Catalogue(
        sql={name: sql or "" for kind, name, _, sql in rows if kind == "table" and _is_ours(name, hidden)},
        columns=_by_table(connection.execute(COLUMNS, ("table",))),
        indexes=_by_table(connection.execute(INDEXES)),
        foreign_keys=_by_table(connection.execute(FOREIGN_KEYS)),
        index_sql={name: sql for kind, name, _, sql in rows if kind == "index" and sql},
        triggers=_triggers(rows),
    )
    tables = [_table(name, catalogue) for name in sorted(catalogue.sql)]
    views = {name: sql or "" for kind, name, _, sql in rows if kind == "view"}
    virtual = tuple(
        Opaque(kind="virtual table", name=name, definition=sql or "")
        for kind, name, _, sql in rows
        if kind == "table" and name in hidden and (sql or "").upper().startswith("CREATE VIRTUAL")
    )
    return State(
        tables=tuple(_with_exact_targets(tables)),
        views=inspected_views(connection, views, [*catalogue.sql, *views], catalogue.triggers),
        opaque=virtual,
    )


def sizes(connection: sqlite3.Connection, tables: Sequence[QualifiedName]) -> dict[QualifiedName, TableSize]:
    """Rows of each of these tables that exists, counted; bytes from `dbstat` where this build has it."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    found: dict[QualifiedName, TableSize] = {}
    for table in tables:
        if table.name in there:
            quoted = '"' + table.name.replace('"', '""') + '"'
            (rows,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
            found[table] = TableSize(rows=rows, bytes=_bytes(connection, table.name))
    return found


def _is_ours(name: str, hidden: Iterable[str]) -> bool:
    return name not in hidden and not name.startswith(OWN_PREFIX)


def _by_table(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(tuple(row)[1:])
    return found


def _triggers(rows: Iterable[Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, name, table, sql in rows:
        if kind == "trigger":
            found[table].append((name, sql or ""))
    return found


def _table(name: str, catalogue: _Catalogue) -> Table:
    text = table_text(catalogue.sql[name])
    rows = catalogue.columns[name]
    key_rows = sorted((row for row in rows if row[4]), key=lambda row: row[4])
    key = tuple(row[0] for row in key_rows)
    key_parts = [row for row in catalogue.indexes[name] if row[2] == "pk"]
    rowid = len(key) == 1 and canonical_type(key_rows[0][1]) == ColumnType("INTEGER") and not key_parts
    indexes, uniques, options = _indexes(name, catalogue, text)
    options |= {flag: "true" for flag in ("strict", "without_rowid") if getattr(text, flag)}
    options |= _as_written("primary_key", key_parts, text, text.conflicts.get("PRIMARY KEY"))
    foreign_keys, implied = _foreign_keys(name, catalogue, text)
    options |= {f"references {key}": "key" for key in implied}
    opaque = [Opaque(kind="trigger", name=t, definition=sql) for t, sql in sorted(catalogue.triggers[name])]
    return Table(
        name=QualifiedName("", name),
        columns=tuple(_column(row, text, is_rowid=rowid and row[0] == key[0]) for row in rows),
        primary_key=PrimaryKey(name=None, columns=key) if key else None,
        uniques=uniques,
        indexes=indexes,
        foreign_keys=foreign_keys,
        checks=tuple(
            sorted(
                _told_apart(
                    Check(name=check or f"{name}_check{number}", expression=expression)
                    for number, (check, expression) in enumerate(text.checks, start=1)
                ),
                key=lambda check: check.name,
            )
        ),
        options=tuple(sorted(options.items())),
        opaque=tuple(opaque),
    )


def _column(row: Any, text: TableText, *, is_rowid: bool) -> Column:
    name, declared, notnull, default, key, hidden = row
    options = {}
    if key and bool(notnull) == is_rowid and not text.without_rowid:
        options["not_null"] = "true" if notnull else "false"
    action = text.conflicts.get(f"NOT NULL {name.lower()}", ALWAYS)
    if action != ALWAYS:
        options["on_conflict"] = action
    folded = name.lower()
    declared = declared.upper().removesuffix("GENERATED ALWAYS")
    kind = "autoincrement" if text.autoincrement else "rowid"
    collation = text.collations.get(folded)
    return Column(
        name=name,
        type=canonical_type(declared),
        nullable=not (notnull or key),
        # A row id counts up whatever its default says.
        default=None if default is None or is_rowid else Default(canonical_default(default)),
        identity=Identity(kind=kind) if is_rowid else None,
        generated=text.generated.get(folded) if hidden in HIDDEN_GENERATED else None,
        virtual=hidden == HIDDEN_VIRTUAL,
        collation=None if collation is None or collation.upper() == BINARY else collation.upper(),
        options=tuple(sorted(options.items())),
    )


def _indexes(
    name: str, catalogue: _Catalogue, text: TableText
) -> tuple[tuple[Index, ...], tuple[Unique, ...], dict[str, str]]:
    """Indexes, unique constraints, and the options that say of these what is more than columns."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in catalogue.indexes[name]:
        grouped[row[0]].append(row)
    indexes: list[Index] = []
    uniques: list[tuple[Unique, list[Any]]] = []
    for index, rows in grouped.items():
        unique, origin, partial = rows[0][1:4]
        columns = tuple(str(row[5]) for row in rows)
        if origin == "u":
            named = text.uniques.get(tuple(column.lower() for column in columns))
            uniques.append((Unique(name=named or f"{name}_{'_'.join(columns)}_key", columns=columns), rows))
        elif origin == "c":
            written = index_text(catalogue.index_sql[index])
            parts = tuple(_part(row, said, text) for row, said in zip(rows, written.parts, strict=True))
            where = written.where if partial else None
            indexes.append(Index(name=index, parts=parts, unique=bool(unique), where=where))
    options: dict[str, str] = {}
    told = tuple(_told_apart(unique for unique, _ in uniques))
    for unique, (_, rows) in zip(told, uniques, strict=True):
        owner = f"UNIQUE {', '.join(unique.columns).lower()}"
        options |= _as_written(f"unique {unique.name}", rows, text, text.conflicts.get(owner))
    return tuple(sorted(indexes, key=lambda i: i.name)), tuple(sorted(told, key=lambda u: u.name)), options


def _as_written(option: str, rows: Iterable[Any], text: TableText, action: str | None) -> dict[str, str]:
    """An option with the parts of a key, where they say more than columns, and with what it does in a conflict."""
    parts, plain = [], True
    for *_, column, descending, collation in rows:
        part = quote(str(column))
        if text.collations.get(str(column).lower(), BINARY).upper() != collation.upper():
            part += f" COLLATE {collation.upper()}"
        part += " DESC" if descending else ""
        plain = plain and part == quote(str(column))
        parts.append(part)
    words = [] if plain else [f"({', '.join(parts)})"]
    if action is not None and action != ALWAYS:
        words.append(f"ON CONFLICT {action}")
    return {option: " ".join(words)} if words else {}


def _part(row: Any, said: str, text: TableText) -> IndexPart:
    cid, column, descending, collation = row[4:8]
    own = BINARY if column is None else text.collations.get(column.lower(), BINARY)
    said_collation = None if collation is None or collation.upper() == own.upper() else collation.upper()
    if cid == EXPRESSION_COLUMN:
        return IndexPart(expression=said, descending=bool(descending), collation=said_collation)
    return IndexPart(column=column, descending=bool(descending), collation=said_collation)


def _foreign_keys(name: str, catalogue: _Catalogue, text: TableText) -> tuple[tuple[ForeignKey, ...], tuple[str, ...]]:
    """Foreign keys, and the names of those that lead to a key without naming its columns."""
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in catalogue.foreign_keys[name]:
        grouped[row[0]].append(row[1:])
    found: list[ForeignKey] = []
    for number, rows in grouped.items():
        # The pragma counts from the last one written to the first.
        place = len(grouped) - 1 - number
        named, deferrable = text.foreign_keys[place] if place < len(text.foreign_keys) else (None, None)
        columns = tuple(row[2] for row in rows)
        _, target, _, to, on_update, on_delete, _ = rows[0]
        found.append(
            ForeignKey(
                name=named or f"{name}_{'_'.join(columns)}_fkey",
                columns=columns,
                target=QualifiedName("", target),
                target_columns=() if to is None else tuple(row[3] for row in rows),
                on_delete=on_delete,
                on_update=on_update,
                deferrable=deferrable,
            )
        )
    told = tuple(sorted(_told_apart(found), key=lambda key: key.name))
    return told, tuple(key.name for key in told if not key.target_columns)


def _told_apart(parts: Iterable[Part]) -> Iterator[Part]:
    """SQLite lets constraints share a name; here the second one gets a number."""
    taken: set[str] = set()
    for part in parts:
        name, number = part.name, 2
        while name.lower() in taken:
            name, number = f"{part.name}_{number}", number + 1
        taken.add(name.lower())
        yield part if name == part.name else replace(part, name=name)


def _with_exact_targets(tables: Sequence[Table]) -> Iterable[Table]:
    """Targets spelled as the table is, and the target's key where a foreign key names no columns."""
    known = {table.name.name.lower(): table for table in tables}
    for table in tables:
        keys = []
        for key in table.foreign_keys:
            target = known.get(key.target.name.lower())
            if target is not None:
                implied = target.primary_key.columns if target.primary_key is not None else ()
                implied = implied if len(implied) == len(key.columns) else ()
                key = replace(key, target=target.name, target_columns=key.target_columns or implied)  # noqa: PLW2901
            keys.append(key)
        yield replace(table, foreign_keys=tuple(keys))


def _bytes(connection: sqlite3.Connection, table: str) -> int | None:
    try:
        row = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)", (table,)
        ).fetchone()
    except sqlite3.OperationalError:
        return None
    return int(row[0]) if row[0] is not None else None
