"""What lbconf manages in a data source, as its ledger says."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.connectors.contract import LedgerEntry
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.patterns import pattern
from lbconf.records import dataclass, field
from lbconf.state.serialise import from_data
from lbconf.state.structure import QualifiedName, State
from lbconf.state.unneeded import NOTHING_MADE, Made

__all__ = ["Managed", "applied_state", "last_managed", "managed_namespaces"]

_KINDS: Final = ("tables", "enumerations", "domains", "composites", "sequences", "views")
_BLANK: Final = pattern(r"[ \t\n\r]*")
_NAMESPACES_FIRST: Final = ('{"namespaces": [', '{"namespaces":[')
"""How the text of a state begins that has namespaces."""
_GARBLED: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What reading a text raises that lbconf did not write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """The tables of the newest state in the ledger, and where to read them."""

    namespaces: tuple[str, ...] = ()
    tables: frozenset[QualifiedName] = frozenset()
    on_remove: Mapping[QualifiedName, str] = field(default_factory=dict)
    """What becomes of tables once their models are gone, where that was said."""
    made: Made = NOTHING_MADE
    """Types, sequences and views."""
    documents: str = ""
    """What the newest applied entry keeps of the API and the access rules."""
    said: str = ""
    """Who applied what, where and when: the newest entry, for people."""
    texts: tuple[str, ...] = field(default=(), compare=False)
    """Each state as JSON, the newest first: a plan with nothing to do needs the names alone."""
    fetch: Callable[[], tuple[str, ...]] | None = field(default=None, compare=False)
    """Gives the texts where they are elsewhere."""

    def state(self, names: Collection[QualifiedName]) -> State:
        """Those of these tables that are managed, as they were when they were applied. Raises `PlanError`."""
        found: dict[QualifiedName, Any] = {}
        try:
            for text in self.texts if self.fetch is None else self.fetch():
                for table in json.loads(text).get("tables", ()):
                    found.setdefault(_name(table), table)
            return from_data(State, {"tables": [found[name] for name in sorted(names) if name in found]})
        except _GARBLED:
            raise _unreadable("the newest row that says what is managed") from None

    def kept(self, tables: Collection[QualifiedName], others: Collection[QualifiedName] | None = None) -> State:
        """These tables and, of the managed types, sequences and views, those of these names.

        Without names, all of those.

        Raises:
            PlanError: The ledger is not as lbconf wrote it.
        """
        known = self.made.types | self.made.sequences | self.made.views
        if not (known if others is None else known & frozenset(others)):
            return self.state(tables) if tables else State()
        parts: dict[str, dict[QualifiedName, Any]] = {kind: {} for kind in _KINDS}
        try:
            for text in self.texts if self.fetch is None else self.fetch():
                state = json.loads(text)
                for kind, found in parts.items():
                    for part in state.get(kind, ()):
                        name = _name(part)
                        if name in tables if kind == "tables" else others is None or name in others:
                            found.setdefault(name, part)
            return from_data(State, {kind: [found[name] for name in sorted(found)] for kind, found in parts.items()})
        except _GARBLED:
            raise _unreadable("the newest row that says what is managed") from None


def applied_state(entry: LedgerEntry) -> State:
    """What an apply left behind. Raises `PlanError` where somebody made the row unreadable."""
    try:
        return from_data(State, json.loads(entry.state))
    except _GARBLED:
        raise _unreadable(f"row {entry.id}") from None


def last_managed(entries: Sequence[LedgerEntry]) -> Managed:
    """What the ledger says lbconf manages: the newest state, and what an unfinished plan before it still held.

    Raises:
        PlanError: A row that counts is not as lbconf wrote it.
    """
    kept = _kept(entries)
    names: dict[str, set[QualifiedName]] = {kind: set() for kind in _KINDS}
    on_remove: dict[QualifiedName, str] = {}
    for entry in kept:
        try:
            for kind, part in _parts(entry.state):
                if kind in names:
                    name = _name(part)
                    names[kind].add(name)
                    if "on_remove" in part:
                        on_remove.setdefault(name, part["on_remove"])
        except _GARBLED:
            raise _unreadable(f"row {entry.id}") from None
    newest = kept[0] if kept else None
    return Managed(
        namespaces=managed_namespaces(entries),
        tables=frozenset(names["tables"]),
        on_remove=on_remove,
        made=Made(
            types=frozenset(names["enumerations"] | names["domains"] | names["composites"]),
            sequences=frozenset(names["sequences"]),
            views=frozenset(names["views"]),
        ),
        documents=kept[-1].documents if kept and kept[-1].result == "applied" else "",
        said=", ".join(filter(None, (newest.environment, newest.user, newest.started_at[:16]))) if newest else "",
        texts=tuple(entry.state for entry in kept),
    )


def _parts(text: str) -> Iterator[tuple[str, Any]]:
    """Each entry of each list in a JSON object, one after the other: thousands of tables at once take much room."""
    decode = json.JSONDecoder().raw_decode

    def after(place: int) -> int:
        found = _BLANK.match(text, place)
        return place if found is None else found.end()

    if text[after(0)] != "{":
        raise ValueError(text[:20])
    place = after(after(0) + 1)
    while text[place] != "}":
        kind, place = decode(text, place)
        place = after(after(place) + 1)
        if text[place] == "[":
            place = after(place + 1)
            while text[place] != "]":
                part, place = decode(text, place)
                yield kind, part
                place = after(place)
                place = after(place + 1) if text[place] == "," else place
            place += 1
        else:
            _, place = decode(text, place)
        place = after(place)
        place = after(place + 1) if text[place] == "," else place


def managed_namespaces(entries: Sequence[LedgerEntry]) -> tuple[str, ...]:
    """The namespaces of `last_managed`, without reading all of its state. Raises `PlanError` as that does."""
    kept = _kept(entries)
    if not kept:
        return ()
    text = kept[0].state
    try:
        if not text.startswith(_NAMESPACES_FIRST):
            return tuple(json.loads(text).get("namespaces", ()))
        found, _ = json.JSONDecoder().raw_decode(text, text.index("["))
    except _GARBLED:
        raise _unreadable(f"row {kept[0].id}") from None
    return tuple(found)


def _unreadable(row: str) -> PlanError:
    return PlanError(
        Diagnostic(
            code=Code.LEDGER_UNREADABLE,
            message=f"{row} of _lbconf_history is not as lbconf wrote it, so nobody knows what lbconf manages here",
            hint="restore the table from a backup, or delete that row: the one before it counts then, "
            "and `lbconf adopt` takes up the tables it does not know",
        )
    )


def _kept(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The newest entry whose state counts and those before it that were left unfinished, down to an applied one."""
    kept: list[LedgerEntry] = []
    for entry in reversed(entries):
        if entry.result == "applied" or entry.next_step > 0:
            kept.append(entry)
        if entry.result == "applied":
            break
    return kept


def _name(table: Mapping[str, Any]) -> QualifiedName:
    name = table["name"]
    return QualifiedName(name["namespace"], name["name"])
