"""The actual state of MySQL or MariaDB databases, from a fixed number of catalogue queries.

A unique index over whole columns in the usual order is a `Unique` here, since
the servers know no difference; every other unique index is an `Index`. Facts
that are as the database or the server would have them anyway (engine,
character set and collation) are left out, and so are the indexes that foreign
keys make for themselves.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final

from lbconf.connectors.mysql import catalogue
from lbconf.connectors.mysql.defaults import instant, printed_default, printed_expression
from lbconf.connectors.mysql.implied import plain_columns, without_implied
from lbconf.connectors.mysql.mapping import canonical_type
from lbconf.connectors.mysql.partitions import partition_scheme, partitions_of
from lbconf.connectors.mysql.session import Session, sql_mode
from lbconf.connectors.mysql.view_texts import columns_read
from lbconf.records import dataclass, replace
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Opaque,
    Options,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
    View,
)

__all__ = ["STRUCTURE_MODE", "Defaults", "charset_of", "inspect", "inspected", "speaking", "unique_parts"]

STRUCTURE_MODE: Final = "ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
"""The SQL mode of statements about structure: backslashes count, as in all that the server prints."""
PRINTING_MODE: Final = "STRICT_ALL_TABLES"
"""The SQL mode in which the server prints names in backticks."""
CREATE_OPTION: Final = re.compile(r"`?(?P<name>\w+)`?=(?P<value>'(?:[^']|'')*'|\S+)")
COMPRESSED: Final = re.compile(r"\s*/\*M?!\d* ?COMPRESSED\*/", re.IGNORECASE)
JSON_CHECK: Final = re.compile(r"^json_valid\(`(?P<column>(?:[^`]|``)+)`\)$", re.IGNORECASE)
ON_UPDATE: Final = re.compile(r"on update (?P<moment>[a-z_]+(?:\(\d?\))?)", re.IGNORECASE)
NAMES: Final = re.compile(r"`((?:[^`]|``)+)`")
WIDTH: Final = re.compile(r"(?:tiny|small|medium|big)?int\((?P<digits>\d+)\)")
WIDTHS: Final = {"tinyint": 4, "smallint": 6, "mediumint": 9, "int": 11, "bigint": 20}
NOT_OPTIONS: Final = frozenset({"partitioned", "page_checksum"})
"""What every table of Aria says, and goes on saying in another engine."""

Key = tuple[str, str]
"""Database and table."""
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a table is like that does not say otherwise."""

    database: str
    """The data source's own, which is the namespace ""."""
    engine: str
    collations: tuple[tuple[str, str], ...]
    """(namespace, collation of its new tables)."""

    def collation(self, namespace: str) -> str:
        """The collation of new tables there."""
        return dict(self.collations).get(namespace, "")

    def namespace(self, database: str) -> str:
        """The namespace of a database."""
        return "" if database == self.database else database


def inspect(session: Session, namespaces: Sequence[str] | None = None) -> State:
    """The actual state of the data source's own database and of these others, lbconf's own tables left out."""
    return inspected(session, namespaces)[0]


def inspected(session: Session, namespaces: Sequence[str] | None = None) -> tuple[State, Defaults]:
    """The state, and what its tables do not say because it is usual."""
    with speaking(session, PRINTING_MODE):
        ((own,),) = session.rows("SELECT database()")
        asked = sorted({own, *(name for name in namespaces or () if name)})
        there = {name: _utf8(collation) for name, collation in session.rows(catalogue.DATABASES)}
        ((engine,),) = session.rows(catalogue.DEFAULT_ENGINE)
        defaults = Defaults(
            database=own,
            engine=engine,
            collations=tuple(("" if name == own else name, there[name]) for name in asked if name in there),
        )
        asked = [name for name in asked if name in there]
        texts = catalogue.queries(session.server, len(asked))
        return _state(session, texts, asked, defaults), defaults


@contextmanager
def speaking(session: Session, mode: str) -> Iterator[None]:
    """In this SQL mode; afterwards in the session's usual one."""
    session.execute(f"SET SESSION sql_mode = '{mode}'")
    try:
        yield
    finally:
        if not session.broken:
            session.execute(f"SET SESSION sql_mode = '{sql_mode(session.server)}'")


