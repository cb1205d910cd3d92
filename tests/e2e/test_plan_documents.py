"""Plans as documents: Markdown, scripts, snapshots, checks of rows, gates, plan files; on SQLite and PostgreSQL."""

import contextlib
import io
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import jsonschema
import psycopg
import pymysql
import pytest
from markdown_it import MarkdownIt

from lbconf.cli import main
from lbconf.plan.snapshot import read_snapshot
from tests import clients
from tests.servers import PostgresqlServer
from tests.servers_mysql import MysqlServer

Server = PostgresqlServer | MysqlServer

ACLS = "acls:\n  - {principalType: ROLE, principalId: $everyone, permission: ALLOW}\n"
BEFORE = {
    "account": "name: Account\ndataSource: db\nproperties:\n"
    "  email: {type: string, required: true}\n  level: {type: number}\n  note: {type: string}\n",
    "old": "name: Old\ndataSource: db\nproperties:\n  name: {type: string}\n",
}
AFTER = {
    "account": "name: Account\ndataSource: db\nproperties:\n"
    "  email: {type: string, required: true, index: {unique: true}}\n"
    "  rank: {type: number, renamedFrom: level}\n"
    "  city: {type: string, required: true, backfill: \"'it''s; -- here'\"}\n",
    "order": "name: Order\ndataSource: db\nproperties:\n"
    '  state: {type: string, enum: [open, "it\'s"]}\n  total: {type: decimal, precision: 10, scale: 2}\n'
    "relations:\n  account: {type: belongsTo, model: Account}\n",
}


@dataclass
class Run:
    code: int
    out: str
    err: str


@dataclass
class Place:
    """A project and its database."""

    root: Path
    url: str | None

    @property
    def kind(self) -> str:
        return "sqlite" if self.url is None else self.url.partition(":")[0]

    def models(self, models: Mapping[str, str]) -> None:
        folder = self.root / "environments" / "base" / "models"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in models.items():
            (folder / f"{name}.yaml").write_text(text + ACLS)

    def source(self, **settings: Any) -> None:
        (self.root / "environments" / "base").mkdir(parents=True, exist_ok=True)
        (self.root / "environments" / "base" / "datasources.yaml").write_text(json.dumps({"db": settings}))

    def run(self, *arguments: str) -> Run:
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.root),
            patch.object(sys, "stdin", io.StringIO("")),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(list(arguments))
        return Run(code, out.getvalue(), err.getvalue())

    def apply(self) -> None:
        done = self.run("apply", "--auto-approve", "--accept", "all")
        assert done.code == 0, done.err

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        if self.url is None:
            with closing(sqlite3.connect(self.root / "shop.db")) as connection:
                found = connection.execute(statement).fetchall()
                connection.commit()
                return found
        if self.url.startswith("mysql"):
            place = urlsplit(self.url)
            with closing(
                pymysql.connect(
                    host=place.hostname,
                    port=place.port or 3306,
                    user=unquote(place.username or ""),
                    password=unquote(place.password or ""),
                    database=place.path.removeprefix("/"),
                    autocommit=True,
                    init_command="SET SESSION sql_mode = 'ANSI_QUOTES'",
                )
            ) as client:
                asked = client.cursor()
                asked.execute(statement)
                return list(asked.fetchall())
        with psycopg.connect(self.url, autocommit=True) as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def script(self, text: str) -> Run:
        if self.url is None:
            done = clients.sqlite3(self.root / "shop.db", text)
        elif self.url.startswith("mysql"):
            done = clients.mariadb(self.url, text)
        else:
            done = clients.psql(self.url, text)
        return Run(done.returncode, done.stdout, done.stderr)

    def state(self) -> Any:
        """What is there and managed, without what differs between two databases that are alike."""
        (source,) = json.loads(self.run("inspect", "--format", "json").out)["sources"]
        ledger = source["ledger"][-1]
        return source["actual"], json.loads(ledger["state"]), ledger["result"], ledger["next_step"]


