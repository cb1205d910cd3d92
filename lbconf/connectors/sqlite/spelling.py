"""Tables, columns and indexes as SQLite's definition language writes them.

Source: sqlite.org/lang_createtable.html, sqlite.org/lang_createindex.html.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from lbconf.connectors.sql.ddl import quote
from lbconf.state.structure import Column, ForeignKey, Index, QualifiedName, Table

__all__ = ["column_clause", "counts", "create_index", "create_table", "is_constant", "name_list", "type_text"]

Facts = Mapping[tuple[str, str], str]
"""What is there and models cannot say: kind and name to its SQL."""
NO_FACTS: Final[Facts] = {}
SIMPLE_DEFAULTS: Final = frozenset({"null", "true", "false"})


def create_table(table: Table, name: str | None = None) -> str:
    """The CREATE TABLE of a table with all its constraints, without its indexes; under another name if given."""
    key = table.primary_key
    inline = key is not None and len(key.columns) == 1 and counts(table, key.columns[0])
    facts = {(fact.kind, fact.name): fact.definition for fact in table.opaque}
    lines = [
        column_clause(column, key=inline and key is not None and column.name == key.columns[0], facts=facts)
        for column in table.columns
    ]
    if key is not None and not inline:
        lines.append(_key("PRIMARY KEY", key.columns, facts))
    lines += [f"CONSTRAINT {quote(unique.name)} {_key('UNIQUE', unique.columns, facts)}" for unique in table.uniques]
    lines += [f"CONSTRAINT {quote(check.name)} CHECK ({check.expression})" for check in table.checks]
    lines += [_foreign_key(key) for key in table.foreign_keys]
    words = {"strict": "STRICT", "without_rowid": "WITHOUT ROWID"}
    options = [words[option] for option, on in table.options if option in words and on == "true"]
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {quote(name or table.name.name)} (\n  {body}\n){' ' if options else ''}{', '.join(options)}"


def column_clause(column: Column, *, key: bool = False, facts: Facts = NO_FACTS) -> str:
    """A column of CREATE TABLE; `key`: it is the counted primary key."""
    words = [quote(column.name), type_text(column)]
    names = (column.name,) if column.renamed_from is None else (column.name, column.renamed_from)
    if key:
        words.append(f"PRIMARY KEY {facts.get(('on-conflict', 'PRIMARY KEY'), '')}".rstrip())
        if column.identity is not None and column.identity.kind == "autoincrement":
            words.append("AUTOINCREMENT")
    if not column.nullable:
        clause = next(
            (facts[place] for name in names if (place := ("on-conflict", f"NOT NULL {name.lower()}")) in facts), ""
        )
        words.append(f"NOT NULL {clause}".rstrip())
    if column.default is not None:
        words.append(f"DEFAULT {_default(column.default.expression)}")
    if column.collation is not None:
        words.append(f"COLLATE {column.collation}")
    if column.generated is not None:
        kept = "VIRTUAL" if any(("virtual-column", name) in facts for name in names) else "STORED"
        words.append(f"GENERATED ALWAYS AS ({column.generated}) {kept}")
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


def _key(word: str, columns: Sequence[str], facts: Facts) -> str:
    """A key with the collations and the conflict clause that only SQL can say."""
    written = facts.get(("collated-key", f"{word} {', '.join(columns)}"), f"({name_list(columns)})")
    owner = word if word == "PRIMARY KEY" else f"{word} {', '.join(columns).lower()}"
    return f"{word} {written} {facts.get(('on-conflict', owner), '')}".rstrip()


def _foreign_key(key: ForeignKey) -> str:
    text = f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({name_list(key.columns)}) REFERENCES {quote(key.target.name)}"
    if key.target_columns:  # none: a table that is not there yet, by its key
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
