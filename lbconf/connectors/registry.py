"""Finding connectors by name: the entry points of the group `lbconf.connectors`, imported when first used."""

from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec

from lbconf.connectors.contract import ConnectorType

__all__ = ["connector_for_scheme", "connector_names", "connector_type", "connector_types", "missing_driver"]

GROUP = "lbconf.connectors"


@cache
def connector_types() -> tuple[ConnectorType, ...]:
    """Every installed kind of connector, by name. Imports no driver."""
    found: list[ConnectorType] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        loaded = entry.load()
        if not isinstance(loaded, ConnectorType):
            msg = f"entry point {entry.name} of {GROUP} is no ConnectorType"
            raise TypeError(msg)
        found.append(loaded)
    return tuple(found)


def connector_type(name: str) -> ConnectorType | None:
    """The kind of that name or alias, or None. `loopback-connector-x` and `x` are the same."""
    wanted = name.removeprefix("loopback-connector-")
    for kind in connector_types():
        if name == kind.name or name in kind.aliases or wanted == kind.name or wanted in kind.aliases:
            return kind
    return None


def connector_for_scheme(scheme: str) -> ConnectorType | None:
    """The kind that answers to a URL's scheme, or None."""
    return next((kind for kind in connector_types() if scheme in kind.schemes), None)


def connector_names() -> tuple[str, ...]:
    """Canonical names of every installed kind."""
    return tuple(kind.name for kind in connector_types())


def missing_driver(kind: ConnectorType) -> str | None:
    """The first driver module that is not installed, or None."""
    return next((driver for driver in kind.drivers if find_spec(driver) is None), None)
