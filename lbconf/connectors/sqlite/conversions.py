"""What becomes of the values of a SQLite column whose declared type changes.

SQLite itself converts only between numbers and texts, by the affinity of the new column, and refuses nothing.
lbconf keeps days, moments and booleans in forms of their own (`columns.py`): a changed column gets the new form,
and a value that has none stops the rebuild, as it would on a stricter server.
"""

from typing import Final

from lbconf.records import dataclass
from lbconf.state.structure import ColumnType

__all__ = ["Conversion", "conversion"]

TEXTS: Final = frozenset({"TEXT", "VARCHAR", "NVARCHAR", "CHAR", "CHARACTER", "CLOB"})
KINDS: Final = {
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(("SMALLINT", "INTEGER", "BIGINT", "INT"), "whole"),
    **dict.fromkeys(("REAL", "DOUBLE", "FLOAT"), "real"),
    "DECIMAL_TEXT": "decimal",
    "BOOLEAN": "boolean",
    "DATETIME": "moment",
    "DATE": "day",
    "TIME": "clock",
    "UUID_TEXT": "uuid",
    "JSON_TEXT": "json",
}
"""Declared types whose stored form is known; others are copied as they are."""
WIDTHS: Final = {"SMALLINT": 2, "INTEGER": 4, "INT": 4, "BIGINT": 8}
NUMBERS: Final = frozenset({"whole", "real"})
TRUE: Final = "'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', 'on', '1'"
FALSE: Final = "'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', 'off', 'of', '0'"
"""What PostgreSQL takes for truth values. Source: postgresql.org/docs/current/datatype-boolean.html."""
EXACT: Final = "1e15"
"""Whole numbers of a real below it are printed without a point and without an exponent."""
GREATEST: Final = "9.2e18"
"""Reals below it fit 64 bits."""
DAY: Final = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
MOMENT: Final = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
FORM: Final = "'%Y-%m-%dT%H:%M:%fZ'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How the values go over."""

    value: str
    """The expression that is copied."""
    fits: str | None = None
    """What must hold of each copied value that is not null; None where every value does."""
    lost: str | None = None
    """What values lose, in words; None where they lose nothing."""


def conversion(before: ColumnType, after: ColumnType, column: str) -> Conversion:
    """How the values of a column go over to another type.

    Args:
        before: The declared type that is there.
        after: The one that comes.
        column: The column's name in quotes, the same before and after.
    """
    one, two = KINDS.get(before.name), KINDS.get(after.name)
    if before == after or one is None or two is None:
        return Conversion(value=column)
    value, fits, lost = _between(one, two, column) if one != two else (column, None, None)
    bounds = [bound for bound in (fits, _bound(before, after, column)) if bound is not None]
    return Conversion(value=value, fits=" AND ".join(bounds) or None, lost=lost)


