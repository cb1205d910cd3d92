"""What a change of a column's type costs: a rewrite, a failure on data, values cut short, a detour through text.

Source: PostgreSQL manual, page ALTER TABLE, notes: a type that is binary
coercible or an unconstrained one does not rewrite the table.
"""

from typing import Final

from lbconf.state.structure import ColumnType

__all__ = ["assigns", "cast_through_text", "loses", "may_fail", "rewrites", "same_family"]

TEXTS: Final = frozenset({"text", "character varying"})
WHOLE: Final = {"smallint": 2, "integer": 4, "bigint": 8}
STAMPS: Final = frozenset({"timestamp without time zone", "timestamp with time zone", "time without time zone"})
DAYS: Final = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
FLOATS: Final = {"real": 4, "double precision": 8}
STRINGS: Final = TEXTS | {"character"}
BITS: Final = frozenset({"bit", "bit varying"})
FRACTIONS: Final = STAMPS | {"time with time zone", "interval"}
"""Types that hold six digits of a second's fraction, or as many as their argument says."""
MAX_INTEGER_DIGITS: Final = {"smallint": 5, "integer": 10, "bigint": 19}


def rewrites(before: ColumnType, after: ColumnType) -> bool:
    """Whether PostgreSQL writes the whole table anew."""
    if before == after:
        return False
    if before.dimensions or after.dimensions or before.enumeration or after.enumeration:
        return True
    if before.name in TEXTS and after.name in TEXTS:
        return bool(after.arguments) and (not before.arguments or before.arguments[0] > after.arguments[0])
    if before.name == after.name == "numeric":
        return not _widens_numeric(before, after)
    if before.name == after.name and before.name in STAMPS:
        return bool(after.arguments) and (before.arguments or (6,))[0] > after.arguments[0]
    if before.name == after.name == "bit varying":
        return bool(after.arguments) and (not before.arguments or before.arguments[0] > after.arguments[0])
    return (before.name, after.name) != ("cidr", "inet")


def may_fail(before: ColumnType, after: ColumnType) -> bool:
    """Whether some value of the old type does not fit the new one (or is cut short by it)."""
    if before == after:
        return False
    if before.enumeration or after.enumeration or before.dimensions != after.dimensions:
        return after.name not in TEXTS or bool(after.arguments)
    if after.name in TEXTS:
        length = after.arguments[0] if after.arguments else None
        if length is None:
            return False
        return not (before.name in TEXTS | {"character"} and before.arguments and before.arguments[0] <= length)
    if before.name in WHOLE and after.name in {*WHOLE, "numeric", "double precision"}:
        return _whole_may_fail(before.name, after)
    if before.name == after.name == "numeric":
        return not _widens_numeric(before, after)
    if before.name in FLOATS and after.name in FLOATS:
        return FLOATS[before.name] > FLOATS[after.name]
    if before.name in STAMPS | {"date"} and after.name.startswith("timestamp"):
        return False
    return (before.name, after.name) not in {("json", "jsonb"), ("jsonb", "json"), ("cidr", "inet")}


def assigns(before: ColumnType, after: ColumnType) -> bool:
    """Whether the values are taken as an INSERT takes them: one that is too long stops it.

    Written with a cast, `c::varchar(5)` cuts longer values in silence.
    Source: PostgreSQL manual, section 8.3 and the page CREATE CAST.
    """
    if after.enumeration or (after.dimensions and before.dimensions != after.dimensions):
        return False
    return after.name in STRINGS or (before.name in BITS and after.name in BITS)