def charset_of(collation: str) -> str:
    """The character set that a collation belongs to."""
    return collation.partition("_")[0]


def unique_parts(index: Index) -> tuple[str, ...] | None:
    """The columns of a unique index that is a `Unique`; None for any other index."""
    return plain_columns(index) if index.unique else None


def _utf8(name: str | None) -> str:
    """The name of a character set or collation; older servers call utf8mb3 just utf8."""
    found = name or ""
    return "utf8mb3" + found[4:] if found == "utf8" or found.startswith("utf8_") else found


def _state(session: Session, texts: catalogue.Queries, asked: list[str], defaults: Defaults) -> State:
    mariadb = session.server.mariadb

    def rows(sql: str) -> Rows:
        return session.rows(sql, asked)

    relations = rows(texts.tables)
    own = f"`{defaults.database.replace('`', '``')}`."
    collations = {(row[0], row[1]): _utf8(row[4]) for row in relations}
    checks: defaultdict[Key, list[Check]] = defaultdict(list)
    of_columns: defaultdict[Key, list[tuple[str, str]]] = defaultdict(list)
    for database, table, name, level, clause, enforced in rows(texts.checks):
        text = clause if mariadb else printed_expression(clause)
        if level == "Column":
            of_columns[database, table].append((name, text))
        else:
            checks[database, table].append(Check(name=name, expression=text, enforced=bool(enforced)))
    columns: defaultdict[Key, list[Column]] = defaultdict(list)
    for key, group in groupby(rows(texts.columns), key=lambda row: (row[0], row[1])):
        described = list(group)
        told = _column_checks(of_columns[key], [row[2] for row in described])
        collation = collations.get(key, "")
        found = [_column(row, collation, told.get(row[2]), mariadb=mariadb) for row in described]
        columns[key] = [_at_home(column, own) if key[0] == defaults.database else column for column in found]
    indexes = _indexes(rows(texts.indexes), mariadb=mariadb)
    keys = _foreign_keys(rows(texts.foreign_keys), rows(texts.rules), defaults)
    parts: defaultdict[Key, list[Sequence[Any]]] = defaultdict(list)
    for row in rows(texts.partitions):
        parts[row[0], row[1]].append(row)
    triggers: defaultdict[Key, list[Opaque]] = defaultdict(list)
    for database, table, name, timing, event, body in rows(texts.triggers):
        triggers[database, table].append(
            Opaque(kind="trigger", name=name, definition=f"{timing} {event} ON `{table}` FOR EACH ROW {body}")
        )
    tables: list[Table] = []
    opaque: list[Opaque] = []
    for row in relations:
        key, kind = (row[0], row[1]), row[2]
        name = QualifiedName(defaults.namespace(row[0]), row[1])
        if kind == "SEQUENCE":
            opaque.append(Opaque(kind="sequence", name=str(name)))
        elif kind in {"BASE TABLE", "SYSTEM VERSIONED"}:
            table_found = Table(
                name=name,
                columns=tuple(columns[key]),
                foreign_keys=tuple(keys[key]),
                checks=tuple(sorted(checks[key], key=lambda check: check.name)),
                comment=row[6] or None,
                options=_options(row, defaults),
                partition_by=partition_scheme(parts[key]),
                partitions=partitions_of(parts[key], name.namespace),
                opaque=tuple(triggers[key]),
            )
            tables.append(without_implied(_with_indexes(table_found, indexes[key])))
    for database, routine, kind in rows(texts.routines):
        opaque.append(Opaque(kind=kind.lower(), name=str(QualifiedName(defaults.namespace(database), routine))))
    for database, event in rows(texts.events):
        opaque.append(Opaque(kind="event", name=str(QualifiedName(defaults.namespace(database), event))))
    return State(
        namespaces=tuple(sorted(name for name, _ in defaults.collations if name)),
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        views=tuple(_views(rows(texts.views), columns, {table.name for table in tables}, defaults)),
        opaque=tuple(sorted(opaque, key=lambda fact: (fact.kind, fact.name))),
    )


