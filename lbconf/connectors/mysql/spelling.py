"""Names, types and parts of tables as the definition language of MySQL and MariaDB writes them.

Names stand in backticks, which every SQL mode takes; texts have their
backslashes doubled, as the server's usual mode needs it.

Source: MySQL 8.0 Reference Manual, section 15.1 (CREATE TABLE, ALTER TABLE, CREATE INDEX); MariaDB documentation.
"""

from collections.abc import Iterable
from typing import Final

from lbconf.connectors.mysql.defaults import literal
from lbconf.connectors.mysql.partitions import partition_clause
from lbconf.connectors.mysql.server import Server
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    ForeignKey,
    Index,
    IndexPart,
    Options,
    PrimaryKey,
    QualifiedName,
    Table,
    Unique,
)

__all__ = [
    "check_clause",
    "check_name",
    "column_clause",
    "create_table",
    "foreign_key_clause",
    "index_clause",
    "name_text",
    "option_clauses",
    "primary_key_clause",
    "quote",
    "quoted",
    "type_text",
    "unique_clause",
]

OPTION_WORDS: Final = {"charset": "DEFAULT CHARACTER SET", "collation": "COLLATE", "engine": "ENGINE"}
BARE_OPTIONS: Final = {"system_versioning": "WITH SYSTEM VERSIONING"}
TEXT_OPTIONS: Final = frozenset({"connection", "compression", "encryption", "data directory", "index directory"})
METHODS: Final = {"hash": "HASH"}


def quote(name: str) -> str:
    """An identifier, always in backticks, so that no reserved word matters."""
    return "`" + name.replace("`", "``") + "`"


def quoted(names: Iterable[str]) -> str:
    """Identifiers with commas between."""
    return ", ".join(quote(name) for name in names)


def name_text(name: QualifiedName) -> str:
    """A table's name; without a database where it is the connection's own."""
    return f"{quote(name.namespace)}.{quote(name.name)}" if name.namespace else quote(name.name)


def type_text(found: ColumnType) -> str:
    """A column's type: `int(6) unsigned zerofill`, `enum('a','b')`."""
    inside = ",".join(literal(value) for value in found.values) or ",".join(map(str, found.arguments))
    text = f"{found.name}({inside})" if inside else found.name
    if found.zerofill:
        return f"{text} unsigned zerofill"
    return f"{text} unsigned" if found.unsigned else text


def column_clause(column: Column, server: Server) -> str:
    """A column with every attribute, as CREATE TABLE, ADD COLUMN and MODIFY COLUMN need it."""
    options = dict(column.options)
    words = [quote(column.name), type_text(column.type)]
    if "width" in options and server.mariadb and not column.type.arguments:
        words[-1] = words[-1].replace(column.type.name, f"{column.type.name}({options['width']})", 1)
    if options.get("compressed") == "true" and server.mariadb:
        words[-1] += " COMPRESSED"
    if column.charset:
        words.append(f"CHARACTER SET {column.charset}")
    if column.collation:
        words.append(f"COLLATE {column.collation}")
    if "srid" in options:
        words.append(f"REF_SYSTEM_ID={options['srid']}" if server.mariadb else f"SRID {options['srid']}")
    words.extend(_values(column, server))
    if options.get("invisible") == "true":
        words.append("INVISIBLE")
    if column.comment:
        words.append(f"COMMENT {literal(column.comment)}")
    if "check" in options:
        words.append(f"CHECK ({options['check']})")
    return " ".join(words)


def primary_key_clause(key: PrimaryKey) -> str:
    """`PRIMARY KEY (...)`."""
    lengths = key.lengths or (None,) * len(key.columns)
    parts = (
        quote(column) + (f"({length})" if length else "") for column, length in zip(key.columns, lengths, strict=True)
    )
    return f"PRIMARY KEY ({', '.join(parts)})"


def unique_clause(unique: Unique) -> str:
    """`UNIQUE KEY ...`."""
    return f"UNIQUE KEY {quote(unique.name)} ({quoted(unique.columns)})"