def _between(one: str, two: str, c: str) -> tuple[str, str | None, str | None]:  # noqa: C901, PLR0912 - a case per pair
    """Value, condition and loss for two different kinds."""
    match one, two:
        case "boolean", "text" | "json":
            return f"CASE {c} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {c} END", None, None
        case "real", "text":
            whole = f"typeof({c}) = 'real' AND abs({c}) < {EXACT} AND {c} = CAST({c} AS INTEGER)"
            return f"CASE WHEN {whole} THEN CAST(CAST({c} AS INTEGER) AS TEXT) ELSE {c} END", None, None
        case _, "text":
            return c, None, None
        case "moment", "day":
            stamp = f"strftime('%Y-%m-%d', {c} / 1000.0, 'unixepoch')"
            return f"CASE typeof({c}) WHEN 'text' THEN substr({c}, 1, 10) ELSE {stamp} END", None, "their time of day"
        case "day", "moment":
            return f"CASE WHEN {c} GLOB {DAY} THEN {c} || 'T00:00:00.000Z' ELSE {c} END", f"{c} GLOB {MOMENT}", None
        case "whole" | "real", "moment":
            return f"strftime({FORM}, {c} / 1000.0, 'unixepoch')", None, None
        case "moment", "whole" | "real":
            stamp = f"CAST(round((julianday({c}) - 2440587.5) * 86400000.0) AS INTEGER)"
            return f"CASE typeof({c}) WHEN 'text' THEN {stamp} ELSE {c} END", None, None
        case "text", "moment":
            moment = f"coalesce(strftime({FORM}, {c}), {c})"
            return (
                f"CASE WHEN {c} GLOB {MOMENT} THEN {moment} ELSE {c} END",
                f"strftime({FORM}, {c}, '+0 days') = {c}",
                None,
            )
        case "text", "day":
            return c, f"{c} GLOB {DAY} AND date({c}, '+0 days') = {c}", None
        case "text", "boolean":
            word = f"lower(trim({c}))"
            value = f"CASE WHEN {word} IN ({TRUE}) THEN 1 WHEN {word} IN ({FALSE}) THEN 0 ELSE {c} END"
            return value, f"{c} IN (0, 1)", None
        case "whole", "boolean":
            value = f"CASE typeof({c}) WHEN 'integer' THEN {c} <> 0 ELSE {c} END"
            return value, f"{c} IN (0, 1)", "which number they were"
        case _, "boolean":
            return c, f"{c} IN (0, 1)", None
        case "real", "whole":
            rounds = f"typeof({c}) = 'real' AND abs({c}) < {GREATEST}"
            value = f"CASE WHEN {rounds} THEN CAST(round({c}) AS INTEGER) ELSE {c} END"
            return value, f"typeof({c}) = 'integer'", "their decimal places"
        case "decimal", "whole":
            value = f"CASE WHEN instr({c}, '.') THEN CAST(round({c}) AS INTEGER) ELSE {c} END"
            return value, f"typeof({c}) = 'integer'", "their decimal places"
        case _, "whole":
            return c, f"typeof({c}) = 'integer'", None
        case "decimal", "real":
            return c, f"typeof({c}) = 'real'", "digits beyond what a real holds"
        case _, "real":
            return c, f"typeof({c}) = 'real'", None
        case "boolean", "decimal":
            return c, None, None
        case "whole" | "real" | "text", "decimal":
            return c, f"{c} GLOB '*[0-9]*' AND {c} NOT GLOB '*[^0-9.-]*'", None
        case "text", "clock":
            return c, f"{c} GLOB '[0-9][0-9]:[0-9][0-9]*' AND time({c}) IS NOT NULL", None
        case "text", "uuid":
            return c, f"length({c}) = 36 AND {c} NOT GLOB '*[^0-9a-fA-F-]*'", None
        case _, "json":
            return c, f"json_valid({c})", None
    return c, f"{c} IS NULL", None


def _bound(before: ColumnType, after: ColumnType, c: str) -> str | None:
    """What the length, the precision or the width of the new type asks for, where the old one asked for less."""
    kind = KINDS[after.name]
    if kind == "text" and after.arguments:
        length = after.arguments[0]
        held = before.arguments[0] if KINDS[before.name] == "text" and before.arguments else None
        return None if held is not None and held <= length else f"length({c}) <= {length}"
    if kind == "decimal" and after.arguments:
        precision, scale = (*after.arguments, 0)[:2]
        if KINDS[before.name] == "decimal" and before.arguments:
            had, kept = (*before.arguments, 0)[:2]
            if had - kept <= precision - scale and kept <= scale:
                return None
        point = f"instr({c} || '.', '.')"
        whole = f"length(ltrim(substr({c}, 1, {point} - 1), '-0')) <= {precision - scale}"
        return f"{whole} AND (instr({c}, '.') = 0 OR length(rtrim({c}, '0')) - instr({c}, '.') <= {scale})"
    if kind == "whole" and KINDS[before.name] == "whole" and WIDTHS[before.name] > WIDTHS[after.name]:
        most = 2 ** (8 * WIDTHS[after.name] - 1)
        return f"{c} BETWEEN {-most} AND {most - 1}"
    return None
