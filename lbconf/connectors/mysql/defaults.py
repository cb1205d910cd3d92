"""Defaults and expressions as the server prints them, in one spelling for MySQL and MariaDB.

MariaDB prints literals in quotes and `NULL` for none, MySQL prints them bare
and marks expressions. Here a literal is a literal of SQL, an expression stands
in parentheses, and the present moment is `CURRENT_TIMESTAMP` with its digits.

Source: MariaDB documentation, Information Schema COLUMNS Table; MySQL 8.0 Reference Manual, section 13.6 (data type
default values) and the INFORMATION_SCHEMA COLUMNS Table (EXTRA, `DEFAULT_GENERATED`).
"""

import re
from typing import Final

from lbconf.connectors.mysql.mapping import INTEGER_TYPES
from lbconf.state.structure import ColumnType, Default

__all__ = [
    "canonical_default",
    "instant",
    "is_literal",
    "literal",
    "printed_default",
    "printed_expression",
    "without_parentheses",
]

NUMBERS: Final = INTEGER_TYPES | {"decimal", "float", "double", "year"}
STRING: Final = re.compile(r"^'(?:[^'\\]|''|\\.)*'$", re.DOTALL)
NUMBER: Final = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$", re.IGNORECASE)
BITS: Final = re.compile(r"^(?:[bx]'[0-9a-f]*'|0x[0-9a-f]+|0b[01]+)$", re.IGNORECASE)
NOW: Final = re.compile(
    r"^(?:current_timestamp|now|localtime|localtimestamp)(?:\(\s*(?P<digits>\d)?\s*\))?$", re.IGNORECASE
)
WHOLE: Final = re.compile(r"^[+-]?\d+$")
ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def literal(text: str) -> str:
    """Text as a literal; a backslash is doubled, as the server's usual mode needs it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0") + "'"


def instant(text: str) -> str | None:
    """`CURRENT_TIMESTAMP` or `CURRENT_TIMESTAMP(3)` for the ways to say so; None for anything else."""
    found = NOW.match(text.strip())
    if found is None or (found["digits"] is None and "(" not in text and text.strip().lower() == "now"):
        return None
    digits = found["digits"]
    return f"CURRENT_TIMESTAMP({digits})" if digits and digits != "0" else "CURRENT_TIMESTAMP"


def is_literal(text: str) -> bool:
    """Whether it is one literal, not an expression."""
    return bool(STRING.match(text) or NUMBER.match(text) or BITS.match(text))


def without_parentheses(text: str) -> str | None:
    """What is in the parentheses around all of the text; None where there are none."""
    text = text.strip()
    if not (text.startswith("(") and text.endswith(")")):
        return None
    depth, quote, place = 0, "", 0
    while place < len(text):
        char = text[place]
        if quote:
            if char == "\\" and quote != "`":
                place += 1
            elif char == quote:
                quote = ""
        elif char in "'\"`":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0 and place < len(text) - 1:
                return None
        place += 1
    return text[1:-1].strip()


def printed_expression(text: str) -> str:
    """An expression of MySQL's `information_schema` as SHOW CREATE TABLE prints it.

    There everything has one more backslash, and each byte of what is not ASCII is taken for a character (seen in 9.7).
    """
    text = ESCAPED.sub(lambda found: found[1], text)
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def printed_default(text: str | None, kind: ColumnType, *, mariadb: bool, extra: str = "") -> Default | None:
    """The default behind what `information_schema.columns` prints."""
    if text is None:
        return None
    if mariadb:
        return canonical_default(text, kind)
    if "DEFAULT_GENERATED" in extra.upper():
        moment = instant(text)
        return Default(moment or _wrapped(printed_expression(text)))
    if kind.name in NUMBERS or (kind.name == "bit" and BITS.match(text)) or instant(text):
        return canonical_default(text, kind)
    if kind.name in {"binary", "varbinary"} and BITS.match(text):
        return Default(text.lower())
    return Default(literal(text))


def canonical_default(text: str, kind: ColumnType) -> Default | None:
    """A default as people or the server write it, in the one spelling; None for NULL."""
    text = text.strip()
    if text.lower() in {"null", "(null)"}:
        return None
    moment = instant(text) or instant(without_parentheses(text) or "")
    if moment is not None:
        return Default(moment)
    if text.lower() in {"true", "false"}:
        return Default("1" if text.lower() == "true" else "0")
    if kind.name in NUMBERS and STRING.match(text) and NUMBER.match(text[1:-1]):
        text = text[1:-1]
    if kind.name in INTEGER_TYPES | {"year"} and WHOLE.match(text):
        return Default(str(int(text)))
    if kind.name == "decimal" and re.match(r"^[+-]?\d+(?:\.\d*)?$", text):
        return Default(_decimal(text, kind.arguments[1] if len(kind.arguments) > 1 else 0))
    return Default(text if is_literal(text) else _wrapped(text))


def _decimal(text: str, scale: int) -> str:
    """With as many digits after the point as the column has; as it is where it has more."""
    whole, _, fraction = text.lstrip("+").partition(".")
    if len(fraction.rstrip("0")) > scale:
        return text
    sign = "-" if whole.startswith("-") else ""
    whole = sign + (whole.lstrip("-").lstrip("0") or "0")
    return f"{whole}.{fraction[:scale].ljust(scale, '0')}" if scale else whole


def _wrapped(text: str) -> str:
    """In one pair of parentheses: MySQL tells an expression with those that it needs anyway, or without."""
    inside = without_parentheses(text)
    while inside is not None and (deeper := without_parentheses(inside)) is not None:
        text, inside = inside, deeper
    return text if inside is not None else f"({text})"
