"""Finding connectors by name: lbconf's own, and what entry points of the group `lbconf.connectors` name.

A kind is imported when it is asked for. The names of lbconf's own are in a table, for finding the others reads the
metadata of every installed package; an own name means the own kind, whatever else is installed.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from lbconf.connectors.contract import ConnectorType
from lbconf.connectors.table import ALIASES

__all__ = ["connector_for_scheme", "connector_names", "connector_type", "connector_types", "missing_driver"]

GROUP = "lbconf.connectors"


@cache
def connector_types() -> tuple[ConnectorType, ...]:
    """Every installed kind of connector, by name. Imports no driver."""
    from importlib.metadata import entry_points

    return tuple(
        _checked(entry.load(), f"entry point {entry.name} of {GROUP}")
        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    )


def connector_type(name: str) -> ConnectorType | None:
    """The kind of that name or alias, or None. `loopback-connector-x` and `x` are the same."""
    wanted = name.removeprefix("loopback-connector-")
    own = ALIASES.get(name) or ALIASES.get(wanted)
    if own is not None:
        return _checked(import_module(f"{GROUP}.{own}").CONNECTOR, own)
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


def _checked(found: object, what: str) -> ConnectorType:
    if not isinstance(found, ConnectorType):
        msg = f"{what} is no ConnectorType"
        raise TypeError(msg)
    return found
