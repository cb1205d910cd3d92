"""Bulk writes and batches of operations over HTTP, on every connector: all is done, or nothing."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import Served
from tests.wares import CONNECTORS, Told, call, ware_server

LENIENT = {"prefer": "handling=lenient"}
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=CONNECTORS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server(request.param, request, tmp_path_factory.mktemp("wares")) as running:
        yield running


def wares(server: Served) -> list[Any]:
    return list(call(server, "GET", "/api/wares?filter[order]=id").json)


def made(server: Served, **values: Any) -> int:
    told = call(server, "POST", "/api/wares", {"name": "ware", **values})
    assert told.status == 200, told.body
    return int(told.json["id"])


def bulk(server: Served, headers: dict[str, str] | None = None, **lists: Any) -> Told:
    return call(server, "POST", "/api/wares/bulk", lists, headers)


def batch(server: Served, *operations: Any) -> Told:
    return call(server, "POST", "/api/batch", list(operations))


def operation(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    return (
        {"method": method, "path": path}
        | ({} if body is None else {"body": body})
        | ({"headers": headers} if headers else {})
    )


def test_a_bulk_write_creates_updates_and_deletes(server: Served) -> None:
    first, second, third = made(server), made(server), made(server)

    told = bulk(
        server, create=[{"name": "new"}], update=[{"id": first, "name": "changed"}], delete=[second, {"id": third}]
    )

    assert told.status == 200, told.body
    assert [row["name"] for row in told.json["create"]] == ["new"]
    assert [(row["id"], row["name"]) for row in told.json["update"]] == [(first, "changed")]
    assert told.json["delete"] == 2
    ids = [row["id"] for row in wares(server)]
    assert first in ids
    assert not {second, third} & set(ids)


def test_each_row_of_a_bulk_write_that_is_refused_is_told_and_nothing_is_done(server: Served) -> None:
    kept = made(server, code="bulk taken")
    before = wares(server)

    told = bulk(
        server,
        create=[{"name": "fine"}, {"name": None}, {"name": "x", "code": "bulk taken"}],
        update=[{"id": 999_999, "name": "x"}, {"name": "no id"}],
        delete=[kept],
    )

    assert told.status == 422
    entries = [(one["operation"], one["index"], one["statusCode"]) for one in told.json["error"]["details"]]
    assert entries == [("create", 1, 422), ("create", 2, 409), ("update", 0, 404), ("update", 1, 400)]
    assert wares(server) == before


def test_a_lenient_bulk_write_does_what_can_be_done(server: Served) -> None:
    kept = made(server)

    told = bulk(server, LENIENT, create=[{"name": "fine"}, {"name": None}], delete=[kept])

    assert (told.status, told.headers["preference-applied"]) == (200, "handling=lenient")
    assert ([row["name"] for row in told.json["create"]], told.json["delete"]) == (["fine"], 1)
    assert [(one["operation"], one["index"]) for one in told.json["errors"]] == [("create", 1)]


def test_a_minimal_bulk_write_has_no_body(server: Served) -> None:
    assert bulk(server, {"prefer": "return=minimal"}, create=[{"name": "x"}]).status == 204


@pytest.mark.parametrize("body", [[], {"creat": []}, {"create": {}}, {"delete": [None]}, {"update": [[]]}])
def test_what_is_no_bulk_write_is_refused(server: Served, body: Any) -> None:
    assert call(server, "POST", "/api/wares/bulk", body).status == 400


def test_bulk_is_all_or_nothing(server: Served) -> None:
    """Whatever is among the rows: every good one is there afterwards, or what was there before."""
    row = st.sampled_from(
        [{"name": "good"}, {"name": None}, {"name": "x", "amount": "none"}, {"name": "y", "tags": ["a"]}]
    )

    @FEW
    @given(st.lists(row, max_size=6), st.booleans())
    def law(rows: list[dict[str, Any]], deletes: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        known = made(server)
        before = call(server, "GET", "/api/wares/count").json["count"]
        bad = [one for one in rows if one["name"] is None or "amount" in one]
        told = bulk(server, create=rows, delete=[known] if deletes else [])
        after = call(server, "GET", "/api/wares/count").json["count"]
        assert (told.status == 200) is (not bad)
        assert after == before if bad else after == before + len(rows) - deletes

    law()


def test_a_batch_does_operations_in_order_and_may_refer_to_what_was_answered(server: Served) -> None:
    told = batch(
        server,
        operation("POST", "/people", {"name": "Ada"}),
        operation("POST", "/wares", {"name": "tea", "personId": "$0.id", "tags": ["$0.name", "$$0.id"]}),
        operation("GET", "/people/$0.id/wares"),
        operation("PATCH", "/wares/$2.0.id", {"name": "green tea"}),
        operation("DELETE", "/wares/$1.id"),
    )

    assert told.status == 200, told.body
    person, ware, listed, changed, gone = told.json
    assert [one["status"] for one in told.json] == [200] * 5
    assert ware["body"]["personId"] == person["body"]["id"]
    assert ware["body"]["tags"] == ["Ada", "$0.id"]
    assert [row["id"] for row in listed["body"]] == [ware["body"]["id"]]
    assert (changed["body"]["name"], gone["body"]) == ("green tea", {"count": 1})


def test_a_batch_of_which_one_is_refused_does_nothing(server: Served) -> None:
    before = wares(server)

    told = batch(server, operation("POST", "/wares", {"name": "a"}), operation("POST", "/wares", {"name": None}))

    assert told.status == 422
    (detail,) = told.json["error"]["details"]
    assert (detail["operation"], detail["statusCode"], detail["details"]["codes"]) == (1, 422, {"name": ["presence"]})
    assert wares(server) == before


def test_operations_of_a_batch_have_conditions_of_their_own(server: Served) -> None:
    known = made(server)
    tag = call(server, "GET", f"/api/wares/{known}").headers["etag"]
    change = operation("PATCH", f"/wares/{known}", {"name": "b"}, **{"If-Match": tag})

    assert batch(server, change).status == 200
    assert batch(server, operation("POST", "/wares", {"name": "never"}), change).status == 412
    assert call(server, "GET", '/api/wares/count?where={"name":"never"}').json["count"] == 0


@pytest.mark.parametrize(
    "operations",
    [
        [{}],
        [1],
        [{"method": "GET", "path": "wares"}],
        [{"method": "OPTIONS", "path": "/wares"}],
        [{"method": "GET", "path": "/wares/$0.id"}],
        [{"method": "GET", "path": "/wäres"}],
        [{"method": "GET", "path": "/wares", "headers": {"authorization": "x"}}],
        {"method": "GET"},
        [{"method": {"GET": 1}, "path": "/"}],
        [{"method": [], "path": []}],
    ],
)
def test_what_is_no_batch_is_refused(server: Served, operations: Any) -> None:
    assert call(server, "POST", "/api/batch", operations).status == 400


def test_a_batch_reaches_no_path_outside_the_models_and_is_bounded(server: Served) -> None:
    assert batch(server, operation("GET", "/nothing")).status == 404
    assert batch(server, operation("POST", "/batch", [])).status == 404
    assert batch(server, *[operation("GET", "/wares/count")] * 1001).status == 413
    assert batch(server).json == []
    assert call(server, "GET", "/api/batch").status == 404


def test_batches_that_wait_for_rows_leave_connections_to_others(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with ware_server("postgresql", request, tmp_path) as running, ThreadPoolExecutor(20) as pool:
        number = made(running)
        url = re.search(r"url: '(.*)'", (tmp_path / "environments/base/datasources.yaml").read_text())
        assert url is not None
        patch = operation("PATCH", f"/wares/{number}", {"name": "patched"})
        with psycopg.connect(url.group(1)) as other:
            other.execute('SELECT 1 FROM "Ware" FOR UPDATE')
            told = [pool.submit(batch, running, patch) for _ in range(20)]
            end, waiting = time.monotonic() + 60, 0
            while waiting < 5 and time.monotonic() < end:
                (waiting,) = other.execute(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
                ).fetchone() or (0,)
            found = [call(running, "GET", f"/api/wares/{number}").json["name"] for _ in range(20)]
            other.rollback()
        assert found == ["ware"] * 20
        assert [one.result().status for one in told] == [200] * 20