def loses(before: ColumnType, after: ColumnType) -> str | None:
    """What PostgreSQL takes from values without a word, or None."""
    if before.enumeration or after.enumeration:
        return None
    one, two = before.name, after.name
    if one in STRINGS:
        return _texts_lose(after)
    if (one, two) == ("integer", "boolean"):
        return "which number they were"
    if one == two == "numeric":
        scale = before.arguments[1:2] or ((0,) if before.arguments else (None,))
        wanted = after.arguments[1:2] or ((0,) if after.arguments else (None,))
        if wanted[0] is not None and (scale[0] is None or scale[0] > wanted[0]):
            return f"their digits beyond {wanted[0]} decimal places" if wanted[0] else "their decimal places"
        return None
    if (one in {"numeric", "bigint"} and two in FLOATS) or (one == "integer" and two == "real"):
        return f"digits beyond what a {two} holds"
    if one in {"numeric", *FLOATS} and two in WHOLE:
        return "their decimal places" if before.arguments[1:2] != (0,) or one != "numeric" else None
    if one in FLOATS and two == "numeric" and after.arguments:
        return f"their digits beyond {(*after.arguments, 0)[1]} decimal places"
    if one == "double precision" and two == "real":
        return "digits beyond what a real holds"
    return _times_lose(before, after)


def _times_lose(before: ColumnType, after: ColumnType) -> str | None:
    one, two = before.name, after.name
    if one.startswith("timestamp") and two == "date":
        return "their time of day"
    if one.startswith("timestamp") and two.startswith("time "):
        return "their day"
    if one in FRACTIONS and two in FRACTIONS and after.arguments:
        left = before.arguments[0] if before.arguments else 6
        return f"fractions of a second beyond {after.arguments[0]} digits" if left > after.arguments[0] else None
    return None


def _texts_lose(after: ColumnType) -> str | None:
    """What is rounded or left out, without a word, of a text that is read as another type."""
    if after.name == "numeric" and after.arguments:
        return f"their digits beyond {(*after.arguments, 0)[1]} decimal places"
    if after.name in FLOATS:
        return f"digits beyond what a {after.name} holds"
    if after.name == "date":
        return "their time of day"
    if after.name in FRACTIONS and after.name.startswith("time "):
        return "their day"
    if after.name in FRACTIONS and after.arguments and after.arguments[0] < 6:  # noqa: PLR2004 - see FRACTIONS
        return f"fractions of a second beyond {after.arguments[0]} digits"
    return None


def same_family(before: ColumnType, after: ColumnType) -> bool:
    """Whether values of both types compare with each other, so that a foreign key may lead from one to the other."""
    if before == after:
        return True
    if before.enumeration or after.enumeration or before.dimensions or after.dimensions:
        return False
    numbers = {*WHOLE, "numeric"}
    return before.name == after.name or any({before.name, after.name} <= kind for kind in (numbers, STRINGS))


def cast_through_text(before: ColumnType, after: ColumnType) -> bool:
    """Whether PostgreSQL knows no direct cast, but one to text and one from it."""
    if before.dimensions != after.dimensions or (before.enumeration and after.enumeration):
        return True
    textual = TEXTS | {"character"}
    if before.name in textual or after.name in textual or before.name == after.name:
        return False
    if before.enumeration or after.enumeration:
        return True
    numbers = {*WHOLE, *FLOATS, "numeric"}
    if before.name in numbers and after.name in numbers:
        return False
    if before.name in DAYS and (after.name in DAYS or after.name == "time without time zone"):
        return before.name == "date" and after.name not in DAYS
    direct = {
        ("boolean", "integer"),
        ("integer", "boolean"),
        ("json", "jsonb"),
        ("jsonb", "json"),
        ("cidr", "inet"),
        ("inet", "cidr"),
    }
    return (before.name, after.name) not in direct


def _whole_may_fail(before: str, after: ColumnType) -> bool:
    if after.name in WHOLE:
        return WHOLE[before] > WHOLE[after.name]
    if after.name == "double precision" or not after.arguments:
        return False
    precision, scale = (*after.arguments, 0)[:2]
    return precision - scale < MAX_INTEGER_DIGITS[before]


def _widens_numeric(before: ColumnType, after: ColumnType) -> bool:
    if not after.arguments:
        return True
    if not before.arguments:
        return False
    (one, scale), (two, wanted) = (*before.arguments, 0)[:2], (*after.arguments, 0)[:2]
    return scale == wanted and two >= one
