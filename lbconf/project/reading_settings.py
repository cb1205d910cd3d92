"""What clients may ask beyond LoopBack's filters, and how much: `reading` and `budget` of the server's settings.

In a LoopBack project's config.json both stand under `lbconf`.
"""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.project.resolved import EMPTY, Project
from lbconf.records import dataclass

__all__ = ["REQUEST_SECONDS", "Budget", "Reading", "reading_settings", "request_budget"]

REQUEST_SECONDS: Final = 60.0
"""Of work on one request in the native layout, and of one statement, where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is on."""

    aggregate: bool
    """`GET /orders/aggregate`."""
    paging: bool
    """Cursors, totals and links."""
    related: bool
    """Conditions and orders by related models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one request may cost; None for any amount."""

    statements: int | None = None
    """Statements for what is included, and for conditions on other data sources."""
    rows: int | None = None
    """Rows that these give."""
    depth: int | None = None
    """Levels of includes."""
    seconds: float | None = None
    """Of work on one request."""


def reading_settings(project: Project) -> Reading:
    """What is on: all of it in the native layout, nothing in LoopBack's, if the project does not say otherwise."""
    said = _section(project, "reading")
    native = not project.layout.is_loopback

    def on(name: str) -> bool:
        written = said.get(name)
        return written if isinstance(written, bool) else native

    return Reading(aggregate=on("aggregate"), paging=on("paging"), related=on("related"))


def request_budget(project: Project) -> Budget:
    """What the project says; without a word, in the native layout, bounds that no reasonable request meets."""
    said = _section(project, "budget")
    native = not project.layout.is_loopback

    def whole(name: str, usual: int) -> int | None:
        written = said.get(name)
        if isinstance(written, int) and not isinstance(written, bool) and written > 0:
            return written
        return usual if native and written is None else None

    seconds = said.get("seconds")
    timed = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0
    usual = REQUEST_SECONDS if native and seconds is None else None
    return Budget(
        statements=whole("statements", 1000),
        rows=whole("rows", 200_000),
        depth=whole("depth", 10),
        seconds=float(seconds) if timed and seconds is not None else usual,
    )


def _section(project: Project, name: str) -> Mapping[str, Any]:
    settings: Any = project.server.settings
    if project.layout.is_loopback:
        settings = settings.get("lbconf")
    found = settings.get(name) if isinstance(settings, Mapping) else None
    return found if isinstance(found, Mapping) else EMPTY
