"""What clients may ask beyond LoopBack's filters, over HTTP: pages, totals, related models, aggregates, budgets."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pymysql
import pytest

from tests.serving import Served, ask, run_lbconf, served

WRITER = """\
properties:
  id: {type: integer, id: true, generated: true}
  name: {type: string}
  secret: {type: string, hidden: true}
relations:
  books: {type: hasMany, model: Book, foreignKey: writerId}
"""
BOOK = """\
properties:
  id: {type: integer, id: true, generated: true}
  title: {type: string}
  price: {type: "decimal(10,2)"}
  published: {type: datetime}
relations:
  writer: {type: belongsTo, model: Writer}
"""


def write_project(root: Path, source: str, server: str = "") -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(f"db: {source}\n")
    (base / "server.yaml").write_text(f"cors: true\nauth: false\n{server}")
    (base / "models" / "writer.yaml").write_text(f"name: Writer\ndataSource: db\npublic: true\n{WRITER}")
    (base / "models" / "book.yaml").write_text(f"name: Book\ndataSource: db\npublic: true\n{BOOK}")
    return root


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql", "mysql"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served library of two writers and five books."""
    root = tmp_path_factory.mktemp("library")
    kept: dict[str, str] = {"memory": "", "sqlite": f", file: {root / 'rows.db'}"}
    where = kept.get(request.param)
    if where is None:
        where = f", url: '{request.getfixturevalue(f'{request.param}_server').create_database()}'"
    write_project(root, f"{{connector: {request.param}{where}}}")
    if request.param != "memory":
        done = run_lbconf("apply", "--project", str(root), "--auto-approve")
        assert done.returncode == 0, done.stderr
    with served(root) as server:
        for name, secret in (("Ann", "x"), ("Ben", "y")):
            assert ask(server, "/api/writers", method="POST", body={"name": name, "secret": secret})[0] == 200
        for number, (title, price, writer) in enumerate(
            [("a", 1.5, 1), ("b", 2.25, 2), ("c", 3, 1), ("d", None, None), ("e", 4, 2)]
        ):
            row = {
                "title": title,
                "price": price,
                "writerId": writer,
                "published": f"2026-0{number % 2 + 1}-03T04:05:06Z",
            }
            assert ask(server, "/api/books", method="POST", body=row)[0] == 200
        yield server


def find(server: Served, path: str, asked: dict[str, Any], more: str = "") -> tuple[int, Any, Any]:
    return ask(server, f"{path}?filter={quote(json.dumps(asked))}{more}")


def links(headers: Any) -> dict[str, str]:
    """Address by relation."""
    found = {}
    for part in headers.get("link", "").split(", <"):
        if part:
            address, rel = part.lstrip("<").split(">; rel=")
            found[rel.strip('"')] = address
    return found


def test_links_lead_from_page_to_page(library: Served) -> None:
    titles: list[str] = []
    status, rows, headers = find(library, "/api/books", {"order": "price DESC", "limit": 2}, "&after=&count=true")
    assert (status, headers["x-total-count"]) == (200, "5")
    pages = 1
    while True:
        titles += [row["title"] for row in rows]
        following = links(headers)
        assert following["first"].endswith("after=")
        if "next" not in following:
            break
        status, rows, headers = ask(library, following["next"])
        assert (status, headers["x-total-count"]) == (200, "5")
        pages += 1
    assert (titles, pages) == (["d", "e", "c", "b", "a"], 3)


def test_a_total_comes_with_any_list_and_is_read_by_scripts_of_other_origins(library: Served) -> None:
    status, rows, headers = find(library, "/api/books", {"where": {"writer.name": "Ann"}, "limit": 1}, "&count=true")

    assert (status, len(rows), headers["x-total-count"]) == (200, 1, "2")
    assert "X-Total-Count" in headers["access-control-expose-headers"]
    assert ask(library, "/api/writers/1/books?count=true")[2]["x-total-count"] == "2"
    assert "x-total-count" not in ask(library, "/api/books")[2]
    assert "link" not in find(library, "/api/books", {"limit": 2})[2]
    assert ask(library, "/api/books?count=perhaps")[0] == 400