def made(root: Path, server: Server | None, url: str | None = None) -> Place:
    place = Place(root, url if server is None else server.create_database())
    if place.url is None:
        place.source(connector="sqlite", file="shop.db")
    else:
        place.source(connector=place.kind, url=place.url)
    place.models(BEFORE)
    place.apply()
    place.rows("INSERT INTO \"Account\" (email, level, note) VALUES ('a@x.org', 1, 'n'), ('b@x.org', 2, NULL)")
    return place


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Server | None:
    return None if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def place(server: Server | None, tmp_path: Path) -> Iterator[Place]:
    found = made(tmp_path / "one", server)
    yield found
    if server is not None and found.url is not None:
        server.drop_database(found.url)


@pytest.fixture
def twin(server: Server | None, tmp_path: Path) -> Iterator[Place]:
    found = made(tmp_path / "two", server)
    yield found
    if server is not None and found.url is not None:
        server.drop_database(found.url)


def html(text: str) -> str:
    rendered: str = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return rendered


def test_a_script_ends_where_an_apply_ends(place: Place, twin: Place) -> None:
    for one in (place, twin):
        one.models(AFTER)
    script = place.run("plan", "--format", "sql")
    assert script.code == 0
    done = place.script(script.out)
    assert (done.code, done.out, done.err) == (0, "", "")
    twin.apply()
    assert place.state() == twin.state()
    again = place.run("plan", "--detailed-exitcode")
    assert (again.code, again.out) == (0, "Nothing to do. The database is as the models say.\n")
    query = 'SELECT email, rank, city FROM "Account" ORDER BY id'
    assert place.rows(query) == twin.rows(query) != []
    assert "applied" in place.run("history").out


def test_a_script_that_fails_says_so_and_leaves_what_an_apply_can_end(place: Place) -> None:
    place.rows("INSERT INTO \"Account\" (email) VALUES ('a@x.org')")
    place.models(AFTER)
    place.run("plan", "--out", "it.plan")
    failed = place.script(place.run("show", "it.plan", "--format", "sql").out)
    assert failed.code != 0
    place.rows("DELETE FROM \"Account\" WHERE email = 'a@x.org'")
    applied = place.run("apply", "it.plan", "--accept", "all")
    assert applied.code == 0, applied.err
    assert place.run("plan", "--detailed-exitcode").code == 0


def test_a_script_is_for_one_database(place: Place) -> None:
    place.models(AFTER | {"log": "name: Log\ndataSource: logs\nproperties:\n  text: {type: string}\n"})
    path = place.root / "environments" / "base" / "datasources.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "logs": {"connector": "sqlite", "file": "logs.db"}}))
    refused = place.run("plan", "--format", "sql")
    assert (refused.code, "LB4045" in refused.err) == (1, True)
    assert place.run("plan", "--format", "sql", "--data-source", "logs").out.startswith("-- logs (sqlite, development)")


def test_markdown_has_the_verdict_first_and_what_destroys_before_the_rest(place: Place) -> None:
    place.models(AFTER)
    told = place.run("plan", "--format", "markdown").out
    assert told == place.run("plan", "--format", "markdown").out, "the same plan is the same text"
    verdict = told.splitlines()[0]
    assert verdict.startswith("**lbconf plan for development: 3 to add, 1 to change, 2 to destroy in `db`, ")
    assert verdict.endswith("; worst: deletes data**")
    found = html(told)
    order = [found.index(part) for part in ("Destroys data", "Without danger", "<details>", "To apply:")]
    assert order == sorted(order)
    assert found.count("<details>") == found.count("</details>") == found.count('<code class="language-sql">')
    assert "2 rows" in found
    assert "--accept deletes-data" in found
    assert "<strong>deletes data</strong>" in found


def test_a_plan_of_nothing_as_markdown(place: Place) -> None:
    assert place.run("plan", "--format", "markdown").out == "**lbconf plan for development: nothing to do**\n"


SPELT = (
    ("((state = ANY (ARRAY['open'::text, 'it''s'::text])))", """("state" IN ('open', 'it''s'))"""),
    ("(`state` in ('open','it\\'s'))", "(`state` IN ('open', 'it''s'))"),
)
"""A new table's check as the servers print it, and as the model says it."""


