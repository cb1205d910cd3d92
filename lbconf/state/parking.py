"""Tables that nobody asks for any more, kept for a while under another name: `_removed_<name>_<day>`."""

from collections.abc import Container
from datetime import date
from hashlib import sha256
from typing import Final

from lbconf.patterns import pattern
from lbconf.state.structure import QualifiedName

__all__ = ["parked_name", "parked_on", "parked_part", "parked_suffix"]

LONGEST: Final = 63
"""Bytes of a name that every server takes: PostgreSQL's limit, the shortest."""
DIGEST: Final = 8
PREFIX: Final = "_removed_"
NAME: Final = pattern(r"^_removed_.*_((\d{8})(?:_\d+)?)$")


def parked_name(name: QualifiedName, day: date, taken: Container[QualifiedName] = ()) -> QualifiedName:
    """The name a table gets when it is parked on that day: never one that is taken."""
    for number in range(1, 1000):
        suffix = f"{day:%Y%m%d}" if number == 1 else f"{day:%Y%m%d}_{number}"
        found = QualifiedName(name.namespace, parked_part(name.name, suffix))
        if found not in taken:
            return found
    msg = f"a thousand tables {name} were parked on one day"
    raise ValueError(msg)


def parked_part(name: str, suffix: str) -> str:
    """The name of a part of a parked table (an index, a constraint): within every limit, the same each time."""
    text = f"{PREFIX}{name}_{suffix}"
    if len(text.encode()) <= LONGEST:
        return text
    tail = f"_{sha256(name.encode()).hexdigest()[:DIGEST]}_{suffix}"
    return text.encode()[: LONGEST - len(tail.encode())].decode(errors="ignore") + tail


def parked_suffix(name: QualifiedName) -> str:
    """What a parked table's name ends with: the day, and a number where there were several. Raises `ValueError`."""
    found = NAME.match(name.name)
    if found is None:
        msg = f"{name} is no parked table"
        raise ValueError(msg)
    return found[1]


def parked_on(name: QualifiedName) -> date | None:
    """The day a table was parked on, as its name says; None for any other table."""
    found = NAME.match(name.name)
    if found is None:
        return None
    text = found[2]
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
