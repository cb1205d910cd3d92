"""Slow queries in the log, with the plan the database has for them, and without any value."""

import re
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import Any, Final

from lbconf.api.log import JsonLog
from lbconf.connectors.contract import Connector, Explaining
from lbconf.errors import LbconfError
from lbconf.patterns import pattern
from lbconf.project.resolved import Model
from lbconf.query.nodes import Query

__all__ = ["SlowQueries", "without_values"]

WAITING: Final = 20
"""Slow queries whose plan is still to be asked; the plans of more are not."""
LINES: Final = 60
_TEXT: Final = pattern(r"'(?:[^']|'')*'")
_NUMBER: Final = pattern(r"(?<![\w.$])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_FIGURES: Final = pattern(r"\((?:cost|actual|rows|never)[^()]*\)", re.IGNORECASE)


class SlowQueries:
    """Asks for plans in a thread of its own, so that no request waits for them."""

    def __init__(self, limit: float, log: JsonLog) -> None:
        """Take how many seconds are slow, and the log."""
        self.limit = limit
        self._log = log
        self._waiting: Queue[Callable[[], None]] = Queue(WAITING)
        self._started = False

    def note(
        self, connector: Connector, operation: str, asked: Any, seconds: float, request: bytes | None = None
    ) -> None:
        """A connector took so long for a query, or for what concerns a model; for the request of this id."""
        model = asked if isinstance(asked, Model) else asked.model
        fields = {
            "dataSource": connector.data_source.name,
            "model": model.name,
            "operation": operation,
            "ms": round(seconds * 1000, 2),
        }
        if request is not None:
            fields["request"] = request.decode("ascii")

        def tell() -> None:
            plan: Sequence[str] = ()
            if isinstance(asked, Query) and isinstance(connector, Explaining):
                try:
                    plan = connector.explain(asked)
                except LbconfError as error:
                    fields["planMissing"] = error.diagnostics[0].message
            shown = [without_values(line) for line in plan[:LINES]]
            self._log.event("warning", "slow-query", **fields, **({"plan": shown} if shown else {}))

        if self._waiting.full():
            self._log.event("warning", "slow-query", **fields)
            return
        self._waiting.put(tell)
        if not self._started:
            self._started = True
            Thread(target=self._tell, name="lbconf-plans", daemon=True).start()

    def stop(self) -> None:
        """Forget what waits."""
        while True:
            try:
                self._waiting.get_nowait()
            except Empty:
                return

    def _tell(self) -> None:
        while True:
            self._waiting.get()()


def without_values(line: str) -> str:
    """A line of a plan with `***` for texts and `?` for numbers that may come from rows or requests."""
    kept: list[str] = []

    def keep(found: "re.Match[str]") -> str:
        kept.append(found.group())
        return f"\0{len(kept) - 1}\0"

    hidden = _NUMBER.sub("?", _TEXT.sub("'***'", _FIGURES.sub(keep, line)).replace("\0", "\0_"))
    for place, text in enumerate(kept):
        hidden = hidden.replace(f"\0_{place}\0_", text)
    return hidden