def as_written(report: dict[str, Any]) -> dict[str, Any]:
    """A plan without the server's own spelling of a new table's check, which no snapshot knows."""
    for source in report["data_sources"]:
        del source["digest"]
        for step in source["steps"]:
            for printed, written in SPELT:
                step["statements"] = [text.replace(printed, written) for text in step["statements"]]
    return report


def test_a_plan_from_a_snapshot_is_the_plan_and_contacts_nothing(place: Place) -> None:
    recorded = place.run("inspect", "--out", "db.snapshot")
    assert recorded.code == 0, recorded.err
    place.models(AFTER)
    live = json.loads(place.run("plan", "--format", "json").out)
    assert place.run("plan", "--out", "live.plan").code == 0
    if place.url is None:
        (place.root / "shop.db").rename(place.root / "kept.db")
    else:
        place.source(connector=place.kind, url=f"{place.kind}://nobody@127.0.0.1:1/nowhere")
    told = place.run("plan", "--snapshot", "db.snapshot", "--format", "json", "--out", "offline.plan")
    assert told.code == 0, told.err
    assert "LB4044" not in told.err
    assert as_written(json.loads(told.out)) == as_written(live)
    if place.url is None:
        assert not (place.root / "shop.db").exists(), "no file was made"
        (place.root / "kept.db").rename(place.root / "shop.db")
    else:
        place.source(connector=place.kind, url=place.url)
    applied = place.run("apply", "offline.plan", "--accept", "all")
    assert applied.code == 0, applied.err
    assert place.run("plan", "--detailed-exitcode").code == 0


def test_a_plan_from_an_old_snapshot_is_stale(place: Place) -> None:
    place.run("inspect", "--out", "db.snapshot")
    place.rows('ALTER TABLE "Account" ADD COLUMN surprise integer')
    place.models(AFTER)
    assert place.run("plan", "--snapshot", "db.snapshot", "--out", "it.plan").code == 0
    stale = place.run("apply", "it.plan", "--accept", "all")
    assert (stale.code, "LB4010" in stale.err) == (1, True)


def test_nothing_to_do_is_known_without_a_connection(place: Place) -> None:
    place.models(AFTER)
    place.apply()
    place.run("inspect", "--out", "db.snapshot")
    found = place.run("plan", "--snapshot", "db.snapshot", "--detailed-exitcode")
    assert (found.code, found.out) == (0, "Nothing to do. The database is as the models say.\n")


def test_what_only_the_server_knows_is_planned_and_said_to_be_unproved(place: Place) -> None:
    if place.url is None:
        pytest.skip("SQLite prints nothing otherwise than it was written")
    check = 'name: Account\ndataSource: db\nproperties:\n  level: {type: number}\nchecks:\n  good: {expression: "%s"}\n'
    place.models({"account": check % "level > 0", "old": BEFORE["old"]})
    place.apply()
    place.run("inspect", "--out", "db.snapshot")
    same = place.run("plan", "--snapshot", "db.snapshot", "--detailed-exitcode")
    assert same.code == 0, "what was written then is known"
    place.models({"account": check % "LEVEL  >0", "old": BEFORE["old"]})
    assert place.run("plan", "--detailed-exitcode").code == 0
    told = place.run("plan", "--snapshot", "db.snapshot", "--detailed-exitcode")
    assert told.code == 2, "never a wrong `nothing to do`"
    assert "may be equal to what is there: the server was not asked" in told.out
    assert "warning[LB4044]" in told.err


