"""Words that an expression mentions."""

from functools import lru_cache
from typing import Final

from lbconf.patterns import pattern

__all__ = ["words"]

NAMES: Final = pattern(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|`([^`]*)`|([^\W\d]\w*)""")


@lru_cache(maxsize=1024)
def words(expression: str) -> frozenset[str]:
    """Every word and quoted name outside of texts."""
    return frozenset(word for found in NAMES.findall(expression) for word in found if word)
