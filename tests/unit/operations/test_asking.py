"""A data source is asked before its models are known."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from lbconf.connectors.contract import Connector, LedgerEntry
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import ConnectionFailedError, ConnectorError
from lbconf.operations import asking
from lbconf.operations.apart import possible
from lbconf.operations.asking import EarlyQuestion
from lbconf.project.resolved import DataSource, Layout
from lbconf.records import replace
from lbconf.state.serialise import to_data
from lbconf.state.structure import QualifiedName, State, Table

ROOT = Path("/nowhere")
PROBLEM = Diagnostic(code=Code.SETTINGS_UNUSABLE, message="no")
LEDGER = json.dumps(
    to_data(State(namespaces=("here",), tables=(Table(name=QualifiedName("here", "kept"), columns=()),)))
)


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

    open = ping = normalize = sizes = compile = session = entry = nothing


def _applied() -> LedgerEntry:
    return LedgerEntry(
        id=1,
        started_at="2026-01-02T03:04:05Z",
        finished_at="2026-01-02T03:04:06Z",
        user="someone",
        plan_digest="",
        result="applied",
        next_step=0,
        steps="[]",
        state=LEDGER,
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server([_applied()])
    monkeypatch.setattr(asking, "create_connector", lambda *_: made)
    yield made
    made.let.set()


class Foreseen(Server):
    """A connector that can go on from what another process saw."""

    def __init__(self, ledger: Sequence[Any] = ()) -> None:
        super().__init__(ledger)
        self.let.set()
        self.taken_over: list[State] = []

    def take_over(self, actual: State, sizes: object = None) -> None:
        assert sizes is not None
        self.taken_over.append(actual)


class Failing(Foreseen):
    """One that fails in a process that is not the first."""

    def __init__(self, ledger: Sequence[Any] = (), *, ends: bool = False) -> None:
        super().__init__(ledger)
        self.process, self.ends = os.getpid(), ends

    def history(self) -> Sequence[Any]:
        if os.getpid() != self.process:
            if self.ends:
                os._exit(1)
            raise ConnectionFailedError(PROBLEM, data_source="db", connector="postgresql")
        return self.ledger


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


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "possible", lambda: hasattr(os, "fork"))


def in_a_process_of_its_own(made: Server, monkeypatch: pytest.MonkeyPatch) -> EarlyQuestion:
    monkeypatch.setattr(asking, "create_connector", lambda *_: made)
    early = EarlyQuestion(apart=True)
    early.ask({"db": data_source("db")}, ROOT)
    return early


ENTRIES = [_applied()]


@pytest.mark.usefixtures("alone")
def test_another_process_asks_and_the_connector_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Foreseen(ENTRIES)
    early = in_a_process_of_its_own(made, monkeypatch)
    found = early.take(data_source("db"))
    assert found is not None
    seen = found.seen()
    assert seen.actual == State(namespaces=("here",))
    assert seen.namespaces == frozenset({"here"})
    assert made.taken_over == [seen.actual]
    assert made.inspected == []  # not in this process
    assert seen.managed.texts == ()  # nor sent before somebody asks
    name = QualifiedName("here", "kept")
    assert seen.managed.state([name]) == State(tables=(Table(name=name, columns=()),))
    early.close()
    assert seen.managed.state([name]) == State(
        tables=(Table(name=name, columns=()),)
    )  # asked here where nobody is left to ask


@pytest.mark.usefixtures("alone")
def test_what_goes_wrong_in_the_other_process_is_told_here_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Failing(ENTRIES)
    monkeypatch.setattr(asking, "create_connector", lambda *_: made)
    early = EarlyQuestion(apart=True)
    source = replace(data_source("db"), location=Location(file="datasources.yaml", line=3, column=1))
    early.ask({"db": source}, ROOT)
    found = early.take(source)
    assert found is not None
    with pytest.raises(ConnectionFailedError) as caught:
        found.seen()
    assert caught.value.diagnostics == (replace(PROBLEM, location=source.location),)
    assert made.taken_over == made.inspected == []
    early.close()


@pytest.mark.usefixtures("alone")
def test_what_another_process_that_ends_leaves_undone_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Failing(ENTRIES, ends=True)
    early = in_a_process_of_its_own(made, monkeypatch)
    found = early.take(data_source("db"))
    assert found is not None
    assert found.seen().actual == State(namespaces=("here",))
    assert made.inspected == [["here"]]
    assert made.taken_over == []
    early.close()


@pytest.mark.usefixtures("alone")
def test_another_process_that_nobody_waits_for_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Foreseen(ENTRIES)
    made.let.clear()
    early = in_a_process_of_its_own(made, monkeypatch)
    apart = early._apart
    assert apart is not None
    process = apart._process
    early.close()
    early.close()
    with suppress(ChildProcessError):  # where it ended so quickly that it was waited for
        assert os.waitpid(process or 0, 0)[0] == process


def test_a_process_with_other_threads_is_not_copied() -> None:
    let = Event()
    other = Thread(target=let.wait, args=(10,))
    other.start()
    assert not possible()
    let.set()
    other.join()