def _usual_width(kind: ColumnType) -> int:
    """The display width that MariaDB gives an integer by itself."""
    return WIDTHS[kind.name] - int(kind.unsigned and kind.name != "bigint")


def _column_checks(found: Sequence[tuple[str, str]], columns: Sequence[str]) -> Mapping[str, str]:
    """The checks of single columns, by column. MariaDB goes on naming a check after a column that was renamed."""
    checks: dict[str, str] = {}
    for name, text in found:
        used = [part.replace("``", "`") for part in NAMES.findall(text)]
        own = name if name in columns and (name in used or not used) else None
        own = own or next((column for column in used if column in columns and column not in checks), name)
        checks[own] = text
    return checks


def _column(row: Sequence[Any], table_collation: str, check: str | None, *, mariadb: bool) -> Column:
    name, written, extra = row[2], str(row[3]), str(row[6] or "")
    options: list[tuple[str, str]] = []
    if COMPRESSED.search(written):
        written = COMPRESSED.sub("", written)
        options.append(("compressed", "true"))
    kind = canonical_type(written)
    width = WIDTH.match(written)
    if width is not None and not kind.arguments and int(width["digits"]) != _usual_width(kind):
        options.append(("width", width["digits"]))
    charset, collation = _utf8(row[7]), _utf8(row[8])
    json = None if check is None else JSON_CHECK.match(check)
    if json and json["column"].replace("``", "`") == name and (kind.name, collation) == ("longtext", "utf8mb4_bin"):
        kind, check = ColumnType("json"), None
    if kind.name == "json":
        charset = collation = ""
    if check is not None:
        options.append(("check", check))
    if "INVISIBLE" in extra.upper():
        options.append(("invisible", "true"))
    if row[11] is not None:
        options.append(("srid", str(row[11])))
    generated = None
    if "VIRTUAL GENERATED" in extra.upper() or "STORED GENERATED" in extra.upper():
        generated = row[10] if mariadb else printed_expression(str(row[10]))
    moment = ON_UPDATE.search(extra)
    counted = "auto_increment" in extra
    return Column(
        name=name,
        type=kind,
        nullable=row[4] == "YES",
        default=None if generated or counted else printed_default(row[5], kind, mariadb=mariadb, extra=extra),
        identity=Identity(kind="autoincrement") if counted else None,
        generated=generated,
        virtual="VIRTUAL GENERATED" in extra.upper(),
        on_update=None if moment is None else instant(moment["moment"]),
        charset=charset if charset and charset != charset_of(table_collation) else None,
        collation=collation if collation and collation != table_collation else None,
        comment=row[9] or None,
        options=tuple(sorted(options)),
    )


