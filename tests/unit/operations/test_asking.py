"""A data source is asked before its models are known."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError
from lbconf.operations import asking
from lbconf.operations.asking import EarlyQuestion
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.structure import State

ROOT = Path("/nowhere")
PROBLEM = Diagnostic(code=Code.SETTINGS_UNUSABLE, message="no")
LEDGER = '{"namespaces": ["here"], "tables": []}'


def data_source(name: str, connector: str = "postgresql") -> DataSource:
    return DataSource(name=name, connector=connector, settings={}, layout=Layout.NATIVE)


class Server:
    """A connector whose server answers when it is let."""

    def __init__(self, ledger: Sequence[Any] = ()) -> None:
        self.let, self.ledger = Event(), ledger
        self.inspected: list[Any] = []
        self.closed = 0
        self.data_source = self.capabilities = None

    def history(self) -> Sequence[Any]:
        assert self.let.wait(10)
        return self.ledger

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        self.inspected.append(namespaces)
        return State(namespaces=tuple(namespaces or ()))

    def close(self) -> None:
        self.closed += 1

    def nothing(self, *_: Any, **__: Any) -> None: ...

    open = ping = normalize = sizes = compile = session = nothing


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server([SimpleNamespace(result="applied", next_step=0, state=LEDGER)])
    monkeypatch.setattr(asking, "create_connector", lambda *_: made)
    yield made
    made.let.set()


def asked(sources: Mapping[str, DataSource], *names: str) -> EarlyQuestion:
    early = EarlyQuestion(names)
    early.ask(sources, ROOT)
    return early


def test_the_one_data_source_is_asked_before_anybody_waits(server: Server) -> None:
    source = data_source("db")
    early = asked({"memory": data_source("memory", "memory"), "db": source})
    found = early.take(source)
    assert found is not None
    assert not server.inspected
    server.let.set()
    seen = found.seen()
    assert seen.namespaces == frozenset({"here"})
    assert seen.actual == State(namespaces=("here",))
    assert early.take(source) is None
    early.close()
    assert server.closed == 1


def test_without_a_ledger_nothing_is_looked_into(server: Server) -> None:
    server.ledger = ()
    server.let.set()
    early = asked({"db": data_source("db")})
    found = early.take(data_source("db"))
    assert found is not None
    assert found.seen().namespaces is None
    assert server.inspected == []


def test_a_question_nobody_takes_up_is_forgotten_without_waiting(server: Server) -> None:
    early = asked({"db": data_source("db")})
    early.close()
    assert server.closed == 1
    server.let.set()
    assert early._aside is not None
    early._aside.finish()
    assert server.closed == 2  # the connections that were made after that, too


@pytest.mark.parametrize(
    ("connectors", "names"),
    [({"a": "postgresql", "b": "postgresql"}, ()), ({"a": "sqlite"}, ()), ({"a": "postgresql"}, ("b",)), ({}, ())],
)
def test_nobody_is_asked_where_it_is_not_plain_who(
    server: Server, connectors: dict[str, str], names: tuple[str, ...]
) -> None:
    sources = {name: data_source(name, connector) for name, connector in connectors.items()}
    early = asked(sources, *names)
    assert all(early.take(source) is None for source in sources.values())
    early.close()
    assert server.closed == 0


def test_the_named_one_of_several_is_asked(server: Server) -> None:
    sources = {name: data_source(name) for name in ("a", "b")}
    early = asked(sources, "b")
    assert early.take(sources["a"]) is None
    assert early.take(sources["b"]) is not None


def test_a_connector_that_cannot_be_made_is_left_to_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Connector:
        raise ConnectorError(PROBLEM, data_source="db", connector="postgresql")

    monkeypatch.setattr(asking, "create_connector", refuse)
    source = data_source("db")
    assert asked({"db": source}).take(source) is None


def test_what_went_wrong_is_told_to_whoever_waits(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Sequence[Any]:
        raise ConnectionFailedError(PROBLEM, data_source="db", connector="postgresql")

    monkeypatch.setattr(server, "history", fail)
    found = asked({"db": data_source("db")}).take(data_source("db"))
    assert found is not None
    with pytest.raises(ConnectionFailedError):
        found.seen()
