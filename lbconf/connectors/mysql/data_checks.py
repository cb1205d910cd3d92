"""How MySQL and MariaDB say which rows would make a step fail."""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.mysql.defaults import literal
from lbconf.connectors.mysql.spelling import name_text, quote
from lbconf.connectors.mysql.type_changes import failing
from lbconf.connectors.sql.data_checks import CheckDialect
from lbconf.state.structure import Column

__all__ = ["DIALECT"]

LONGEST: Final = 60
"""Characters of a value that are shown."""


def converted(before: Column, after: Column) -> str | None:
    """What is true of values that cannot become of the new type; empty where all can, None where nobody can say."""
    found = failing(before.name, before.type, after.type)
    return None if found == "FALSE" else found or ""


def joined(texts: Sequence[str]) -> str:
    """Texts one after the other."""
    return f"CONCAT({', '.join(texts)})"


def shown(expression: str) -> str:
    """A value as a text that is not too long."""
    return f"COALESCE(LEFT(CAST({expression} AS CHAR), {LONGEST}), 'NULL')"


DIALECT: Final = CheckDialect(
    quote=quote, name=name_text, literal=literal, shown=shown, joined=joined, converted=converted
)
