"""How PostgreSQL says which rows would make a step fail."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from lbconf.connectors.contract import Failing
from lbconf.connectors.postgresql.spelling import literal, name_text, quote, type_text
from lbconf.connectors.postgresql.type_changes import TEXTS, may_fail
from lbconf.connectors.sql.data_checks import CheckDialect
from lbconf.connectors.sql.failing import failing
from lbconf.state.steps import DataCheck
from lbconf.state.structure import Column

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["DIALECT", "ask"]

LONGEST: Final = 60
"""Characters of a value that are shown."""
WHOLE: Final = {"smallint": 15, "integer": 31, "bigint": 63}
"""Bits."""
NUMBERS: Final = frozenset({*WHOLE, "numeric", "real", "double precision"})


def converted(before: Column, after: Column) -> str | None:
    """What is true of values that cannot become of the new type; empty where all can, None where nobody can say."""
    one, two, column = before.type, after.type, quote(before.name)
    if not may_fail(one, two):
        return ""
    if one.dimensions or two.dimensions:
        return None
    if two.name in TEXTS or two.name == "character":
        # Blanks at the end are cut off without a complaint.
        length = two.arguments[0] if two.arguments else 1
        return f"char_length(rtrim(({column})::text, ' ')) > {length}"
    if one.name in TEXTS:
        return f"NOT pg_input_is_valid(({column})::text, {literal(type_text(two))})"
    if one.name not in NUMBERS:
        return f"NOT pg_input_is_valid(({column})::text, {literal(type_text(two))})" if one.enumeration else None
    if two.name in WHOLE:
        top = 2 ** WHOLE[two.name]
        return f"round(({column})::numeric) NOT BETWEEN {-top} AND {top - 1}"
    if two.name == "numeric" and two.arguments:
        digits, places = two.arguments[0], (*two.arguments, 0)[1]
        return f"abs(round(({column})::numeric, {places})) >= 1e{digits - places}"
    return None


def joined(texts: Sequence[str]) -> str:
    """Texts one after the other."""
    return " || ".join(texts)


def shown(expression: str) -> str:
    """A value as a text that is not too long."""
    return f"coalesce(left(({expression})::text, {LONGEST}), 'NULL')"


def ask(connection: "Connection[Any]", check: DataCheck) -> Failing:
    """The rows that a check is about, in a transaction that cannot write."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION READ ONLY", prepare=False)
        counted = connection.execute(check.count.encode(), prepare=False).fetchone()
        if counted is None or not counted[0]:
            return Failing(rows=0)
        cursor = connection.execute(check.sample.encode(), prepare=False)
        return failing(int(counted[0]), [column.name for column in cursor.description or ()], cursor.fetchall())


DIALECT: Final = CheckDialect(
    quote=quote, name=name_text, literal=literal, shown=shown, joined=joined, converted=converted
)
