"""A copy of this process that prepares itself while this one still reads its arguments, and then asks the server.

Importing what asks PostgreSQL takes as long as reading hundreds of models; the server could have begun by then. Whether
it will be needed is guessed from the text of the data sources; a wrong guess costs a copy that ends unused.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lbconf.operations.apart import Apart, possible

__all__ = ["start", "started"]

_STARTED: Final[list[Apart]] = []
_ASKS_NOTHING: Final = frozenset({"--url", "--snapshot", "--help", "-h", "--to"})
_SIGN: Final = b"postgres"
_MOST: Final = 65_536
"""Bytes of a file of data sources that are looked at."""


def start(arguments: Sequence[str]) -> None:
    """Begin, where these arguments of `plan` probably mean a PostgreSQL server. Raises nothing."""
    given = {argument.partition("=")[0] for argument in arguments}
    if "plan" not in given or given & _ASKS_NOTHING or not _mentions_postgresql(_root(arguments)) or not possible():
        return
    with suppress(OSError):
        _STARTED.append(Apart(_prepare))


def started() -> Apart | None:
    """What was begun, once."""
    return _STARTED.pop() if _STARTED else None


def _prepare() -> None:
    import lbconf.connectors.postgresql.connector
    import lbconf.connectors.postgresql.glance
    import lbconf.operations.asking  # noqa: F401 - all of it is needed soon
    from lbconf.connectors.postgresql.libpq import UnansweredError, load

    with suppress(UnansweredError):
        load()


def _root(arguments: Sequence[str]) -> Path:
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--project":
            return Path(value if equals else next(iter(arguments[place + 1 :]), "."))
    return Path()


def _mentions_postgresql(root: Path) -> bool:
    for folder in (root / "environments", root):
        for path in folder.glob("*/datasources.*"):
            try:
                with path.open("rb") as file:
                    if _SIGN in file.read(_MOST):
                        return True
            except OSError:
                continue
    return False
