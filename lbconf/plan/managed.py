"""What lbconf manages in a data source, as its ledger says."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from lbconf.connectors.contract import LedgerEntry
from lbconf.records import dataclass, field
from lbconf.state.serialise import from_data
from lbconf.state.structure import QualifiedName, State
from lbconf.state.unneeded import NOTHING_MADE, Made

__all__ = ["Managed", "last_managed", "managed_namespaces"]

_NAMESPACES_FIRST: Final = ('{"namespaces": [', '{"namespaces":[')
"""How the text of a state begins that has namespaces."""


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
    texts: tuple[str, ...] = field(default=(), compare=False)
    """Each state as JSON, the newest first: a plan with nothing to do needs the names alone."""

    def state(self, names: Collection[QualifiedName]) -> State:
        """Those of these tables that are managed, as they were when they were applied."""
        found: dict[QualifiedName, Any] = {}
        for text in self.texts:
            for table in json.loads(text).get("tables", ()):
                found.setdefault(_name(table), table)
        return from_data(State, {"tables": [found[name] for name in sorted(names) if name in found]})


def last_managed(entries: Sequence[LedgerEntry]) -> Managed:
    """What the ledger says lbconf manages: the newest state, and what an unfinished plan before it still held."""
    kept = _kept(entries)
    texts: list[Mapping[str, Any]] = [json.loads(entry.state) for entry in kept]
    documents = kept[-1].documents if kept and kept[-1].result == "applied" else ""
    return Managed(
        namespaces=tuple(texts[0].get("namespaces", ())) if texts else (),
        tables=frozenset(_name(table) for text in texts for table in text.get("tables", ())),
        on_remove={
            _name(table): table["on_remove"]
            for text in reversed(texts)
            for table in text.get("tables", ())
            if "on_remove" in table
        },
        made=Made(
            types=_names(texts, "enumerations", "domains", "composites"),
            sequences=_names(texts, "sequences"),
            views=_names(texts, "views"),
        ),
        documents=documents,
        texts=tuple(entry.state for entry in kept),
    )


def managed_namespaces(entries: Sequence[LedgerEntry]) -> tuple[str, ...]:
    """The namespaces of `last_managed`, without reading all of its state."""
    kept = _kept(entries)
    if not kept:
        return ()
    text = kept[0].state
    if not text.startswith(_NAMESPACES_FIRST):
        return tuple(json.loads(text).get("namespaces", ()))
    found, _ = json.JSONDecoder().raw_decode(text, text.index("["))
    return tuple(found)


def _kept(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The newest entry whose state counts and those before it that were left unfinished, down to an applied one."""
    kept: list[LedgerEntry] = []
    for entry in reversed(entries):
        if entry.result == "applied" or entry.next_step > 0:
            kept.append(entry)
        if entry.result == "applied":
            break
    return kept


def _names(texts: Sequence[Mapping[str, Any]], *kinds: str) -> frozenset[QualifiedName]:
    return frozenset(_name(one) for text in texts for kind in kinds for one in text.get(kind, ()))


def _name(table: Mapping[str, Any]) -> QualifiedName:
    name = table["name"]
    return QualifiedName(name["namespace"], name["name"])
