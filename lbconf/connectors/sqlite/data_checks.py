"""How SQLite says which rows would make a step fail."""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.sql.data_checks import CheckDialect
from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sql.script import text_literal
from lbconf.connectors.sqlite.conversions import KINDS, conversion
from lbconf.state.structure import Column, QualifiedName

__all__ = ["DIALECT"]

LONGEST: Final = 60
"""Characters of a value that are shown."""


def converted(before: Column, after: Column) -> str | None:
    """What is true of values that cannot become of the new type; empty where all can, None where nobody can say.

    Whether a value fits is looked at after SQLite has copied it into the new column, which may make a number of a
    text: of values that stay what they are the same can be said before.
    """
    name = quote(before.name)
    fits = conversion(before.type, after.type, name).fits
    if fits is not None and KINDS.get(before.type.name) != KINDS.get(after.type.name):
        return None
    return "" if fits is None else f"{name} IS NOT NULL AND NOT coalesce({fits}, 0)"


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
