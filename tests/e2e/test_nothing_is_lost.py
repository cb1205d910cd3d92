"""Requests that must not do more than was meant, nor cost more than they should: conditions, patterns, sizes."""

import contextlib
import gzip
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.serving import Served, ask, run_lbconf, served

THING = """\
name: Thing
dataSource: db
public: true
properties:
  name: string
  num: number
  dec: decimal(10,2)
  tags: [string]
  done: boolean
scopes:
  few: {where: {num: {lt: 100}}}
"""
SOURCES = {"memory": "{connector: memory}", "sqlite": "{connector: sqlite, file: rows.db}"}


@pytest.fixture(scope="module", params=list(SOURCES))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("things")
    models = root / "environments" / "base" / "models"
    models.mkdir(parents=True)
    (models / "thing.yaml").write_text(THING)
    (models.parent / "datasources.yaml").write_text(f"db: {SOURCES[request.param]}\n")
    (models.parent / "server.yaml").write_text("name: Things\npageSize: 3\nmaxPageSize: 5\n")
    if request.param != "memory":
        done = run_lbconf("apply", "--project", str(root), "--auto-approve")
        assert done.returncode == 0, done.stderr
    with served(root) as running:
        yield running


@pytest.fixture(autouse=True)
def rows(server: Served) -> None:
    status, _, _ = ask(server, "/api/things/few", method="DELETE")
    assert status == 204
    made = [{"name": f"n{number}", "num": number} for number in range(1, 7)]
    assert ask(server, "/api/things", method="POST", body=made)[0] == 200


@pytest.mark.parametrize(
    "query",
    [
        "where[__proto__][num]=1",
        "&".join(f"a{number}=1" for number in range(1001)) + "&where[num]=1",
        "where[num=1",
        "where[num]]=1",
        "where.num=1",
        "Where=" + quote('{"num":1}'),
        "filter=" + quote('{"where":{"num":1}}'),
        "wheer[num]=1",
        "where=",
        "where=" + quote('{"num":{"gt":4,"foo":1}}'),
        "where=" + quote('{"place":{"near":"1,1"}}'),
    ],
)
def test_a_write_whose_condition_is_not_understood_is_refused(server: Served, query: str) -> None:
    for path, method in (("/api/things/update", "POST"), ("/api/things/few", "DELETE")):
        status, _, _ = ask(server, f"{path}?{query}", method=method, body={"name": "hit"} if method == "POST" else None)
        assert status == 400
    assert ask(server, "/api/things/count?where[name]=hit")[1] == {"count": 0}
    assert ask(server, "/api/things/count")[1] == {"count": 6}


def test_every_operator_of_a_write_counts(server: Served) -> None:
    where = quote('{"num":{"gt":4,"lt":6}}')
    assert ask(server, f"/api/things/update?where={where}", method="POST", body={"name": "hit"})[1] == {"count": 1}


@pytest.mark.parametrize(
    "query",
    [
        "filter[order]=" + "+" * 60_000,
        "filter=" + quote(json.dumps({"order": " " * 20_000 + "x"})),
        "filter=" + quote('{"where":{"dec":"1e999999999"}}'),
        *(
            "filter=" + quote('{"where":{"' + name + '":{"' + operator + '":1' + "0" * 400 + "}}}")
            for name in ("name", "num", "dec", "tags", "name.x")
            for operator in ("eq", "neq", "gt")
        ),
        "filter=" + quote('{"where":{"num":"0x' + "f" * 398 + '"}}'),
        "filter=" + quote('{"limit":1' + "0" * 400 + "}"),
    ],
)
def test_costly_and_huge_values_are_answered_at_once(server: Served, query: str) -> None:
    started = time.monotonic()
    status, _, _ = ask(server, f"/api/things?{query}")
    assert status in {200, 400}
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("pattern", ["(a|b)*a(a|b){400}d", "^(.*a){300}x$", "((a|b)?){400}d"])
def test_a_costly_pattern_is_given_up(server: Served, pattern: str) -> None:
    text = "".join("ab"[number * number % 7 % 2] for number in range(90_000)) + "c"
    assert ask(server, "/api/things", method="POST", body={"name": text, "num": 50})[0] == 200

    started = time.monotonic()
    status, _, _ = ask(server, "/api/things/count?where=" + quote(json.dumps({"name": {"regexp": pattern}})))

    assert status in {200, 400}
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("number", ["9" * 5000, "1e999999999", "1" + "0" * 400])
def test_huge_numbers_are_never_stored(server: Served, number: str) -> None:
    for body in (f'{{"dec": "{number}"}}', f'{{"dec": {number}}}', f'{{"num": {number}}}'):
        started = time.monotonic()
        assert raw(server, body.encode(), {"content-type": "application/json"}) in {400, 422}
        assert time.monotonic() - started < 2
    assert raw(server, f'{{"name": {number}}}'.encode(), {"content-type": "application/json"}) == 422
    assert ask(server, "/api/things")[0] == 200


def test_lists_have_a_size(server: Served) -> None:
    assert len(ask(server, "/api/things")[1]) == 3
    assert len(ask(server, "/api/things?filter[limit]=4")[1]) == 4
    assert len(ask(server, "/api/things?filter[limit]=100")[1]) == 5
    assert ask(server, "/api/things/count")[1] == {"count": 6}
    assert ask(server, "/openapi.json")[1]["info"]["title"] == "Things"


def test_a_form_is_read_as_a_query_string_is(server: Served) -> None:
    sent = b"name=7&num=7.5&done=true&dec=1.25&tags[]=a&tags[]=b"
    made = answered(server, sent, {"content-type": "application/x-www-form-urlencoded"})
    assert {name: value for name, value in made.items() if name != "id"} == {
        "name": "7",
        "num": 7.5,
        "done": True,
        "dec": 1.25,
        "tags": ["a", "b"],
    }
    assert raw(server, b"num=many", {"content-type": "application/x-www-form-urlencoded"}) == 422
    assert raw(server, b"done=perhaps", {"content-type": "application/x-www-form-urlencoded"}) == 422


def test_a_body_that_is_cut_short_is_refused(server: Served) -> None:
    whole = gzip.compress(b'{"name": "zipped"}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert raw(server, whole[:10], headers) == 400
    assert raw(server, whole[:-4], headers) == 400
    assert raw(server, whole, headers) == 200


def test_a_url_has_an_end(server: Served) -> None:
    for size in (65_600, 200_000):
        with contextlib.closing(connected(server)) as connection, contextlib.suppress(ConnectionError):
            connection.request("GET", "/api/things?x=" + "y" * size)
            assert connection.getresponse().status in {400, 414}
    assert ask(server, "/api/things")[0] == 200


def connected(server: Served) -> http.client.HTTPConnection:
    place = urlsplit(server.url)
    return http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)


def answered(server: Served, body: bytes, headers: dict[str, str]) -> Any:
    with contextlib.closing(connected(server)) as connection:
        connection.request("POST", "/api/things", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)


def raw(server: Served, body: bytes, headers: dict[str, str]) -> int:
    with contextlib.closing(connected(server)) as connection:
        connection.request("POST", "/api/things", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