def test_a_snapshot_is_described_by_its_schema_and_sealed(place: Place) -> None:
    place.run("inspect", "--out", "db.snapshot")
    path = place.root / "db.snapshot"
    document = json.loads(path.read_text())
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "snapshot.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert [table.name.name for table in read_snapshot(path).sources[0].actual.tables] == ["Account", "Old"]
    document["sources"][0]["actual"]["tables"].pop()
    path.write_text(json.dumps(document))
    refused = place.run("plan", "--snapshot", "db.snapshot")
    assert (refused.code, "LB4042" in refused.err, "was changed after it was written" in refused.err) == (1, True, True)
    for arguments in (("--url", "sqlite:///x"), ("--check-data",)):
        assert place.run("plan", "--snapshot", "db.snapshot", *arguments).code == 2


def test_a_snapshot_of_something_else_is_refused(place: Place) -> None:
    place.run("inspect", "--out", "db.snapshot")
    text = (place.root / "environments" / "base" / "datasources.yaml").read_text()
    (place.root / "environments" / "base" / "datasources.yaml").write_text(text.replace('"db"', '"other"'))
    place.models({"account": BEFORE["account"].replace("dataSource: db", "dataSource: other")})
    refused = place.run("plan", "--snapshot", "db.snapshot")
    assert (refused.code, "LB4043" in refused.err, "it holds db" in refused.err) == (1, True, True)


def test_inspect_shows_tables_and_whose_they_are(place: Place) -> None:
    place.rows("CREATE TABLE foreigner (id integer)")
    told = place.run("inspect").out
    product = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB"}[place.kind]
    assert told.splitlines()[0].startswith(f"db ({place.kind}): {product} ")
    account = next(line for line in told.splitlines() if "Account" in line)
    assert "4 columns, 2 rows" in account
    assert account.endswith("managed)")
    assert "not managed by lbconf" in next(line for line in told.splitlines() if "foreigner" in line)


def test_rows_that_stop_a_step_are_counted_and_shown(place: Place) -> None:
    place.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', 7), ('a@x.org', 8)")
    place.models({"account": BEFORE["account"].replace("required: true", "required: true, index: {unique: true}")})
    for form in ("text", "markdown"):
        found = place.run("plan", "--check-data", "--format", form)
        assert (found.code, "error[LB4041]" in found.err) == (1, True)
        assert "3 rows stop it, such as (email=a" in found.out
    document = json.loads(place.run("plan", "--check-data", "--format", "json").out)
    (checked,) = [step["checked"] for step in document["data_sources"][0]["steps"] if step["checked"]]
    assert (checked["rows"], checked["problem"]) == (3, None)
    assert [text.removesuffix(" in 3 rows") for text in checked["examples"]] == ["email=a@x.org"]
    silent = place.run("plan", "--check-data", "--no-examples")
    assert (silent.code, "3 rows stop it" in silent.out, "a@x.org" in silent.out + silent.err) == (1, True, False)
    place.run("plan", "--check-data", "--out", "it.plan")
    assert "a@x.org" not in (place.root / "it.plan").read_text(), "plan files hold no rows"


def test_every_kind_of_row_that_stops_a_step_is_found(place: Place) -> None:
    place.models(
        {
            "account": BEFORE["account"],
            "order": "name: Order\ndataSource: db\nproperties:\n"
            "  accountId: {type: number}\n  code: {type: string}\n  total: {type: number}\n",
        }
    )
    place.apply()
    place.rows(
        "INSERT INTO \"Order\" (\"accountId\", code, total) VALUES (1, 'abcdef', 5), (99, NULL, -7), (NULL, 'x', 9)"
    )
    place.models(
        {
            "account": BEFORE["account"],
            "order": "name: Order\ndataSource: db\nproperties:\n"
            "  code: {type: string, required: true}\n  total: {type: number}\n"
            "checks:\n  good: {expression: 'total > 0'}\n"
            "relations:\n  account: {type: belongsTo, model: Account}\n",
        }
    )
    found = place.run("plan", "--check-data", "--format", "json")
    steps = json.loads(found.out)["data_sources"][0]["steps"]
    told = sorted(example for step in steps if step["checked"] for example in step["checked"]["examples"])
    plain = [text.replace(".0", "").removeprefix("id=2, ") for text in told]
    assert plain == ["accountId=99", "code=NULL", "total=-7"]
    assert found.code == 1


