"""What is measured: counts and their text, several processes as one, masked plans, spans from request to query."""

import asyncio
import json
import re
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lbconf.api.access_log import AccessLog
from lbconf.api.log import JsonLog
from lbconf.api.watch.metrics import Family, Metrics, exposition
from lbconf.api.watch.sharing import SharedFolder, joined
from lbconf.api.watch.slow import SlowQueries, without_values
from lbconf.api.watch.tracing import Tracing
from lbconf.api.watch.watcher import SCOPE_KEY, Watcher
from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.project.resolved import Layout
from lbconf.query.nodes import Query
from tests.strategies.shop import model, project

THING = model("Thing", layout=Layout.NATIVE)
ENDPOINT: Any = SimpleNamespace(verb="GET", path="/{id}", model=SimpleNamespace(path="/things"))
LINE = re.compile(r'[a-z_]+(\{([a-z_]+="[^"\\]*(\\.[^"\\]*)*",?)*\})? [0-9.e+-]+')


def connector() -> MemoryConnector:
    return MemoryConnector(project({"Thing": THING}).data_sources["db"])


def test_requests_are_counted_by_route() -> None:
    metrics = Metrics(root="/api")
    for status, seconds in ((200, 0.004), (200, 0.2), (404, 0.0001)):
        metrics.request(ENDPOINT, "GET", status, seconds)
    metrics.request(None, "BREW", 404, 0.1)

    text = exposition(metrics.families()).decode()

    assert 'lbconf_requests_total{method="GET",route="/api/things/{id}",status="200"} 2\n' in text
    assert 'lbconf_requests_total{method="OTHER",route="(other)",status="404"} 1\n' in text
    assert 'lbconf_request_duration_seconds_bucket{method="GET",route="/api/things/{id}",le="0.005"} 2\n' in text
    assert 'lbconf_request_duration_seconds_bucket{method="GET",route="/api/things/{id}",le="+Inf"} 3\n' in text
    assert 'lbconf_request_duration_seconds_count{method="GET",route="/api/things/{id}"} 3\n' in text
    assert all(line.startswith("#") or LINE.fullmatch(line) for line in text.splitlines())


@given(st.text(max_size=10), st.floats(0, 100))
def test_every_name_and_time_can_be_read_back(name: str, seconds: float) -> None:
    metrics = Metrics()
    metrics.query(name, name, "find", seconds)

    lines = exposition(metrics.families()).decode().split("\n")

    assert all(line.startswith("#") or not line or LINE.fullmatch(line) for line in lines)


def test_several_processes_count_as_one(tmp_path: Path) -> None:
    def families(value: float) -> tuple[Family, ...]:
        return (
            Family(name="a_total", kind="counter", help="h", samples={"": value}),
            Family(name="b", kind="gauge", help="h", samples={"": value}),
            Family(name="c_up", kind="gauge", help="h", samples={"": value}),
        )

    def left(process: int, value: float) -> None:
        said = [[one.name, one.kind, one.help, dict(one.samples)] for one in families(value)]
        (tmp_path / f"{process}.json").write_text(json.dumps(said))

    left(1, 2)  # the first process of the machine lives
    left(2**22 + 1, 5)  # no process has such a number
    (tmp_path / "3.json").write_text("{")
    own = SharedFolder(tmp_path)
    own.leave(families(1))

    found = {one.name: dict(one.samples) for one in joined(families(1), own.others())}

    assert found == {"a_total": {"": 8}, "b": {"": 3}, "c_up": {"": 1}}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Seq Scan on t  (cost=0.00..1.5 rows=3 width=4)", "Seq Scan on t  (cost=0.00..1.5 rows=3 width=4)"),
        ("Filter: (name = 'O''Hara'::text)", "Filter: (name = '***'::text)"),
        ("Index Cond: ((id = 42) AND (x > -1.5e3))", "Index Cond: ((id = ?) AND (x > ?))"),
        ("Index Cond: (id = $1)", "Index Cond: (id = $1)"),
        ("SEARCH t2 USING INDEX t2_x (x=?)", "SEARCH t2 USING INDEX t2_x (x=?)"),
        ("Filter: (name = '(cost=1 a)')", "Filter: (name = '***')"),
    ],
)
def test_plans_tell_no_values(line: str, shown: str) -> None:
    assert without_values(line) == shown


@given(st.text(max_size=20), st.integers(0, 10**9))
def test_no_literal_is_left_in_a_plan(text: str, number: int) -> None:
    literal = "'" + text.replace("'", "''") + "'"

    shown = without_values(f"Filter: ((a = {literal}::text) AND (b = {number}))")

    assert shown == "Filter: ((a = '***'::text) AND (b = ?))"


def asked(watcher: Watcher, *headers: tuple[bytes, bytes], watched: MemoryConnector) -> dict[bytes, bytes]:
    """Headers of the answer to a request that makes one query."""

    async def app(scope: Any, _: Any, send: Any) -> None:
        watch = scope[SCOPE_KEY]
        watch.endpoint = ENDPOINT
        watch.run(watched.find, Query(model=THING))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope: Any = {"type": "http", "method": "GET", "path": "/things/1", "headers": [*headers]}
    asyncio.run(AccessLog(app, None, watcher=watcher)(scope, None, send))  # type: ignore[arg-type]
    return dict(told[0]["headers"])


def test_times_are_told_to_who_asks() -> None:
    metrics, watched = Metrics(), connector()
    watcher = Watcher(metrics, timing="asked", slow=None, tracing=None)
    watcher.observe([watched])

    assert b"server-timing" not in asked(watcher, watched=watched)
    told = asked(watcher, (b"x-server-timing", b"1"), watched=watched)[b"server-timing"]

    assert re.fullmatch(rb'total;dur=[\d.]+, db;dur=[\d.]+;desc="1 query"', told)
    text = exposition(metrics.families()).decode()
    assert 'lbconf_query_duration_seconds_count{data_source="db",model="Thing",operation="find"} 2\n' in text
    assert "lbconf_requests_in_progress 0\n" in text


def test_slow_queries_are_logged() -> None:
    lines: SimpleQueue[bytes] = SimpleQueue()
    watched = connector()
    slow = SlowQueries(0.0, JsonLog(lines.put))
    watcher = Watcher(None, timing=False, slow=slow, tracing=None)
    watcher.observe([watched])

    asked(watcher, (b"x-request-id", b"abc"), watched=watched)
    line = json.loads(lines.get(timeout=20))
    assert {key: line[key] for key in ("event", "dataSource", "model", "operation", "request")} == {
        "event": "slow-query",
        "dataSource": "db",
        "model": "Thing",
        "operation": "find",
        "request": "abc",
    }


def test_a_trace_leads_from_the_caller_to_the_query() -> None:
    from opentelemetry import propagate, trace

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(trace, propagate)
    tracing._tracer = provider.get_tracer("lbconf")
    watched = connector()
    watcher = Watcher(None, timing=False, slow=None, tracing=tracing)
    watcher.observe([watched])

    parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    asked(watcher, (b"traceparent", parent), watched=watched)

    query, request = exporter.get_finished_spans()
    assert (request.name, query.name) == ("GET /things/{id}", "find Thing")
    assert request.parent is not None
    assert query.parent is not None
    assert request.context is not None
    assert f"{request.parent.span_id:x}" == "b7ad6b7169203331"
    assert query.parent.span_id == request.context.span_id
    assert request.attributes is not None
    assert (request.attributes["http.route"], request.attributes["http.response.status_code"]) == ("/things/{id}", 200)