def test_a_next_page_in_the_order_of_another_model_is_reached_by_skipping(library: Served) -> None:
    asked = {"order": "writer.name", "limit": 3}
    status, rows, headers = find(library, "/api/books", asked, "&count=true")
    assert [row["title"] for row in rows] == ["a", "c", "b"]
    _, rows, headers = ask(library, links(headers)["next"])
    assert [row["title"] for row in rows] == ["e", "d"]
    assert "next" not in links(headers)
    status, body, _ = find(library, "/api/books", asked, "&after=")
    assert (status, "no cursors" in body["error"]["message"]) == (400, True)


def test_broken_cursors_are_told(library: Served) -> None:
    for cursor in ("x", "W10", "%00", "a" * 9000):
        status, body, _ = ask(library, f"/api/books?after={cursor}")
        assert status == 400
        assert "cursor" in body["error"]["message"]


def test_aggregates(library: Served) -> None:
    asked = {
        "groupBy": "writerId",
        "count": True,
        "sum": "price",
        "order": "sum.price DESC",
        "where": {"price": {"gt": 0}},
    }
    assert find(library, "/api/books/aggregate", asked)[1] == [
        {"writerId": 2, "count": 2, "sum": {"price": 6.25}},
        {"writerId": 1, "count": 2, "sum": {"price": 4.5}},
    ]
    assert find(library, "/api/books/aggregate", {"groupBy": "published.month"})[1] == [
        {"published.month": "2026-01", "count": 3},
        {"published.month": "2026-02", "count": 2},
    ]
    assert ask(library, "/api/books/aggregate?filter[max]=price&filter[min]=price")[1] == [
        {"min": {"price": 1.5}, "max": {"price": 4}}
    ]
    assert ask(library, "/api/books/aggregate")[1] == [{"count": 5}]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/writers", {"where": {"secret": "x"}}),
        ("/api/writers", {"where": {"or": [{"secret": {"like": "x%"}}, {"name": "Ann"}]}}),
        ("/api/writers", {"order": "secret"}),
        ("/api/writers", {"fields": ["secret"]}),
        ("/api/writers/count", {"where": {"secret": "x"}}),
        ("/api/writers/aggregate", {"max": "name", "where": {"secret": {"gt": ""}}}),
        ("/api/writers/aggregate", {"groupBy": "secret"}),
        ("/api/writers/aggregate", {"min": ["secret"]}),
        ("/api/writers/aggregate", {"count": True, "having": {"secret": "x"}}),
        ("/api/writers/aggregate", {"order": "secret"}),
        ("/api/books", {"where": {"writer.secret": "x"}}),
        ("/api/books", {"where": {"writer": {"secret": {"regexp": "^x"}}}}),
        ("/api/books", {"order": "writer.secret"}),
        ("/api/books", {"include": {"relation": "writer", "scope": {"where": {"secret": "x"}}}}),
        ("/api/books", {"include": {"relation": "writer", "scope": {"order": "secret"}}}),
        ("/api/books", {"include": {"relation": "writer", "scope": {"fields": ["secret"]}}}),
        ("/api/books/aggregate", {"where": {"writer.secret": "x"}}),
    ],
    ids=str,
)
def test_no_hidden_property_can_be_probed(library: Served, path: str, asked: dict[str, Any]) -> None:
    if path.endswith("count"):
        status, body, _ = ask(library, f"{path}?where={quote(json.dumps(asked['where']))}")
    else:
        status, body, _ = find(library, path, asked)
    assert status == 400
    assert "secret" in body["error"]["message"]


