"""What a discovery found and could not say, one finding a kind."""

from collections.abc import Iterable, Sequence
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.state.structure import State

__all__ = ["listed", "unrelated", "unsaid"]

SAID_ONCE: Final = frozenset({"policy", "row-security"})
"""What a table gets when lbconf makes it, and nobody but people changes later."""
SHOWN: Final = 5
"""Most names in one finding."""


def unsaid(state: State) -> Sequence[Diagnostic]:
    """A warning for each kind of thing that models cannot say."""
    found = [(fact.kind, fact.name, "") for fact in state.opaque]
    for table in state.tables:
        found.extend((fact.kind, fact.name, f" of {table.name}") for fact in table.opaque)
    found.extend(
        ("view that calls functions", str(view.name), "")
        for view in state.views
        if view.definition and view.depends_on_opaque
    )
    kinds: dict[str, list[str]] = {}
    for kind, name, place in found:
        kinds.setdefault(kind, []).append(f"{name}{place}")
    return [
        Diagnostic(
            code=Code.NOT_DISCOVERED,
            severity=Severity.WARNING,
            message=f"{kind}: models cannot say {listed(names)}",
            hint="it stays in the database as it is; plan and apply leave it alone",
        )
        if kind not in SAID_ONCE
        else Diagnostic(
            code=Code.NOT_DISCOVERED,
            severity=Severity.WARNING,
            message=f"{kind}: models say {listed(names)} for new tables alone",
            hint="a table that apply makes gets it; on one that is there it stays as it is",
        )
        for kind, names in sorted(kinds.items())
    ]


def unrelated(without: Iterable[str]) -> Sequence[Diagnostic]:
    """A warning on foreign keys that no relation follows."""
    found = list(without)
    if not found:
        return []
    return [
        Diagnostic(
            code=Code.NOT_DISCOVERED,
            severity=Severity.WARNING,
            message=f"foreign key: no relation follows {listed(found)}",
            hint="the models say it as `foreignKeys`; it leads to a table that was not discovered, or stands twice",
        )
    ]


def listed(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if names[SHOWN:] else ""
    return ", ".join(names[:SHOWN]) + more
