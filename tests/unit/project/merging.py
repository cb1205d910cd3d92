"""Merged configurations written by hand, as `compose` would give them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.layers.merged import MergedConfig, Origin
from lbconf.project.resolve import examine
from lbconf.project.resolved import Project

__all__ = ["ALIASES", "codes", "examined", "merged", "native"]

ALIASES = {"memory": "memory", "sqlite": "sqlite", "sqlite3": "sqlite", "postgresql": "postgresql"}


class _EveryPlace(dict[str, tuple[Origin, ...]]):
    """Says of every pointer that it stands in a file named after it."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - dict's own signature
        place = Location(file="file", pointer=key)
        return (Origin(layer="base", location=place, value=None, key_location=place),)


def merged(
    models: Mapping[str, Any],
    *,
    datasources: Any = None,
    layout: str = "native",
    server: Any = None,
    components: Any = None,
    environment: str = "development",
    broken: frozenset[str] = frozenset(),
    boot_auth: bool = False,
) -> MergedConfig:
    data = {
        "server": {} if server is None else server,
        "datasources": {"db": {"connector": "memory"}} if datasources is None else datasources,
        "models": models,
        "components": components or {},
        "middleware": {},
    }
    return MergedConfig(
        root=Path("/project"),
        layout=layout,
        environment=environment,
        data=data,
        raw=data,
        provenance=_EveryPlace(),
        files=(),
        boot_auth=boot_auth,
        broken=broken,
    )


def native(**definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Models attached to `db`, from their definitions."""
    return {
        name: {"wiring": {"dataSource": "db"}, "definition": {"name": name, **definition}}
        for name, definition in definitions.items()
    }


def examined(config: MergedConfig) -> tuple[Project, tuple[Diagnostic, ...]]:
    return examine(config, ALIASES)


def codes(found: tuple[Diagnostic, ...]) -> list[tuple[Code, str | None]]:
    """(code, pointer) of each finding."""
    return [(one.code, one.location.pointer if one.location else None) for one in found]