def test_hidden_values_are_in_no_answer(library: Served) -> None:
    for path, asked in (
        ("/api/writers", {"include": "books"}),
        ("/api/books", {"include": {"writer": "books"}}),
        ("/api/writers", {"limit": 1}),
        ("/api/writers/aggregate", {"groupBy": "name"}),
    ):
        status, body, headers = find(library, path, asked, "&after=" if "aggregate" not in path else "")
        assert status == 200
        assert "secret" not in json.dumps(body) + str(headers)


def leave(server: Served, path: str, seconds: float) -> None:
    """Ask, and hang up after so many seconds."""
    there = urlsplit(server.url)
    with socket.create_connection((there.hostname, there.port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def applied(root: Path) -> None:
    done = run_lbconf("apply", "--project", str(root), "--auto-approve")
    assert done.returncode == 0, done.stderr


def test_a_statement_ends_when_its_client_hangs_up_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, f"{{connector: postgresql, url: '{postgresql_url}'}}")
    applied(root)
    with (
        served(root) as server,
        psycopg.connect(postgresql_url) as locking,
        psycopg.connect(postgresql_url, autocommit=True) as looking,
    ):

        def waiting() -> int:
            row = looking.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
            assert row is not None
            return int(row[0])

        locking.execute('LOCK TABLE "Book" IN ACCESS EXCLUSIVE MODE')
        leave(server, "/api/books", 1.0)
        until(lambda: waiting() == 0)
        server.wait_for_line('"status":499')
        locking.rollback()
        assert ask(server, "/api/books")[0] == 200


def test_a_statement_ends_when_its_client_hangs_up_on_mysql(tmp_path: Path, mysql_url: str) -> None:
    root = write_project(tmp_path, f"{{connector: mysql, url: '{mysql_url}'}}")
    applied(root)
    there = urlsplit(mysql_url)
    place: dict[str, Any] = {"host": there.hostname, "port": there.port, "user": there.username or "root"}
    place |= {"password": there.password or "", "database": there.path[1:]}
    with (
        served(root) as server,
        contextlib.closing(pymysql.connect(**place)) as locking,
        contextlib.closing(pymysql.connect(**place)) as looking,
        locking.cursor() as lock,
        looking.cursor() as look,
    ):

        def waiting() -> int:
            look.execute("SELECT count(*) FROM information_schema.processlist WHERE state LIKE '%metadata lock%'")
            (count,) = look.fetchone() or (0,)
            return int(count)

        lock.execute("LOCK TABLES `Book` WRITE")
        leave(server, "/api/books", 1.0)
        until(lambda: waiting() == 0)
        server.wait_for_line('"status":499')
        lock.execute("UNLOCK TABLES")
        assert ask(server, "/api/books")[0] == 200


def test_a_request_that_takes_too_long_is_refused_and_its_statement_ended(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, f"{{connector: postgresql, url: '{postgresql_url}'}}", "budget: {seconds: 1}\n")
    applied(root)
    with served(root) as server, psycopg.connect(postgresql_url) as locking:
        locking.execute('LOCK TABLE "Book" IN ACCESS EXCLUSIVE MODE')
        assert ask(server, "/api/books")[0] == 503
        locking.rollback()
        assert ask(server, "/api/books")[0] == 200


def test_related_rows_and_levels_are_bounded(tmp_path: Path) -> None:
    root = write_project(tmp_path, "{connector: memory}", "budget: {rows: 3, statements: 2, depth: 2}\n")
    with served(root) as server:
        ask(server, "/api/writers", method="POST", body={"name": "Ann"})
        for title in "abcd":
            ask(server, "/api/books", method="POST", body={"title": title, "writerId": 1})
        for include, part in (
            ("books", "rows"),
            ({"books": {"writer": "books"}}, "levels"),
            (["books", "books"], "rows"),
        ):
            status, body, _ = find(server, "/api/writers", {"include": include})
            assert status == 400
            assert part in body["error"]["message"]
        assert find(server, "/api/books", {"include": "writer"})[0] == 200
