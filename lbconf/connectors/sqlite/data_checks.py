"""How SQLite says which rows would make a step fail."""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.sql.data_checks import CheckDialect
from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sql.script import text_literal
from lbconf.connectors.sqlite.conversions import KINDS, conversion
from lbconf.state.structure import Column, QualifiedName

__all__ = ["DIALECT"]

TEXTUAL: Final = frozenset({"text", "decimal", "json", "clock", "day", "uuid"})
NUMBERS: Final = frozenset({"whole", "real"})
LONGEST: Final = 60
"""Characters of a value that are shown."""


def converted(before: Column, after: Column) -> str | None:
    """What is true of values that cannot become of the new type; empty where all can, None where nobody can say.

    Whether a value fits is looked at after SQLite has copied it into the new column, which makes a number of a text
    where it can; so does this.
    """
    name = quote(before.name)
    made = conversion(before.type, after.type, name)
    if made.fits is None:
        return ""
    value, kind = made.value, KINDS.get(after.type.name)
    if kind in NUMBERS and KINDS.get(before.type.name) in TEXTUAL:
        # A comparison makes a number of a text by the same rule as a column does.
        value = f"CASE WHEN CAST({value} AS NUMERIC) = {value} THEN CAST({value} AS NUMERIC) ELSE {value} END"
    if kind == "real":
        value = f"CASE typeof({value}) WHEN 'integer' THEN CAST({value} AS REAL) ELSE {value} END"
    return f"(SELECT {name} IS NOT NULL AND NOT coalesce({made.fits}, 0) FROM (SELECT {value} AS {name}))"


def joined(texts: Sequence[str]) -> str:
    """Texts one after the other."""
    return " || ".join(texts)


def name_text(name: QualifiedName) -> str:
    """A table; SQLite has no namespaces."""
    return quote(name.name)


def shown(expression: str) -> str:
    """A value as a text that is not too long."""
    return f"coalesce(substr(CAST({expression} AS TEXT), 1, {LONGEST}), 'NULL')"


DIALECT: Final = CheckDialect(
    quote=quote, name=name_text, literal=text_literal, shown=shown, joined=joined, converted=converted
)
