"""Which columns a broken check is about: databases say its name, or what it demands, and no column."""

from collections.abc import Collection
from typing import Final

from lbconf.errors import ConstraintError, ConstraintKind
from lbconf.patterns import pattern
from lbconf.project.resolved import Model

__all__ = ["columns_of_check"]

_PLAIN: Final = pattern(r"\w+")
_TEXT: Final = pattern(r"'(?:[^']|'')*'")
_WORD: Final = pattern(r'"((?:[^"]|"")+)"|`([^`]+)`|([^\W\d]\w*)')


def columns_of_check(problem: ConstraintError, model: Model, table: str, columns: Collection[str]) -> tuple[str, ...]:
    """Those of a table's columns that a broken check is about, in the table's order; none where nobody can tell.

    The model's own checks say it in SQL, those of its validations in their name (`table_column_rule_check`), and of
    one without a name SQLite tells the SQL.
    """
    said = problem.constraint
    if problem.kind is not ConstraintKind.CHECK or not said:
        return ()
    expression = next((check.expression for check in model.checks if check.name == said), None)
    if expression is None and _PLAIN.fullmatch(said):
        named = [column for column in columns if said.lower().startswith(f"{table}_{column}_".lower())]
        return (max(named, key=len),) if named else ()
    words = {"".join(parts) for parts in _WORD.findall(_TEXT.sub("''", said if expression is None else expression))}
    return tuple(column for column in columns if column in words)
