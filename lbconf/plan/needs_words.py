"""Names that an expression mentions, as far as the order of changes has to know."""

from functools import lru_cache
from typing import Final

from lbconf.patterns import pattern

__all__ = ["counters", "words"]

NAMES: Final = pattern(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|`([^`]*)`|([^\W\d]\w*)""")
NEXT_VALUE: Final = pattern(r"(?i)nextval\s*\(\s*'((?:[^']|'')+)'")


@lru_cache(maxsize=1024)
def words(expression: str) -> frozenset[str]:
    """Every word and quoted name outside of texts."""
    return frozenset(word for found in NAMES.findall(expression) for word in found if word)


def counters(expression: str) -> frozenset[str]:
    """Sequences that a default counts with, without their namespaces."""
    if "nextval" not in expression.lower():
        return frozenset()
    return frozenset(text.replace('"', "").rpartition(".")[2] for text in NEXT_VALUE.findall(expression))
