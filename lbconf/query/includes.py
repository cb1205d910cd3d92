"""The spellings of `include` made into one list of relation names with their scopes."""

from collections.abc import Iterator, Mapping
from typing import Any

from lbconf.query.errors import malformed
from lbconf.query.javascript import json_text
from lbconf.query.nodes import Filter
from lbconf.query.parse import parse_filter
from lbconf.records import replace

__all__ = ["include_items", "levels_of"]


def include_items(include: Any, *, lenient: bool = False) -> Iterator[tuple[str, Filter]]:
    """Each relation to include and the filter for it, nested includes in that filter's own `include`.

    Spellings: `"orders"`, a list of any of these, `{"orders": "lines"}` (nested),
    `{"relation": "orders", "scope": {...}}`. `lenient`: numbers, booleans and scopes that
    are no objects ask for nothing, as LoopBack has it.

    Raises:
        RequestError: it is none of these.

    """
    if isinstance(include, str):
        if include:
            yield include, Filter()
    elif isinstance(include, list | tuple):
        for item in include:
            if item == "":
                raise malformed('The include "" is not valid', hint="Name a relation.")
            yield from include_items(item, lenient=lenient)
    elif isinstance(include, Mapping):
        relation = include.get("relation") or include.get("rel")
        if isinstance(relation, str):
            scope = include.get("scope")
            if scope is not None and not isinstance(scope, Mapping):
                if lenient:
                    yield relation, Filter()
                    return
                raise malformed(f"The scope {json_text(scope)} of the included relation {relation} is not an object")
            yield relation, parse_filter(scope)
        else:
            for name, nested in include.items():
                yield name, _nested(nested)
    elif not lenient or not isinstance(include, bool | int | float):
        raise malformed(f"The include {json_text(include)} is not valid", hint="Name a relation, or a list of them.")


def _nested(nested: Any) -> Filter:
    """The filter for `{relation: nested}`."""
    if nested in (True, None, "true", ""):
        return Filter()
    if nested is False or isinstance(nested, int | float):
        raise malformed(f"The include {json_text(nested)} is not valid")
    return replace(Filter(), include=nested)


def levels_of(include: Any) -> int:
    """How many levels of relations an include has."""
    if isinstance(include, str):
        return 1
    return max(
        (1 + (levels_of(scope.include) if scope.include else 0) for _, scope in include_items(include, lenient=True)),
        default=0,
    )
