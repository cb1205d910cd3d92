"""Tables, columns and indexes as SQLite's definition language writes them.

Source: sqlite.org/lang_createtable.html, sqlite.org/lang_createindex.html.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sqlite.table_sql import replace_names
from lbconf.patterns import pattern
from lbconf.state.structure import Column, ForeignKey, Index, QualifiedName, Table

__all__ = ["column_clause", "counts", "create_index", "create_table", "is_constant", "name_list", "type_text"]

DESCENDING: Final = pattern(r" DESC\)")
"""In an option: the only part of a key, or the last, goes down."""
SIMPLE_DEFAULTS: Final = frozenset({"null", "true", "false"})


def create_table(table: Table, name: str | None = None) -> str:
    """The CREATE TABLE of a table with all its constraints, without its indexes; under another name if given."""
    key = table.primary_key
    said = _said(table)
    single = table.column(key.columns[0]) if key is not None and len(key.columns) == 1 else None
    # Behind the column an INTEGER PRIMARY KEY DESC is no row id, below the columns it is one.
    kept = single is not None and single.type.name == "INTEGER" and DESCENDING.search(said.get("primary_key", ""))
    inline = single is not None and (single.identity is not None or bool(kept))
    words = _inline(said.get("primary_key", ""))
    keyed = () if key is None or ("without_rowid", "true") in table.options else key.columns
    lines = [
        column_clause(column, key=words if inline and column is single else None, keyed=column.name in keyed)
        for column in table.columns
    ]
    if key is not None and not inline:
        lines.append(f"PRIMARY KEY {_parts(key.columns, said.get('primary_key', ''))}")
    lines += [
        f"CONSTRAINT {quote(unique.name)} UNIQUE {_parts(unique.columns, said.get(f'unique {unique.name}', ''))}"
        for unique in table.uniques
    ]
    lines += [f"CONSTRAINT {quote(check.name)} CHECK ({check.expression})" for check in table.checks]
    lines += [_foreign_key(part, implied=f"references {part.name}" in said) for part in table.foreign_keys]
    flag = {"strict": "STRICT", "without_rowid": "WITHOUT ROWID"}
    options = [flag[option] for option, on in table.options if option in flag and on == "true"]
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {quote(name or table.name.name)} (\n  {body}\n){' ' if options else ''}{', '.join(options)}"


def column_clause(column: Column, *, key: str | None = None, keyed: bool = False) -> str:
    """A column of CREATE TABLE.

    Args:
        column: The column.
        key: Of the counted primary key what follows these words; None for another column.
        keyed: Whether it is part of the primary key of a table with row ids.
    """
    words = [quote(column.name), type_text(column)]
    options = dict(column.options)
    if key is not None:
        words.append(f"PRIMARY KEY {key}".rstrip())
        if column.identity is not None and column.identity.kind == "autoincrement":
            words.append("AUTOINCREMENT")
    # SQLite takes NULL for a row id to count, and into other keys where the table has row ids.
    usual = "false" if column.identity is not None else "true"
    bare = keyed and options.get("not_null", usual) == "false"
    if not column.nullable and not bare:
        words.append("NOT NULL")
        if "on_conflict" in options:
            words.append(f"ON CONFLICT {options['on_conflict']}")
    if column.default is not None:
        words.append(f"DEFAULT {_default(column.default.expression)}")
    if column.collation is not None:
        words.append(f"COLLATE {column.collation}")
    if column.generated is not None:
        words.append(f"GENERATED ALWAYS AS ({column.generated}) {'VIRTUAL' if column.virtual else 'STORED'}")
    return " ".join(words)


def create_index(table: QualifiedName, index: Index) -> str:
    """The CREATE INDEX of an index."""
    parts = []
    for part in index.parts:
        text = quote(part.column) if part.column is not None else f"({part.expression})"
        collation = f" COLLATE {part.collation}" if part.collation else ""
        parts.append(f"{text}{collation}{' DESC' if part.descending else ''}")
    where = f" WHERE {index.where}" if index.where else ""
    unique = "UNIQUE " if index.unique else ""
    return f"CREATE {unique}INDEX {quote(index.name)} ON {quote(table.name)} ({', '.join(parts)}){where}"


def counts(table: Table, name: str) -> bool:
    """Whether SQLite counts the column up."""
    column = table.column(name)
    return column is not None and column.identity is not None


def type_text(column: Column) -> str:
    """`varchar(20)`: the type as it is declared."""
    arguments = column.type.arguments
    return f"{column.type.name}({','.join(map(str, arguments))})" if arguments else column.type.name


def _default(expression: str) -> str:
    return expression if is_constant(expression) else f"({expression})"


def is_constant(expression: str) -> bool:
    """Whether it is a literal that needs no parentheses, and that ADD COLUMN takes."""
    if expression.lower() in SIMPLE_DEFAULTS:
        return True
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        return "'" not in expression[1:-1].replace("''", "")
    try:
        float(expression.replace(" ", ""))
    except ValueError:
        return False
    return expression.lower().strip("+-") not in {"nan", "inf", "infinity"}


def _said(table: Table) -> Mapping[str, str]:
    """The table's options, with the new names of columns that were renamed."""
    renamed = {column.renamed_from.lower(): column.name for column in table.columns if column.renamed_from is not None}
    return {name: replace_names(text, renamed) if renamed else text for name, text in table.options}


def _inline(said: str) -> str:
    """What of an option of the primary key can stand behind a column."""
    words = said.rpartition(")")[2].strip()
    return f"DESC {words}".rstrip() if DESCENDING.search(said) else words


def _parts(columns: Sequence[str], said: str) -> str:
    """The parts of a key, and what it does in a conflict; `said` may have both."""
    return said if said.startswith("(") else f"({name_list(columns)}) {said}".rstrip()


def _foreign_key(key: ForeignKey, *, implied: bool) -> str:
    text = f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({name_list(key.columns)}) REFERENCES {quote(key.target.name)}"
    if key.target_columns and not implied:  # none: a table that is not there yet, by its key
        text += f" ({name_list(key.target_columns)})"
    for event, action in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
        if action != "NO ACTION":
            text += f" ON {event} {action}"
    if key.deferrable is not None:
        text += f" DEFERRABLE INITIALLY {'DEFERRED' if key.deferrable == 'deferred' else 'IMMEDIATE'}"
    return text


def name_list(names: Sequence[str]) -> str:
    """Names in quotes, with commas between."""
    return ", ".join(quote(name) for name in names)
