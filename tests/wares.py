"""A small native project of people and what they keep, served on each connector, and raw requests to it."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.place import made
from tests.serving import Served, served

__all__ = ["CONNECTORS", "Told", "call", "ware_server"]

CONNECTORS = ("memory", "sqlite", "postgresql", "mysql")

PERSON = """
dataSource: db
properties: {name: {type: string, required: true, maxLength: 40}, secret: {type: string, hidden: true}}
relations: {wares: {type: hasMany, model: Ware, foreignKey: personId}}
"""
WARE = """
dataSource: db
properties:
  name: {type: string, required: true, maxLength: 60}
  code: {type: string(40), unique: true}
  price: decimal(12,2)
  weight: number
  amount: {type: integer, default: 1}
  sold: boolean
  made: date
  facts: object
  tags: [string]
  secret: {type: string, hidden: true}
  personId: {type: bigint}
relations: {person: {type: belongsTo, model: Person, foreignKey: personId}}
scopes: {many: {where: {amount: {gt: 1}}}}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(server: Served, verb: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Told:
    """The answer to one request; bytes are sent as they are, what is iterated in chunks, everything else as JSON."""
    sent = dict(headers or {})
    if body is not None and not isinstance(body, bytes) and not hasattr(body, "__next__"):
        body = json.dumps(body).encode()
        sent.setdefault("content-type", "application/json")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request(verb, path, body, sent, encode_chunked=hasattr(body, "__next__"))
        answer = connection.getresponse()
        return Told(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
    finally:
        connection.close()


@contextmanager
def ware_server(
    kind: str,
    request: pytest.FixtureRequest,
    root: Path,
    *,
    server: str = "",
    variables: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """The project on one of `CONNECTORS`, without access control; `server` holds more lines of its settings."""
    database = None if kind in {"memory", "sqlite"} else request.getfixturevalue(f"{kind}_server")
    url = None if database is None else database.create_database()
    place = made(root, url)
    if kind == "memory":
        place.write("datasources.yaml", "db: {connector: memory}\n")
    place.write("models/person.yaml", PERSON)
    place.write("models/ware.yaml", WARE)
    if server:
        place.write("server.yaml", server)
    (root / "environments/development").mkdir(parents=True, exist_ok=True)
    if kind != "memory":
        place.apply()
    try:
        with served(root, "--insecure-no-access-control", variables=variables) as running:
            yield running
    finally:
        if database is not None:
            database.drop_database(url)
