"""Data sources: which connector each has, under one name."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, Location, nearest
from lbconf.documents.pointer import child
from lbconf.layers.merged import MergedConfig
from lbconf.project.mail_server import MAIL
from lbconf.project.resolved import DataSource, Layout
from lbconf.project.said_structure import read_structure
from lbconf.project.sources import Places

__all__ = ["read_data_sources"]

_LOOPBACK_CONNECTORS: Final = frozenset(
    [
        "kv-memory",
        "transient",
        "cassandra",
        "cloudant",
        "couchdb2",
        "dashdb",
        "db2",
        "db2iseries",
        "ibmi",
        "db2z",
        "informix",
        "kv-redis",
        "redis",
        "mongodb",
        "mssql",
        "mysql",
        "oracle",
        "postgresql",
        "sqlite3",
        "kv-extreme-scale",
        "mail",
        "rest",
        "soap",
        "openapi",
        "swagger",
        "remote",
        "grpc",
        "jsonrpc",
        "mqlight",
        "push",
        "storage",
        "zosconnectee",
        "arangodb",
        "composer",
        "couch",
        "couchbase",
        "elasticsearch",
        "es",
        "firestore",
        "realtime-database",
        "google-cloud-datastore",
        "kafka",
        "mandrill",
        "neo4j",
        "ravendb",
        "rethinkdb",
        "riak",
        "saphana",
        "sqlite",
        "twilio",
        "loopback-component-storage",
        "loopback-component-push",
        "google-cloud-storage",
        "esv6",
    ]
)
"""Connectors that exist for LoopBack, whether lbconf has them or not."""


def read_data_sources(
    merged: MergedConfig, connectors: Mapping[str, str], places: Places, findings: Collector
) -> dict[str, DataSource]:
    """Every data source, by name. One whose connector is unknown is kept under the name it was given.

    Args:
        merged: The merged configuration.
        connectors: Every name a connector goes by, to its canonical one; empty where names are taken as they are.
        places: For locations.
        findings: Takes what is wrong.
    """
    layout = Layout(merged.layout)
    written = merged.data.get("datasources")
    found: dict[str, DataSource] = {}
    for name, settings in written.items() if isinstance(written, Mapping) else ():
        if not isinstance(settings, Mapping):
            continue
        at = child("/datasources", name)
        connector = _connector(name, settings, layout, connectors, at, places, findings)
        if connector is None:
            continue
        own_name = settings.get("name")
        if layout.is_loopback and isinstance(own_name, str) and own_name != name:
            findings.warning(
                Code.NAME_AMBIGUOUS,
                f"data source {name} calls itself {own_name}; the key {name} counts",
                places.value(f"{at}/name"),
                hint=f'write "name": "{name}", or take the line out',
            )
        found[name] = DataSource(
            name=name,
            connector=connector,
            settings=_without_structure(settings),
            layout=layout,
            location=places.later(at),
            locations=_Locations(at, settings, places),
            root=merged.root,
            structure=read_structure(settings.get("structure"), f"{at}/structure", places),
            unset=_unset(merged, at),
        )
    return found


def _unset(merged: MergedConfig, at: str) -> Mapping[str, str]:
    """Settings below a pointer that are not there because a variable is not set, and its name."""
    found = {
        pointer.removeprefix(f"{at}/"): origins[-1].variable
        for pointer, origins in merged.absent.items()
        if pointer.startswith(f"{at}/") and origins
    }
    return {key: variable for key, variable in found.items() if variable}


def _without_structure(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the connector is asked to make sense of."""
    if "structure" not in settings:
        return settings
    return {key: value for key, value in settings.items() if key != "structure"}


class _Locations(Mapping[str, Location]):
    """Places of settings, looked up when something is wrong with one."""

    def __init__(self, at: str, settings: Mapping[str, Any], places: Places) -> None:
        self._at = at
        self._settings = settings
        self._places = places

    def __getitem__(self, pointer: str) -> Location:
        location = self._places.value(f"{self._at}{pointer}")
        if location is None:
            raise KeyError(pointer)
        return location

    def __iter__(self) -> Iterator[str]:
        return (child("", name) for name in self._settings)

    def __len__(self) -> int:
        return len(self._settings)


def _connector(
    name: str,
    settings: Mapping[str, Any],
    layout: Layout,
    connectors: Mapping[str, str],
    at: str,
    places: Places,
    findings: Collector,
) -> str | None:
    key = "connector" if settings.get("connector") or not settings.get("adapter") else "adapter"
    written = settings.get(key)
    if not isinstance(written, str) or not written:
        findings.error(
            Code.KEY_MISSING,
            f"data source {name} does not say its connector",
            places.value(f"{at}/{key}") if key in settings else places.key(at),
            hint="add connector: memory, sqlite, postgresql or mysql" if not connectors else _choices(connectors),
        )
        return None
    plain = written.removeprefix("loopback-connector-")
    canonical = connectors.get(written) or connectors.get(plain)
    if canonical is not None or not connectors:
        return canonical or plain
    if plain == MAIL:
        return MAIL  # it holds no rows: the server sends through it
    location = places.value(f"{at}/{key}")
    if plain in _LOOPBACK_CONNECTORS or (layout.is_loopback and written != plain) or written.startswith((".", "/")):
        findings.warning(
            Code.CONNECTOR_UNSUPPORTED,
            f"data source {name}: lbconf has no connector {written}; "
            "its models are not planned, and requests for them are answered with 501",
            location,
            hint=_choices(connectors),
        )
        return plain
    near = nearest(plain, connectors)
    findings.error(
        Code.CONNECTOR_UNKNOWN,
        f"data source {name}: there is no connector {written}",
        location,
        hint=f"did you mean {near}?" if near else _choices(connectors),
    )
    return plain


def _choices(connectors: Mapping[str, str]) -> str:
    return f"connectors: {', '.join(sorted(set(connectors.values())))}"
