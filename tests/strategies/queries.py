"""Random filters, sensible and not, for hypothesis."""

from typing import Any

from hypothesis import strategies as st

__all__ = ["json_values", "query_strings", "wheres"]

NAMES = (
    "id",
    "name",
    "price",
    "active",
    "released",
    "tags",
    "facts",
    "place",
    "cost",
    "facts.a",
    "name.x",
    "bogus",
    "and",
)
OPERATORS = (
    *("eq", "neq", "gt", "gte", "lt", "lte", "between", "inq", "nin", "like", "nlike", "ilike", "nilike"),
    *("regexp", "near", "exists", "options", "maxDistance", "unit", "$gt", "foo"),
)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, with words filters use among its keys."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
        | st.sampled_from(
            ["abc", "5", "1,2", "/x/i", "(a+)+", "%a_", "2020-02-03", "null", "ASC", "name DESC", "Infinity"]
        )
    )
    keys = st.sampled_from(
        ["where", "order", "limit", "skip", "offset", "fields", "include", "relation", "scope", "or", "nor", "0", "1"]
    )
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                keys | st.sampled_from(NAMES) | st.sampled_from(OPERATORS) | st.text(max_size=4), inner, max_size=4
            )
        ),
        max_leaves=12,
    )


def wheres() -> st.SearchStrategy[dict[str, Any]]:
    """Clauses that look like those of clients, right and wrong."""
    operand = json_values()
    clause = st.dictionaries(st.sampled_from(OPERATORS), operand, max_size=3) | operand
    simple = st.dictionaries(st.sampled_from(NAMES), clause, max_size=3)
    return st.recursive(
        simple,
        lambda inner: st.fixed_dictionaries(
            {}, optional={key: st.lists(inner, max_size=3) for key in ("and", "or", "nor")}
        ),
        max_leaves=6,
    )


def query_strings() -> st.SearchStrategy[str]:
    """Query strings, mostly of brackets."""
    return st.lists(
        st.sampled_from(
            ["filter", "where", "[", "]", "[0]", "[]", "[20]", "[21]", "[name]", "=", "&", "%5B", "%zz", "+", "x"]
        )
        | st.text(max_size=3),
        max_size=30,
    ).map("".join)
