"""What lbconf manages in a data source, as its ledger says."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lbconf.connectors.contract import LedgerEntry
from lbconf.records import dataclass, field
from lbconf.state.serialise import from_data
from lbconf.state.structure import QualifiedName, State
from lbconf.state.unneeded import NOTHING_MADE, Made

__all__ = ["Managed", "last_managed"]


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
    texts: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    """Each state's JSON object, the newest first: a plan with nothing to do needs the names alone."""

    def state(self, names: Collection[QualifiedName]) -> State:
        """Those of these tables that are managed, as they were when they were applied."""
        found: dict[QualifiedName, Any] = {}
        for text in self.texts:
            for table in text.get("tables", ()):
                found.setdefault(_name(table), table)
        return from_data(State, {"tables": [found[name] for name in sorted(names) if name in found]})


def last_managed(entries: Sequence[LedgerEntry]) -> Managed:
    """What the ledger says lbconf manages: the newest state, and what an unfinished plan before it still held."""
    texts: list[Mapping[str, Any]] = []
    documents = ""
    for entry in reversed(entries):
        if entry.result == "applied" or entry.next_step > 0:
            texts.append(json.loads(entry.state))
        if entry.result == "applied":
            documents = entry.documents
            break
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
        texts=tuple(texts),
    )


def _names(texts: Sequence[Mapping[str, Any]], *kinds: str) -> frozenset[QualifiedName]:
    return frozenset(_name(one) for text in texts for kind in kinds for one in text.get(kind, ()))


def _name(table: Mapping[str, Any]) -> QualifiedName:
    name = table["name"]
    return QualifiedName(name["namespace"], name["name"])
