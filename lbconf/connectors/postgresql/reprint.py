"""Expressions as they have to be written so that the server prints them as it printed them before.

PostgreSQL does not read its own print of `IN` over `character varying` as what it was: written back, the
casts go to each value instead of to the array. Saying `IN` again gives the same print.
"""

import re
from typing import Final

__all__ = ["reprinted"]

NAME: Final = r'(?:[\w$]+|"(?:[^"]|"")+")'
VALUE: Final = r"'(?:[^']|'')*'::character varying"
LISTED: Final = re.compile(
    rf"\((?P<what>(?:{NAME}\.)?{NAME})\)::text (?P<how>= ANY|<> ALL)"
    rf" \(\(ARRAY\[(?P<values>{VALUE}(?:, {VALUE})*)\]\)::text\[\]\)"
)


def reprinted(expression: str) -> str:
    """The expression with `IN` and `NOT IN` where the server made arrays of `character varying` of them."""
    if "::character varying" not in expression:
        return expression
    return LISTED.sub(_said, expression)


def _said(found: re.Match[str]) -> str:
    values = found["values"].replace("::character varying", "")
    how = "IN" if found["how"] == "= ANY" else "NOT IN"
    return f"{found['what']} {how} ({values})"
