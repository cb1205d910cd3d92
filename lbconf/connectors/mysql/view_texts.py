"""What a view reads, from its text as the server prints it: every table with its database, columns with their table."""

import re
from collections.abc import Callable
from typing import Final

from lbconf.state.structure import QualifiedName

__all__ = ["columns_read"]

NAME: Final = r"`((?:[^`]|``)+)`"
TEXT: Final = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
COLUMN: Final = re.compile(rf"{NAME}\.{NAME}\.{NAME}")
ALIAS: Final = re.compile(rf"{NAME}\.{NAME} {NAME}")
SHORT: Final = re.compile(rf"(?<![.`]){NAME}\.{NAME}(?!\.)")

Column = tuple[QualifiedName, str]


def columns_read(text: str, named: Callable[[str, str], QualifiedName]) -> tuple[Column, ...]:
    """The (table, column) pairs that a view reads.

    Args:
        text: As the server prints it, every table with its database.
        named: The name of a table from its database and its own name.
    """
    bare = TEXT.sub("''", text)
    aliases: dict[str, set[QualifiedName]] = {}
    for database, table, alias in ALIAS.findall(bare):
        aliases.setdefault(alias, set()).add(named(_plain(database), _plain(table)))
    long = COLUMN.findall(bare)
    found = {(named(_plain(one), _plain(two)), _plain(three)) for one, two, three in long}
    # MySQL puts the database before the other name of a view, too.
    for alias, column in (*SHORT.findall(bare), *((two, three) for _, two, three in long)):
        found |= {(table, _plain(column)) for table in aliases.get(alias, ())}
    return tuple(sorted(found))


def _plain(name: str) -> str:
    return name.replace("``", "`")
