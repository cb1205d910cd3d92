"""A copy of this process that imports a driver while this one still reads its arguments, and then asks.

Importing PostgreSQL's driver takes as long as reading a thousand models; the server could have begun by then. Whether a
driver will be needed is guessed from the text of the data sources; a wrong guess costs a copy that ends unused.
"""

import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.operations.apart import Apart, possible

__all__ = ["Ahead", "start", "started"]

_STARTED: "Final[list[Ahead]]" = []
_ASKS_NOTHING: Final = frozenset({"--url", "--snapshot", "--help", "-h", "--to"})
_SIGN: Final = b"postgres"
_MOST: Final = 65_536
"""Bytes of a file of data sources that are looked at, and of what the copy is told: a pipe takes them at once."""


class Ahead:
    """The copy: prepares itself, and then does one piece of work, told what about."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        """Begin. Raises `OSError` where there can be no copy."""
        told, self._tell = os.pipe()

        def work() -> Any:
            os.close(self._tell)
            prepare()
            parts = []
            while part := os.read(told, _MOST):
                parts.append(part)
            do, about = pickle.loads(b"".join(parts))  # noqa: S301 - this very program wrote it; nothing: it ends
            return do(*about)

        try:
            self._apart: Apart[Any] = Apart(work)
        finally:
            os.close(told)

    def tell(self, do: Callable[..., Any], *about: Any) -> Apart[Any] | None:
        """Let the copy call a function of a module; what it returns comes from what this returns.

        None where the arguments cannot be told.
        """
        try:
            data = pickle.dumps((do, about), pickle.HIGHEST_PROTOCOL)
            if len(data) > _MOST:
                return None
            os.write(self._tell, data)
        except (OSError, TypeError, AttributeError, pickle.PicklingError):
            return None
        finally:
            os.close(self._tell)
        return self._apart


def start(arguments: Sequence[str]) -> None:
    """Begin, where these arguments of `plan` probably mean a PostgreSQL server. Raises nothing."""
    given = {argument.partition("=")[0] for argument in arguments}
    if "plan" not in given or given & _ASKS_NOTHING or not _mentions_postgresql(_root(arguments)) or not possible():
        return
    try:
        _STARTED.append(Ahead(_prepare))
    except OSError:
        return


def started() -> Ahead | None:
    """What was begun, once."""
    return _STARTED.pop() if _STARTED else None


def _prepare() -> None:
    import lbconf.connectors.postgresql.connector
    import lbconf.connectors.postgresql.migrate
    import lbconf.connectors.postgresql.session  # noqa: F401 - all of it is needed soon


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
