"""Uploads of many instances as lines of JSON and as CSV over HTTP, on every connector."""

import gzip
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import Served
from tests.wares import CONNECTORS, Told, call, ware_server

LINES = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv"}
LENIENT = {"prefer": "handling=lenient"}

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts.filter(lambda key: "." not in key), inner, max_size=3)
    ),
    max_leaves=5,
)
wares = st.fixed_dictionaries(
    {"name": texts.filter(lambda text: bool(text.strip()))},
    optional={
        "price": st.decimals(-(10**9), 10**9, places=2).map(float),
        "weight": st.none() | st.integers(-(2**50), 2**50) | st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
        "amount": st.none() | st.integers(-(2**31), 2**31 - 1),
        "sold": st.none() | st.booleans(),
        "made": st.none() | st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + ".000Z"),
        "facts": st.none() | st.dictionaries(texts.filter(lambda key: "." not in key), json_values, max_size=3),
        "tags": st.none() | st.lists(texts, max_size=3),
    },
)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=CONNECTORS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server(request.param, request, tmp_path_factory.mktemp("wares")) as running:
        yield running


def count(server: Served) -> int:
    return int(call(server, "GET", "/api/wares/count").json["count"])


def sent(server: Served, body: Any, headers: Mapping[str, str], more: Mapping[str, str] | None = None) -> Told:
    return call(server, "POST", "/api/wares", body, {**headers, **(more or {})})


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_each_line_is_an_instance_with_its_defaults(server: Served) -> None:
    before = count(server)
    body = lines({"name": "first"}, {"name": "second", "amount": 7}).rstrip(b"\n") + b"\n\n"

    told = sent(server, body, LINES)

    assert (told.status, told.json) == (200, {"count": 2})
    assert count(server) == before + 2
    found = call(server, "GET", "/api/wares?filter[order]=id%20DESC&filter[limit]=2").json
    assert [(row["name"], row["amount"]) for row in found] == [("second", 7), ("first", 1)]


def test_cells_are_read_by_the_types_of_their_columns(server: Served) -> None:
    body = (
        b"\xef\xbb\xbfname,price,weight,sold,made,facts,tags,code\r\n"
        b'"a ""b"",\r\nc",12.50,1e3,true,2026-01-02,"{""a"":[1]}","[""x""]",""\r\n'
        b"plain,,,,,,,\r\n"
    )

    told = sent(server, body, CSV)

    assert (told.status, told.body) == (200, b'{"count":2}')
    last, first = call(server, "GET", "/api/wares?filter[order]=id%20DESC&filter[limit]=2").json
    assert (first["name"], first["price"], first["weight"], first["sold"]) == ('a "b",\r\nc', 12.5, 1000, True)
    assert (first["made"], first["facts"], first["tags"]) == ("2026-01-02T00:00:00.000Z", {"a": [1]}, ["x"])
    assert first["code"] == ""
    assert (last["name"], last["price"], last["sold"], last["code"]) == ("plain", None, None, None)


def test_one_bad_line_keeps_every_other_out_and_each_is_told_by_its_number(server: Served) -> None:
    before = count(server)
    good = [{"name": f"many {number}"} for number in range(1200)]
    body = lines(*good) + b"not json\n" + lines({"name": None}, {"name": "fine"}, [1], {"name": "x", "none": 1})

    told = sent(server, body, LINES)

    assert told.status == 400
    error = told.json["error"]
    assert error["message"].startswith("Nothing was stored: line 1201: ")
    assert [(entry["line"], entry["statusCode"]) for entry in error["details"]] == [
        (1201, 400),
        (1202, 422),
        (1204, 400),
        (1205, 422),
    ]
    assert error["details"][1]["details"]["codes"] == {"name": ["presence"]}
    assert count(server) == before


def test_what_the_database_refuses_is_told_by_its_line_too(server: Served) -> None:
    before = count(server)
    assert sent(server, lines({"name": "a", "code": "taken"}), LINES).status == 200

    told = sent(server, b"name,code\nb,free\nc,taken\n", CSV)

    assert (told.status, [entry["line"] for entry in told.json["error"]["details"]]) == (409, [3])
    assert count(server) == before + 1
    assert call(server, "GET", '/api/wares/count?where={"code":"free"}').json["count"] == 0


def test_a_lenient_upload_keeps_what_is_good(server: Served) -> None:
    before = count(server)
    assert sent(server, lines({"name": "a", "code": "known"}), LINES).status == 200
    body = lines({"name": "b"}, {"name": None}, {"name": "c", "code": "known"}, {"name": "d"})

    told = sent(server, body, LINES, LENIENT)

    assert (told.status, told.headers["preference-applied"]) == (200, "handling=lenient")
    assert (told.json["count"], told.json["failed"]) == (2, 2)
    assert [(entry["line"], entry["statusCode"]) for entry in told.json["errors"]] == [(2, 422), (3, 409)]
    assert count(server) == before + 3


