"""What the expressions of checks say about each other, as far as their texts tell."""

import re
from collections.abc import Sequence
from typing import Final

from lbconf.state import changes as c
from lbconf.state.structure import QualifiedName

__all__ = ["widened_checks"]

LITERAL: Final = re.compile(r"'((?:[^']|'')*)'(?:::[a-z ]+(?:\(\d+\))?)?(?:\s*,\s*(?='))?")
NOISE: Final = re.compile(r"::[a-z ]+(?:\[\])?|[()\[\]]")
ONE_OF: Final = re.compile(r'("(?:[^"]|"")+"|\w+)(?: IN| ?= ANY(?: ARRAY)?)')
"""`"kind" IN (...)` and `((kind)::text = ANY ((ARRAY[...])::text[]))`, without texts, casts and brackets."""


def widened_checks(changes: Sequence[c.Change]) -> frozenset[tuple[QualifiedName, str]]:
    """Table and name of each check that takes the place of another and lets pass all that the other did."""
    before = {
        (change.table, change.before.name): change.before for change in changes if isinstance(change, c.DropCheck)
    }
    return frozenset(
        (change.table, change.after.name)
        for change in changes
        if isinstance(change, c.AddCheck)
        and (change.table, change.after.name) in before
        and before[change.table, change.after.name].valid
        and _widens(before[change.table, change.after.name].expression, change.after.expression)
    )


def _widens(before: str, after: str) -> bool:
    """Whether both compare the same thing with texts, the second with all of the first's."""
    shape = LITERAL.sub("", before)
    if shape != LITERAL.sub("", after) or not ONE_OF.fullmatch(NOISE.sub("", shape).strip()):
        return False
    return set(LITERAL.findall(before)) <= set(LITERAL.findall(after))