def index_clause(index: Index, server: Server) -> str:
    """An index inside CREATE TABLE, or after ADD."""
    kind = {"fulltext": "FULLTEXT ", "spatial": "SPATIAL "}.get(index.method, "UNIQUE " if index.unique else "")
    options = dict(index.options)
    text = f"{kind}KEY {quote(index.name)} ({', '.join(_part(part) for part in index.parts)})"
    if index.method in METHODS:
        text += f" USING {METHODS[index.method]}"
    if "parser" in options:
        text += f" WITH PARSER {options['parser']}"
    if index.comment:
        text += f" COMMENT {literal(index.comment)}"
    if options.get("invisible") == "true":
        text += " IGNORED" if server.mariadb else " INVISIBLE"
    return text


def foreign_key_clause(key: ForeignKey, server: Server) -> str:
    """A foreign key with its actions.

    What the server would do anyway is not said: MariaDB remembers a RESTRICT that is said as NO ACTION, where it
    adds the key in place.
    """
    usual = "RESTRICT" if server.mariadb else "NO ACTION"
    actions = (("DELETE", key.on_delete), ("UPDATE", key.on_update))
    said = "".join(f" ON {event} {action}" for event, action in actions if action != usual)
    return (
        f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({quoted(key.columns)}) REFERENCES {name_text(key.target)}"
        f" ({quoted(key.target_columns)}){said}"
    )


def check_clause(check: Check, server: Server) -> str:
    """A check of the table."""
    enforced = "" if check.enforced or server.mariadb else " NOT ENFORCED"
    return f"CONSTRAINT {quote(check.name)} CHECK ({check.expression}){enforced}"


def check_name(name: str, server: Server) -> str:
    """A check after DROP; MySQL before 8.0.19 has no other word for it."""
    return f"{'CONSTRAINT' if server.mariadb else 'CHECK'} {quote(name)}"


def option_clauses(options: Options) -> list[str]:
    """The options of a table, each as ALTER TABLE takes it."""
    found = []
    for name, value in options:
        if name in BARE_OPTIONS:
            found.append(BARE_OPTIONS[name])
        elif name in OPTION_WORDS:
            found.append(f"{OPTION_WORDS[name]} {value}" if name == "charset" else f"{OPTION_WORDS[name]}={value}")
        elif name in TEXT_OPTIONS:
            found.append(f"{name.upper()}={literal(value)}")
        else:
            found.append(f"{name.upper()}={value}")
    # The character set has to be said before a collation of it.
    return sorted(found, key=lambda text: (not text.startswith("DEFAULT"), text))


def create_table(table: Table, server: Server, *, keys: Iterable[ForeignKey] = ()) -> str:
    """CREATE TABLE with everything that belongs to the table; of foreign keys only these."""
    clauses = [column_clause(column, server) for column in table.columns]
    if table.primary_key is not None:
        clauses.append(primary_key_clause(table.primary_key))
    clauses.extend(unique_clause(unique) for unique in table.uniques)
    clauses.extend(index_clause(index, server) for index in table.indexes)
    clauses.extend(check_clause(check, server) for check in table.checks)
    clauses.extend(foreign_key_clause(key, server) for key in keys)
    options = option_clauses(table.options)
    if table.comment:
        options.append(f"COMMENT={literal(table.comment)}")
    tail = f" {' '.join(options)}" if options else ""
    body = ",\n  ".join(clauses)
    return f"CREATE TABLE {name_text(table.name)} (\n  {body}\n){tail}{partition_clause(table)}"


def _values(column: Column, server: Server) -> Iterable[str]:
    """Where a column's values come from."""
    if column.generated is not None:
        yield f"GENERATED ALWAYS AS ({column.generated}) {'VIRTUAL' if column.virtual else 'STORED'}"
        if not column.nullable and not server.mariadb:
            yield "NOT NULL"
        return
    # Said in any case: a TIMESTAMP of some servers is NOT NULL unless told otherwise.
    yield "NULL" if column.nullable else "NOT NULL"
    if column.identity is not None:
        yield "AUTO_INCREMENT"
    elif column.default is not None:
        yield f"DEFAULT {column.default.expression}"
    if column.on_update:
        # The digits have to be the column's own, whatever is there now.
        digits = f"({column.type.arguments[0]})" if column.type.arguments else ""
        moves = column.on_update.startswith("CURRENT_TIMESTAMP")
        yield f"ON UPDATE {f'CURRENT_TIMESTAMP{digits}' if moves else column.on_update}"


def _part(part: IndexPart) -> str:
    text = f"({part.expression})" if part.column is None else quote(part.column)
    if part.length:
        text += f"({part.length})"
    return f"{text} DESC" if part.descending else text
