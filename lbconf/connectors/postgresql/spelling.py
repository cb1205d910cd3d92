"""Names, types and parts of tables as PostgreSQL's definition language writes them.

Source: PostgreSQL manual, section 4.1 (lexical structure) and the pages CREATE TABLE, CREATE INDEX.
"""

from collections.abc import Iterable
from typing import Final

from lbconf.connectors.postgresql.reprint import reprinted
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    Sequence,
    Unique,
)

__all__ = [
    "STATISTICS",
    "check_clause",
    "column_clause",
    "comment_literal",
    "exclusion_clause",
    "foreign_key_clause",
    "identity_options",
    "included",
    "index_statement",
    "index_statements",
    "literal",
    "name_text",
    "parameters",
    "primary_key_clause",
    "quote",
    "sequence_name",
    "serial_type",
    "timing",
    "type_text",
    "unique_clause",
]

TIMES: Final = ("timestamp", "time")
STATISTICS: Final = "statistics."
"""Beginning of an index option that is the statistics target of a column, by its place."""
SERIALS: Final = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}


def quote(name: str) -> str:
    """An identifier, always in quotes, so that no reserved word or case matters."""
    return '"' + name.replace('"', '""') + '"'


def name_text(name: QualifiedName) -> str:
    """A qualified name in quotes."""
    return f"{quote(name.namespace)}.{quote(name.name)}" if name.namespace else quote(name.name)


def literal(text: str) -> str:
    """Text as a literal that means the same whatever `standard_conforming_strings` says."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def comment_literal(text: str | None) -> str:
    """A comment's text, `NULL` to remove it."""
    return "NULL" if text is None else literal(text)


def type_text(found: ColumnType) -> str:
    """A type as it is declared: `character varying(20)`, `timestamp(3) with time zone`, `"public"."mood"[]`."""
    array = "[]" * found.dimensions
    if found.enumeration is not None:
        return name_text(found.enumeration) + array
    arguments = f"({','.join(map(str, found.arguments))})" if found.arguments else ""
    head, _, rest = found.name.partition(" ")
    if head in TIMES and rest and arguments:
        return f"{head}{arguments} {rest}{array}"
    return f"{found.name}{arguments}{array}"


def serial_type(column: Column) -> str | None:
    """`serial`, `bigserial`, `smallserial` where that alone makes the column, else None."""
    identity = column.identity
    if identity is None or identity.kind != "serial" or column.nullable:
        return None
    plain = not identity_options(identity) and identity.type is None
    return SERIALS.get(column.type.name) if plain and not column.type.dimensions else None


def identity_options(identity: Identity | Sequence) -> str:
    """` START WITH s INCREMENT BY i ...`, only what is not the server's default; perhaps nothing."""
    said = (
        ("START WITH", identity.start),
        ("INCREMENT BY", identity.increment),
        ("MINVALUE", identity.minimum),
        ("MAXVALUE", identity.maximum),
        ("CACHE", identity.cache),
    )
    found = "".join(f" {words} {value}" for words, value in said if value is not None)
    return f"{found} CYCLE" if identity.cycle else found


def sequence_name(identity: Identity) -> str:
    """`SEQUENCE NAME ...` for one whose sequence has a name of its own, or nothing."""
    if identity.name is None:
        return ""
    return f"SEQUENCE NAME {name_text(identity.sequence or QualifiedName('', identity.name))}"


def column_clause(column: Column) -> str:
    """A column inside CREATE TABLE or after ADD COLUMN. Serials with options get their sequence separately."""
    serial = serial_type(column)
    words = [quote(column.name), serial or type_text(column.type)]
    if column.collation:
        words.append(f"COLLATE {column.collation}")
    identity = column.identity
    if column.generated is not None:
        words.append(f"GENERATED ALWAYS AS ({reprinted(column.generated)}) {'VIRTUAL' if column.virtual else 'STORED'}")
    elif identity is not None and identity.kind.startswith("identity"):
        how = "ALWAYS" if identity.kind == "identity-always" else "BY DEFAULT"
        options = f"{sequence_name(identity)}{identity_options(identity)}".strip()
        words.append(f"GENERATED {how} AS IDENTITY" + (f" ({options})" if options else ""))
    elif column.default is not None:
        words.append(f"DEFAULT {column.default.expression}")
    if not column.nullable and not serial:
        words.append("NOT NULL")
    return " ".join(words)


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(quote(name) for name in names)


