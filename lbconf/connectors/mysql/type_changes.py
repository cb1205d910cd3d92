"""What a change of a column's type costs and does: in place or not, which values stop it, what values lose.

Source: MySQL 8.0 Reference Manual, chapter 13 (ranges and storage of types), section 17.12.1; the same
pages of MariaDB's documentation.
"""

from typing import Final

from lbconf.connectors.mysql.algorithms import Kind
from lbconf.connectors.mysql.defaults import literal
from lbconf.connectors.mysql.spelling import quote
from lbconf.state.structure import Column, ColumnType

__all__ = ["failing", "loses", "type_kind"]

WHOLE: Final = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
TEXTS: Final = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}
BLOBS: Final = {"tinyblob": 255, "blob": 65_535, "mediumblob": 16_777_215, "longblob": 4_294_967_295}
SHORT: Final = frozenset({"char", "varchar"})
BINARY: Final = frozenset({"binary", "varbinary"})
FRACTIONS: Final = frozenset({"datetime", "timestamp", "time"})
INEXACT: Final = frozenset({"float", "double"})
ONE_BYTE: Final = 255
WIDEST: Final = 4
"""Most bytes of a character."""


def type_kind(before: Column, after: Column) -> Kind | None:
    """The kind of change of type, character set and collation; None where there is none."""
    one, two = before.type, after.type
    if (before.charset, before.collation) != (after.charset, after.collation):
        return Kind.COLUMN_TYPE
    if dict(before.options).get("compressed") != dict(after.options).get("compressed"):
        return Kind.COLUMN_TYPE
    if one == two:
        return None
    if one.name == two.name and one.name in {"varchar", "varbinary"} and one.arguments and two.arguments:
        length, longer = one.arguments[0], two.arguments[0]
        width = WIDEST if one.name == "varchar" else 1
        same_prefix = longer * width <= ONE_BYTE or length > ONE_BYTE
        if length <= longer:
            return Kind.COLUMN_LONGER if same_prefix else Kind.COLUMN_LONGER_PREFIX
    if one.name == two.name and one.name in {"enum", "set"}:
        adds = two.values[: len(one.values)] == one.values
        if adds and _storage(one) == _storage(two):
            return Kind.COLUMN_VALUES
    return Kind.COLUMN_TYPE


def failing(column: str, before: ColumnType, after: ColumnType) -> str | None:  # noqa: C901, PLR0912 - pairs
    """A condition that holds for rows whose value the new type refuses; None where every value fits.

    `FALSE` where values may be refused that no query tells beforehand.
    """
    if before == after:
        return None
    name = quote(column)
    if after.name in WHOLE:
        if before.name in WHOLE and _contains(after, before):
            return None
        low, high = _range(after)
        if before.name in {*WHOLE, "decimal", "float", "double", "year", "bit"}:
            return None if before.name == "year" else f"({name} < {low} OR {name} > {high})"
        return "FALSE"
    if after.name == "decimal":
        return _failing_decimal(name, before, after)
    if after.name in INEXACT:
        return None if before.name in {*WHOLE, *INEXACT, "decimal"} and not after.arguments else "FALSE"
    if after.name in SHORT:
        return _failing_short(name, before, after)
    if after.name in TEXTS:
        if before.name in SHORT:
            fits = bool(before.arguments) and before.arguments[0] * WIDEST <= TEXTS[after.name]
            return None if fits else f"OCTET_LENGTH({name}) > {TEXTS[after.name]}"
        if before.name in TEXTS:
            larger = TEXTS[after.name] >= TEXTS[before.name]
            return None if larger else f"OCTET_LENGTH({name}) > {TEXTS[after.name]}"
        return None
    if after.name in {"enum", "set"} and before.name == after.name == "enum":
        gone = [value for value in before.values if value not in after.values]
        return f"{name} IN ({', '.join(map(literal, gone))})" if gone else None
    if after.name == "enum" and before.name in SHORT | TEXTS.keys():
        return f"{name} NOT IN ({', '.join(map(literal, after.values))})"
    if after.name == before.name == "set" and set(before.values) <= set(after.values):
        return None
    if after.name in BINARY | BLOBS.keys() and before.name in BINARY | BLOBS.keys():
        size, old = _bytes(after), _bytes(before)
        return None if size >= old else f"LENGTH({name}) > {size}"
    if {before.name, after.name} == {"datetime", "timestamp"} and after.name == "datetime":
        return None
    if after.name == before.name and after.name in FRACTIONS:
        return None
    if before.name == "date" and after.name == "datetime":
        return None
    return "FALSE"


