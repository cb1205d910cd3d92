"""Snapshots: what a data source was found to be, as a file from which plans are made without any connection."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.connectors.contract import LedgerEntry, ServerFacts
from lbconf.diagnostics import Code
from lbconf.plan.plan import TouchedTable
from lbconf.plan.sealed import SealedKind, invalid, read_sealed, sealed_schema, sealed_text, write_sealed
from lbconf.records import dataclass, field, replace
from lbconf.state.serialise import from_data, json_schema, to_data
from lbconf.state.structure import State

__all__ = [
    "Snapshot",
    "SourceSnapshot",
    "of_namespaces",
    "read_snapshot",
    "snapshot_schema",
    "snapshot_text",
    "write_snapshot",
]

KIND: Final = SealedKind(
    title="lbconf snapshot",
    version=1,
    invalid=Code.SNAPSHOT_INVALID,
    edited=Code.SNAPSHOT_INVALID,
    other_version=Code.SNAPSHOT_INVALID,
    again="make it again: `lbconf inspect --out FILE`",
    max_bytes=512 * 1024 * 1024,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSnapshot:
    """One data source, as it was found."""

    data_source: str
    connector: str
    server: ServerFacts
    actual: State
    """All namespaces that are not the server's own."""
    ledger: tuple[LedgerEntry, ...] = ()
    """The newest applied entry and later ones: they say what lbconf manages."""
    sizes: tuple[TouchedTable, ...] = ()
    """Of every table."""
    written: State = field(default_factory=State)
    """What the models said at that time."""
    reported: State = field(default_factory=State)
    """The same in the server's words: how it prints what the models say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a snapshot file holds."""

    environment: str
    sources: tuple[SourceSnapshot, ...]
    lbconf: str = ""
    """The version that made it."""
    created_at: str = ""
    """ISO 8601, UTC."""

    def source(self, name: str) -> SourceSnapshot | None:
        """The data source of that name, or None."""
        return next((source for source in self.sources if source.data_source == name), None)


def snapshot_text(environment: str, sources: Sequence[SourceSnapshot]) -> str:
    """The text of a snapshot file made now."""
    return sealed_text(KIND, _content(environment, sources))


def write_snapshot(path: Path, environment: str, sources: Sequence[SourceSnapshot]) -> None:
    """Write the file, replacing what is there. Raises `PlanError` where it cannot be written."""
    write_sealed(path, KIND, _content(environment, sources))


def read_snapshot(path: Path) -> Snapshot:
    """The content of a file. Raises `PlanError` where it cannot be read, is of another version, or was edited."""
    document = read_sealed(path, KIND)
    try:
        return Snapshot(
            environment=document["environment"],
            sources=tuple(from_data(SourceSnapshot, source) for source in document["sources"]),
            lbconf=document["lbconf"],
            created_at=document["created_at"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(path, KIND, f"is no snapshot of this lbconf: {error}") from error


def snapshot_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a snapshot file."""
    source = json_schema(SourceSnapshot)
    definitions = source.pop("$defs")
    content = {
        "environment": {"type": "string"},
        "sources": {"type": "array", "items": {"$ref": "#/$defs/SourceSnapshot"}},
    }
    return sealed_schema(KIND, content, {"SourceSnapshot": source, **definitions})


def of_namespaces(state: State, namespaces: Collection[str]) -> State:
    """The state as an inspection of these namespaces alone gives it; all of it where there are none."""
    if not namespaces:
        return state
    wanted = frozenset(namespaces)
    return replace(
        state,
        namespaces=tuple(name for name in state.namespaces if name in wanted),
        tables=tuple(found for found in state.tables if found.name.namespace in wanted),
        enumerations=tuple(found for found in state.enumerations if found.name.namespace in wanted),
        domains=tuple(found for found in state.domains if found.name.namespace in wanted),
        composites=tuple(found for found in state.composites if found.name.namespace in wanted),
        sequences=tuple(found for found in state.sequences if found.name.namespace in wanted),
        views=tuple(found for found in state.views if found.name.namespace in wanted),
    )


def _content(environment: str, sources: Sequence[SourceSnapshot]) -> dict[str, Any]:
    return {"environment": environment, "sources": [to_data(source) for source in sources]}