def unique_clause(unique: Unique) -> str:
    """A unique constraint."""
    nulls = " NULLS NOT DISTINCT" if unique.nulls_not_distinct else ""
    behind = included(unique.include) + timing(unique.deferrable)
    return f"CONSTRAINT {quote(unique.name)} UNIQUE{nulls} ({_columns(unique.columns)}){behind}"


def primary_key_clause(key: PrimaryKey) -> str:
    """A primary key."""
    named = f"CONSTRAINT {quote(key.name)} " if key.name else ""
    return f"{named}PRIMARY KEY ({_columns(key.columns)}){included(key.include)}{timing(key.deferrable)}"


def exclusion_clause(exclusion: Exclusion) -> str:
    """An exclusion constraint."""
    return f"CONSTRAINT {quote(exclusion.name)} {exclusion.definition}"


def included(names: tuple[str, ...]) -> str:
    """` INCLUDE (...)`, or nothing."""
    return f" INCLUDE ({_columns(names)})" if names else ""


def timing(deferrable: str | None) -> str:
    """` DEFERRABLE ...`, or nothing."""
    return "" if not deferrable else " DEFERRABLE" + (" INITIALLY DEFERRED" if deferrable == "deferred" else "")


def check_clause(check: Check) -> str:
    """A check constraint."""
    behind = "" if not check.no_inherit else " NO INHERIT"
    if not check.enforced:
        behind += " NOT ENFORCED"
    elif not check.valid:
        behind += " NOT VALID"
    return f"CONSTRAINT {quote(check.name)} CHECK ({reprinted(check.expression)}){behind}"


def foreign_key_clause(key: ForeignKey) -> str:
    """A foreign key constraint, words that PostgreSQL assumes left out."""
    words = [
        f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({_columns(key.columns)})",
        f"REFERENCES {name_text(key.target)} ({_columns(key.target_columns)})",
    ]
    if key.match != "SIMPLE":
        words.append(f"MATCH {key.match}")
    if key.on_update != "NO ACTION":
        words.append(f"ON UPDATE {key.on_update}")
    if key.on_delete != "NO ACTION":
        chosen = f" ({_columns(key.set_columns)})" if key.set_columns else ""
        words.append(f"ON DELETE {key.on_delete}{chosen}")
    if key.deferrable:
        words.append(timing(key.deferrable).strip())
    if not key.valid:
        words.append("NOT VALID")
    return " ".join(words)


def _index_part(part: IndexPart) -> str:
    words = [quote(part.column) if part.column is not None else f"({reprinted(part.expression or '')})"]
    if part.collation:
        words.append(f"COLLATE {part.collation}")
    if part.operator_class:
        words.append(part.operator_class)
    if part.descending:
        words.append("DESC")
    if part.nulls_first is not None:
        words.append("NULLS FIRST" if part.nulls_first else "NULLS LAST")
    return " ".join(words)


def index_statement(table: QualifiedName, index: Index) -> str:
    """The statement that makes an index."""
    words = [
        f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {quote(index.name)} ON {name_text(table)}",
        f"USING {index.method} ({', '.join(map(_index_part, index.parts))})",
    ]
    if index.include:
        words.append(f"INCLUDE ({_columns(index.include)})")
    if index.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    stored = [(name, value) for name, value in index.options if not name.startswith(STATISTICS)]
    if stored:
        words.append(f"WITH ({parameters(stored)})")
    if index.where:
        words.append(f"WHERE {reprinted(index.where)}")
    return " ".join(words)


def index_statements(table: QualifiedName, index: Index) -> list[str]:
    """The statement that makes an index, and those for what belongs to it."""
    statements = [index_statement(table, index)]
    shown = name_text(QualifiedName(table.namespace, index.name))
    if index.comment is not None:
        statements.append(f"COMMENT ON INDEX {shown} IS {comment_literal(index.comment)}")
    statements.extend(
        f"ALTER INDEX {shown} ALTER COLUMN {name.removeprefix(STATISTICS)} SET STATISTICS {value}"
        for name, value in index.options
        if name.startswith(STATISTICS)
    )
    return statements


def parameters(options: Iterable[tuple[str, str]]) -> str:
    """Storage parameters as they are written: `fillfactor='70', autovacuum_enabled='false'`."""
    return ", ".join(f"{name}={literal(value)}" for name, value in options)
