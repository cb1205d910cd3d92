"""Names that an expression mentions, as far as the order of changes has to know."""

from functools import lru_cache
from typing import Final

from lbconf.patterns import pattern
from lbconf.state.structure import QualifiedName
from lbconf.state.words import words

__all__ = ["relations", "words"]

CHAINS: Final = pattern(r"""(?:"[^"]*"|`[^`]*`|[^\W\d]\w*)(?:\.(?:"[^"]*"|`[^`]*`|[^\W\d]\w*))*""")


@lru_cache(maxsize=1024)
def relations(definition: str) -> frozenset[QualifiedName]:
    """What may be tables and views of a query, as it names them: without a namespace where it says none."""
    found: set[QualifiedName] = set()
    for match in CHAINS.finditer(definition):
        names = [part.strip('"`') for part in match[0].split(".")]
        found |= {QualifiedName(*pair) for pair in zip(["", *names], names, strict=False)}
    return frozenset(found)