def _indexes(rows: Rows, *, mariadb: bool) -> defaultdict[Key, list[Index]]:
    grouped: dict[tuple[str, str, str], list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault((row[0], row[1], row[2]), []).append(row)
    found: defaultdict[Key, list[Index]] = defaultdict(list)
    for (database, table, name), parts in grouped.items():
        first = parts[0]
        method = str(first[7]).lower()
        method = {"rtree": "spatial"}.get(method, method)
        found[database, table].append(
            Index(
                name=name,
                parts=tuple(_index_part(part, method, mariadb=mariadb) for part in parts),
                unique=not int(first[3]),
                method=method,
                comment=first[8] or None,
                options=(("invisible", "true"),) if first[9] else (),
            )
        )
    return found


def _index_part(row: Sequence[Any], method: str, *, mariadb: bool) -> IndexPart:
    expression = row[10] if row[4] is None else None
    if expression is not None and not mariadb:
        expression = printed_expression(str(expression))
    return IndexPart(
        column=row[4],
        expression=expression,
        descending=row[5] == "D",
        length=int(row[6]) if row[6] is not None and method not in {"spatial", "fulltext"} else None,
    )


def _with_indexes(table: Table, indexes: Iterable[Index]) -> Table:
    primary: PrimaryKey | None = None
    uniques: list[Unique] = []
    others: list[Index] = []
    for index in indexes:
        columns = unique_parts(index)
        if index.name == "PRIMARY":
            lengths = tuple(part.length for part in index.parts)
            primary = PrimaryKey(
                name=None,
                columns=tuple(part.column or "" for part in index.parts),
                lengths=lengths if any(lengths) else (),
            )
        elif columns is not None:
            uniques.append(Unique(name=index.name, columns=columns))
        else:
            others.append(index)
    return replace(
        table,
        primary_key=primary,
        uniques=tuple(sorted(uniques, key=lambda unique: unique.name)),
        indexes=tuple(sorted(others, key=lambda index: index.name)),
    )


def _foreign_keys(rows: Rows, rules: Rows, defaults: Defaults) -> defaultdict[Key, list[ForeignKey]]:
    actions = {(row[0], row[1], row[2]): (row[3], row[4]) for row in rules}
    grouped: dict[tuple[str, str, str], list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault((row[0], row[1], row[2]), []).append(row)
    found: defaultdict[Key, list[ForeignKey]] = defaultdict(list)
    for (database, table, name), parts in sorted(grouped.items()):
        on_delete, on_update = actions.get((database, table, name), ("NO ACTION", "NO ACTION"))
        found[database, table].append(
            ForeignKey(
                name=name,
                columns=tuple(part[3] for part in parts),
                target=QualifiedName(defaults.namespace(parts[0][4]), parts[0][5]),
                target_columns=tuple(part[6] for part in parts),
                on_delete=on_delete,
                on_update=on_update,
            )
        )
    return found


def _options(row: Sequence[Any], defaults: Defaults) -> Options:
    found: dict[str, str] = {}
    engine, collation = str(row[3] or ""), _utf8(row[4])
    if engine and engine.lower() != defaults.engine.lower():
        found["engine"] = engine
    if collation and collation != defaults.collation(defaults.namespace(row[0])):
        found["charset"], found["collation"] = charset_of(collation), collation
    if row[2] == "SYSTEM VERSIONED":
        found["system_versioning"] = "true"
    for option in CREATE_OPTION.finditer(str(row[5] or "")):
        value = option["value"]
        found[option["name"].lower()] = value[1:-1].replace("''", "'") if value.startswith("'") else value
    return tuple(sorted((name, value) for name, value in found.items() if name not in NOT_OPTIONS))


def _views(
    rows: Rows, columns: defaultdict[Key, list[Column]], tables: set[QualifiedName], defaults: Defaults
) -> Iterable[View]:
    names = {QualifiedName(defaults.namespace(row[0]), row[1]) for row in rows} | tables
    own = f"`{defaults.database.replace('`', '``')}`."
    for row in rows:
        text = str(row[2] or "")
        used = {
            QualifiedName(defaults.namespace(database.replace("``", "`")), table.replace("``", "`"))
            for database, table in re.findall(r"`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`", text)
        }
        options = {"check_option": row[3], "security": row[4], "algorithm": row[5]}
        usual = {"check_option": "NONE", "security": "DEFINER", "algorithm": "UNDEFINED"}
        yield View(
            name=QualifiedName(defaults.namespace(row[0]), row[1]),
            columns=tuple(
                replace(column, default=None, charset=None, collation=None, identity=None)
                for column in columns[row[0], row[1]]
            ),
            definition=_without_database(text, own) if not defaults.namespace(row[0]) else text,
            options=tuple(sorted((name, str(value)) for name, value in options.items() if value != usual[name])),
            depends_on=tuple(sorted(used & names - {QualifiedName(defaults.namespace(row[0]), row[1])})),
            depends_on_columns=columns_read(text, lambda one, two: QualifiedName(defaults.namespace(one), two)),
            in_place=True,
        )


def _at_home(column: Column, own: str) -> Column:
    """The column, its default without the name of its own database: a sequence's, say."""
    if column.default is None or own not in column.default.expression:
        return column
    return replace(
        column, default=replace(column.default, expression=_without_database(column.default.expression, own))
    )


def _without_database(text: str, own: str) -> str:
    """A query without the name of its own database, so that it means the same in any; texts stay as they are."""
    parts = re.split(r"('(?:[^'\\]|''|\\.)*')", text)
    return "".join(part if part.startswith("'") else part.replace(own, "") for part in parts)
