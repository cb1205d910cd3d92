"""What other data sources of the project ask for in the same database, which is not this one's to drop."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.connectors.registry import connector_type
from lbconf.errors import PlanError
from lbconf.plan.desired import desired_state
from lbconf.project.resolved import DataSource, Project
from lbconf.state.structure import QualifiedName

__all__ = ["asked_by_neighbours"]

PLACE: Final = ("url", "host", "hostname", "port", "socket", "socketPath", "database", "db", "file", "path")
"""Settings that say where a database is."""


def asked_by_neighbours(project: Project, data_source: DataSource) -> frozenset[QualifiedName]:
    """Names of the tables, types, sequences and views that others say in the database of this data source.

    Two data sources are in one database where all settings that say the place are the same.
    """
    found: set[QualifiedName] = set()
    for other in project.data_sources.values():
        if other.name == data_source.name or other.connector != data_source.connector or not _same(other, data_source):
            continue
        kind = connector_type(other.connector)
        mapping = None if kind is None else kind.mapping(other)
        if mapping is None:
            continue
        try:
            state = desired_state(project, other, mapping).state
        except PlanError:
            continue  # its own plan says why
        parts = (state.tables, state.enumerations, state.domains, state.composites, state.sequences, state.views)
        found.update(one.name for part in parts for one in part)
    return frozenset(found)


def _same(one: DataSource, other: DataSource) -> bool:
    return _place(one.settings) == _place(other.settings)


def _place(settings: Mapping[str, Any]) -> list[Any]:
    return [settings.get(key) for key in PLACE]