def test_rows_that_stop_nothing_open_the_gate(place: Place) -> None:
    place.models({"account": BEFORE["account"].replace("required: true", "required: true, index: {unique: true}")})
    gate = ("--fail-on", "may-fail-on-data")
    closed = place.run("plan", *gate)
    assert (closed.code, "error[LB4040]" in closed.err) == (1, True)
    opened = place.run("plan", *gate, "--check-data")
    assert (opened.code, "checked: no row stops it" in opened.out) == (0, True)


def test_gates(place: Place) -> None:
    place.models(AFTER)
    assert place.run("plan", "--fail-on", "blocks-reads-not").code == 1
    found = place.run("plan", "--fail-on", "changes-type,deletes-data")
    assert (found.code, found.err.count("error[LB4040]")) == (1, 2)
    assert place.run("plan", "--fail-on", "changes-type", "--detailed-exitcode").code == 2
    broken = place.run("plan", "--fail-on", "breaks-api")
    assert (broken.code, "error[LB4040]: breaks-api" in broken.err) == (1, True)


def test_a_plan_file_is_shown_in_every_form_without_a_project(place: Place, tmp_path: Path) -> None:
    place.models(AFTER)
    place.run("plan", "--out", str(tmp_path / "it.plan"))
    elsewhere = Place(tmp_path / "empty", None)
    elsewhere.root.mkdir()
    for form in ("text", "markdown", "json", "sql"):
        shown = elsewhere.run("show", str(tmp_path / "it.plan"), "--format", form)
        planned = place.run("plan", "--format", form)
        assert (shown.code, shown.out) == (0, planned.out), shown.err
    wrong = elsewhere.run("show", str(tmp_path / "it.plan"), "--data-source", "dbb")
    assert (wrong.code, "did you mean db?" in wrong.err) == (1, True)


def test_plan_files_of_others_are_refused(place: Place, tmp_path: Path) -> None:
    place.models(AFTER)
    path = tmp_path / "it.plan"
    place.run("plan", "--out", str(path))
    document = json.loads(path.read_text())
    assert {"lbconf", "created_at", "environment"} <= set(document)
    assert document["version"] == 2
    (plan,) = document["plans"]
    assert len(plan["configuration"]) == len(plan["fingerprint"]) == 64
    path.write_text(json.dumps({**document, "version": 1}))
    old = place.run("apply", str(path), "--accept", "all")
    assert (old.code, "LB4013" in old.err, "this lbconf reads 2" in old.err) == (1, True, True)
    place.run("plan", "--out", str(path))
    sources = place.root / "environments" / "base" / "datasources.yaml"
    sources.write_text(sources.read_text().replace('"db"', '"dbs"'))
    place.models({"account": AFTER["account"].replace("dataSource: db", "dataSource: dbs")})
    other = place.run("apply", str(path), "--accept", "all")
    assert (other.code, "there is no data source db" in other.err) == (1, True)


def test_a_script_takes_every_name_and_text(place: Place) -> None:
    column, text = 'it\'s "b"; -- :x $y$ `z` \\q', 'a\'b\\n;\n.quit\n-- "c" :d $lbconf$ //'
    section = {"columnName": column}
    model = {
        "name": "Account",
        "dataSource": "db",
        "properties": {
            "email": {"type": "string", "required": True},
            "odd": {"type": "string", place.kind: section, "description": text},
            "said": {"type": "string", "length": 100, "default": text},
        },
    }
    place.models({"old": BEFORE["old"]})
    folder = place.root / "environments" / "base" / "models"
    (folder / "account.json").write_text(json.dumps(model))
    script = place.run("plan", "--format", "sql")
    assert script.code == 0, script.err
    done = place.script(script.out)
    assert (done.code, done.err) == (0, "")
    made = next(table for table in place.state()[0]["tables"] if table["name"]["name"] == "Account")
    assert column in {found["name"] for found in made["columns"]}
    again = place.run("plan", "--detailed-exitcode")
    assert (again.code, again.out) == (0, "Nothing to do. The database is as the models say.\n")