def test_a_minimal_answer_has_no_body(server: Served) -> None:
    told = sent(server, lines({"name": "a"}), LINES, {"prefer": "return=minimal"})

    assert (told.status, told.body) == (204, b"")


def test_bodies_may_be_compressed_and_chunked(server: Served) -> None:
    body = lines(*({"name": f"packed {number}"} for number in range(3000)))

    assert sent(server, gzip.compress(body), LINES, {"content-encoding": "gzip"}).json == {"count": 3000}
    chunks = iter([body[start : start + 777] for start in range(0, len(body), 777)])
    assert sent(server, chunks, LINES, {"transfer-encoding": "chunked"}).json == {"count": 3000}
    assert sent(server, gzip.compress(body)[:-20], LINES, {"content-encoding": "gzip"}).status == 400
    assert sent(server, b"nothing packed", LINES, {"content-encoding": "gzip"}).status == 400


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (LINES, b'{"name": "' + b"x" * 200_000 + b'"}\n', 413),
        (CSV, b'name\n"' + b"x\n" * 100_000, 413),
        (CSV, b'name\n"never ends\n', 400),
        (CSV, b"name,name\na,b\n", 400),
        (CSV, b"name,\na,b\n", 400),
        (CSV, b"name,code\na\n", 400),
        (CSV, b'name,code\n"a"b,c\n', 400),
        (CSV, b"name,facts\na,{\n", 400),
        (CSV, b"name,amount\na,1_0\n", 422),
        (CSV, b"name,price\na,NaN\n", 422),
        (LINES, b"\xff\xfe\n", 400),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(
    server: Served, headers: Mapping[str, str], body: bytes, status: int
) -> None:
    before = count(server)

    told = sent(server, body, headers)

    assert told.status == status, told.body
    assert count(server) == before


def test_an_empty_body_creates_nothing(server: Served) -> None:
    assert sent(server, b"", LINES).json == {"count": 0}
    assert sent(server, b"", CSV).json == {"count": 0}
    assert sent(server, b"name\r\n", CSV).json == {"count": 0}


def test_a_client_that_leaves_in_the_middle_leaves_nothing(server: Served) -> None:
    before = count(server)
    for _ in range(7):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
        connection.putrequest("POST", "/api/wares")
        connection.putheader("content-type", "application/x-ndjson")
        connection.putheader("content-length", "10000000")
        connection.endheaders()
        connection.send(lines(*({"name": f"left {number}"} for number in range(1500))))
        connection.close()
    told = sent(server, lines({"name": "after"}), LINES)
    end = time.monotonic() + 60
    while told.status == 503 and time.monotonic() < end:
        time.sleep(0.05)  # until the server has seen that they left
        told = sent(server, lines({"name": "after"}), LINES)
    assert told.json == {"count": 1}
    assert count(server) == before + 1


def test_what_is_sent_comes_back_whatever_the_form(server: Served) -> None:
    """Rows sent as JSON, downloaded in each form, uploaded from that and read again are the same rows."""

    @FEW
    @given(st.lists(wares, min_size=1, max_size=8))
    def law(rows: list[dict[str, Any]]) -> None:
        assert call(server, "POST", "/api/wares/update", {"code": None}).status == 200
        marked = [{**row, "name": f"{number} {row['name']}"[:40], "personId": None} for number, row in enumerate(rows)]
        first = _stored(server, marked, lambda: call(server, "POST", "/api/wares", marked))
        for accept, headers in (("application/x-ndjson", LINES), ("text/csv", CSV)):
            told = call(server, "GET", _since(first, len(rows)), headers={"accept": accept})
            assert told.status == 200
            again = _stored(server, marked, lambda told=told, headers=headers: sent(server, told.body, headers))
            wanted, found = (call(server, "GET", _since(start, len(rows))).json for start in (first, again))
            assert [_told(row) for row in found] == [_told(row) for row in wanted]

    law()


def _stored(server: Served, rows: list[dict[str, Any]], send: Any) -> int:
    """The first id of what is sent."""
    newest = call(server, "GET", "/api/wares?filter[order]=id%20DESC&filter[limit]=1").json
    told = send()
    assert told.status == 200, told.body
    return (newest[0]["id"] if newest else 0) + 1


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what says nothing: a store without columns keeps what was not said apart from nulls."""
    return {name: value for name, value in row.items() if value is not None}


def _since(first: int, limit: int) -> str:
    parts = {"where": {"id": {"gte": first}}, "order": "id", "fields": {"id": False}, "limit": limit}
    return f"/api/wares?filter={quote(json.dumps(parts))}"