def loses(before: ColumnType, after: ColumnType) -> str | None:
    """What values lose without an error; None where they lose nothing."""
    if before == after:
        return None
    if before.name in {"decimal", "float", "double"} and after.name in WHOLE:
        return "their digits after the point"
    if before.name == after.name == "decimal" and before.arguments[1:] > after.arguments[1:]:
        return "digits after the point"
    if before.name == "double" and after.name == "float":
        return "precision"
    if before.name in INEXACT and after.name == "decimal":
        return "digits after the point"
    if before.name in FRACTIONS and after.name in FRACTIONS:
        if before.name != after.name and "time" in {before.name, after.name}:
            return "their day"
        if (before.arguments or (0,)) > (after.arguments or (0,)):
            return "fractions of a second"
    if before.name in {"datetime", "timestamp"} and after.name in {"date", "year"}:
        return "their time of day"
    if before.name in SHORT | TEXTS.keys() and after.name == "char":
        return "trailing spaces"
    return None


def _contains(wide: ColumnType, narrow: ColumnType) -> bool:
    low, high = _range(wide)
    lowest, highest = _range(narrow)
    return low <= lowest and high >= highest


def _range(found: ColumnType) -> tuple[int, int]:
    bits = WHOLE[found.name]
    return (0, (1 << bits) - 1) if found.unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _failing_decimal(name: str, before: ColumnType, after: ColumnType) -> str | None:
    precision, scale = (*after.arguments, 10, 0)[:2] if len(after.arguments) > 1 else (10, 0)
    whole = precision - scale
    negative = f" OR {name} < 0" if after.unsigned and not before.unsigned else ""
    if before.name in WHOLE:
        digits = len(str(_range(before)[1]))
        return None if digits <= whole and not negative else f"(ABS({name}) >= 1e{whole}{negative})"
    if before.name == "decimal":
        had = before.arguments[0] - before.arguments[1] if len(before.arguments) > 1 else 10
        return None if had <= whole and not negative else f"(ABS({name}) >= 1e{whole}{negative})"
    return f"(ABS({name}) >= 1e{whole}{negative})" if before.name in INEXACT else "FALSE"


def _failing_short(name: str, before: ColumnType, after: ColumnType) -> str | None:
    length = after.arguments[0] if after.arguments else 1
    if before.name in {"enum", "set"}:
        longest = max(map(len, before.values), default=0)
        longest = longest if before.name == "enum" else sum(map(len, before.values)) + len(before.values)
        return None if longest <= length else f"CHAR_LENGTH({name}) > {length}"
    if before.name in SHORT and before.arguments and before.arguments[0] <= length:
        return None
    if before.name in WHOLE and length >= 20:  # noqa: PLR2004 - digits of the longest number, and its sign
        return None
    return f"CHAR_LENGTH({name}) > {length}"


def _bytes(found: ColumnType) -> int:
    return BLOBS.get(found.name) or (found.arguments[0] if found.arguments else 1)


def _storage(found: ColumnType) -> int:
    """Bytes of one value of an enum or set."""
    count = len(found.values)
    if found.name == "enum":
        return 1 if count <= ONE_BYTE else 2
    size = (count + 7) // 8
    return size if size <= WIDEST else 8
