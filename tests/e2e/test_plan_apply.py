"""plan, apply and history as a user types them, on SQLite and PostgreSQL."""

import contextlib
import io
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from lbconf.cli import main
from tests import clients

ACCOUNT = """\
name: Account
dataSource: db
properties:
  email: {type: string, required: true}
  level: {type: number}
acls:
  - {principalType: ROLE, principalId: $everyone, permission: ALLOW}
"""
ORDER = """\
name: Order
dataSource: db
properties:
  note: {type: string, index: true}
relations:
  account: {type: belongsTo, model: Account}
acls:
  - {principalType: ROLE, principalId: $everyone, permission: ALLOW}
"""


@dataclass
class Run:
    code: int
    out: str
    err: str


@dataclass
class Shop:
    """A project on one server, and what a user does with it."""

    root: Path
    url: str | None

    def write(self, name: str, text: str) -> None:
        path = self.root / "environments" / "base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remove(self, name: str) -> None:
        (self.root / "environments" / "base" / name).unlink()

    def run(self, *arguments: str, env: Mapping[str, str] | None = None, text: str = "") -> Run:
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.root),
            patch.dict(os.environ, env or {}),
            patch.object(sys, "stdin", io.StringIO(text)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(list(arguments))
        return Run(code, out.getvalue(), err.getvalue())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        if self.url is None:
            with closing(sqlite3.connect(self.root / "shop.db")) as connection:
                found = connection.execute(statement).fetchall()
                connection.commit()
                return found
        with psycopg.connect(self.url, autocommit=True) as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    made = Shop(tmp_path, url)
    settings = {"connector": "sqlite", "file": "shop.db"} if url is None else {"connector": "postgresql", "url": url}
    made.write("datasources.yaml", json.dumps({"db": settings}))
    made.write("models/account.yaml", ACCOUNT)
    return made


def masked(text: str) -> str:
    """Without what differs between the servers: types, schema, sizes."""
    text = text.replace("public.", "").replace("(postgresql, development)", "(sqlite, development)")
    text = re.sub(r"\((\d+ rows?), [\d.,]+ (bytes|kB)\)", r"(\1)", text)
    return text.replace("bigint", "integer").replace("double precision", "real")


def test_a_fresh_table(shop: Shop) -> None:
    planned = shop.run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert masked(planned.out) == (
        "db (sqlite, development)\n"
        "\n"
        "  + table Account  # environments/base/models/account.yaml:1:1\n"
        "      model Account has no table yet\n"
        "      + column id integer counted up not null\n"
        "      + column email text not null\n"
        "      + column level real\n"
        "      + primary key (id)\n"
        "\n"
        "Plan: 1 to add, 0 to change, 0 to destroy.\n"
    )
    assert shop.run("plan").code == 0

    applied = shop.run("apply", "--auto-approve")
    assert (applied.code, applied.out.splitlines()[-1].split(",")[0]) == (0, "db: applied")

    again = shop.run("plan", "--detailed-exitcode")
    assert (again.code, again.out) == (0, "Nothing to do. The database is as the models say.\n")
    assert shop.run("apply").code == 0, "nothing to do needs no answer"


def test_a_change_with_hazards(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', 1), ('b@x.org', 2)")
    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", "city: {type: string}"))

    planned = shop.run("plan")
    assert "- column level" in planned.out
    assert "! deletes-data: " in planned.out
    assert "To apply, accept these hazards: --accept deletes-data" in planned.out
    assert "Plan: 1 to add, 0 to change, 1 to destroy." in planned.out

    refused = shop.run("apply", "--auto-approve")
    assert refused.code == 1
    assert "error[LB4009]: step " in refused.err
    assert "--accept deletes-data" in refused.err
    assert len(shop.rows('SELECT level FROM "Account"')) == 2

    assert shop.run("apply", "--auto-approve", "--accept", "all").code == 0
    assert shop.rows('SELECT email, city FROM "Account" ORDER BY id') == [("a@x.org", None), ("b@x.org", None)]
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_a_rename_is_said_not_guessed(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', 7)")
    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", "rank: {type: number}"))
    guessed = shop.run("plan")
    assert "warning[LB4007]" in guessed.err
    assert "hint: renamedFrom: level" in guessed.err

    shop.write("models/account.yaml", ACCOUNT.replace("level: {", "rank: {renamedFrom: level, "))
    planned = shop.run("plan")
    assert "~ column level -> rank" in planned.out
    assert "hazard" not in planned.out
    assert shop.run("apply", "--auto-approve").code == 0
    assert shop.rows('SELECT rank FROM "Account"') == [(7,)]
    assert shop.run("plan", "--detailed-exitcode").code == 0, "renamedFrom may stay"


def test_renames_that_make_room_for_each_other(shop: Shop) -> None:
    shop.write(
        "models/account.yaml", ACCOUNT.replace("level: {type: number}", "a: {type: string}\n  b: {type: string}")
    )
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email, a, b) VALUES ('a@x.org', 'was a', 'was b')")
    chain = "b: {type: string, renamedFrom: a}\n  c: {type: string, renamedFrom: b}"
    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", chain))
    applied = shop.run("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    assert shop.rows('SELECT b, c FROM "Account"') == [("was a", "was b")]
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_plan_leaves_no_files_beside_the_database(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    before = sorted(path.name for path in shop.root.iterdir())
    shop.run("plan")
    shop.run("history")
    assert sorted(path.name for path in shop.root.iterdir()) == before
    assert not any(name.endswith(("-wal", "-shm")) for name in before)


def test_a_sqlite_script_stops_before_rows_point_at_nothing(shop: Shop) -> None:
    if shop.url is not None:
        pytest.skip("PostgreSQL checks the rows itself")
    shop.run("apply", "--auto-approve")
    shop.write(
        "models/order.yaml",
        ORDER.replace("relations:", "unused:").replace("note: {", "accountId: {type: number}\n  note: {"),
    )
    shop.run("apply", "--auto-approve")
    shop.rows('INSERT INTO "Order" ("accountId") VALUES (99)')
    shop.write("models/order.yaml", ORDER.replace("note: {", "accountId: {type: number}\n  note: {"))
    script = shop.run("plan", "--format", "sql").out
    refused = clients.sqlite3(shop.root / "shop.db", script)
    assert (refused.returncode, "rows would point at rows that are not there" in refused.stderr) == (1, True)
    shop.rows('DELETE FROM "Order"')
    assert clients.sqlite3(shop.root / "shop.db", script).returncode == 0
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_a_url_of_another_server_is_a_finding(shop: Shop) -> None:
    shop.write("datasources.yaml", "db: {connector: postgresql, url: 'mysql://root:geheim@db/shop'}")
    found = shop.run("validate")
    assert found.code == 1
    assert "error[LB3022]: data source db: its url begins with mysql://, and its connector is postgresql" in found.out
    assert "geheim" not in found.out + found.err


def test_who_is_away_by_url_is_corrected_in_the_url(shop: Shop) -> None:
    shop.write("datasources.yaml", "db: {connector: postgresql, url: 'postgresql://me@127.0.0.1:1/shop'}")
    found = shop.run("plan")
    assert "error[LB5002]" in found.err
    assert "hint: start the server, or correct the `url`" in found.err


def test_a_check_on_a_decimal_means_numbers_on_every_server(shop: Shop) -> None:
    priced = ACCOUNT.replace("level: {type: number}", 'price: {type: "decimal(10,2)"}')
    shop.write("models/account.yaml", priced + "checks: {cheap: price < 100, dear: price >= 9.5}\n")
    shop.run("apply", "--auto-approve")
    assert shop.run("plan", "--detailed-exitcode").code == 0
    for good in ("9.50", "20.00", "99.99"):
        shop.rows(f"INSERT INTO \"Account\" (email, price) VALUES ('a@x.org', '{good}')")
    for bad in ("100.00", "9.49", "1000.00"):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.CheckViolation)):
            shop.rows(f"INSERT INTO \"Account\" (email, price) VALUES ('a@x.org', '{bad}')")


def test_validate_reads_the_seed_files(shop: Shop) -> None:
    shop.write("seed/order-line.yaml", "- {id: 1}\n")
    found = shop.run("validate")
    assert found.code == 1
    assert "error[LB5054]" in found.out
    assert "environments/base/seed/order-line.yaml" in found.out


def test_a_renamed_model_keeps_its_links_and_the_keys_that_point_at_it(shop: Shop) -> None:
    author = (
        "name: Author\ndataSource: db\nproperties: {name: {type: string}}\nrelations:\n"
        "  tags: {type: hasAndBelongsToMany, model: Tag}\n  books: {type: hasMany, model: Book}\n"
    )
    shop.write("models/tag.yaml", "name: Tag\ndataSource: db\nproperties: {name: {type: string}}\n")
    shop.write("models/book.yaml", "name: Book\ndataSource: db\nproperties: {title: {type: string}}\n")
    shop.write("models/author.yaml", author)
    assert shop.run("apply", "--auto-approve").code == 0
    for insert in (
        "INSERT INTO \"Author\" (name) VALUES ('Ann')",
        "INSERT INTO \"Tag\" (name) VALUES ('new')",
        'INSERT INTO "AuthorTag" ("authorId", "tagId") VALUES (1, 1)',
        'INSERT INTO "Book" (title, "authorId") VALUES (\'One\', 1)',
    ):
        shop.rows(insert)

    shop.remove("models/author.yaml")
    shop.write("models/writer.yaml", author.replace("name: Author", "name: Writer\nrenamedFrom: Author", 1))
    planned = shop.run("plan")
    assert "deletes-data" not in planned.out, planned.out
    applied = shop.run("apply", "--auto-approve", "--accept", "all")
    assert applied.code == 0, applied.err
    assert shop.rows('SELECT "writerId", "tagId" FROM "WriterTag"') == [(1, 1)]
    assert shop.rows('SELECT title, "writerId" FROM "Book"') == [("One", 1)]
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_an_index_that_lbconf_did_not_make_is_not_dropped_unasked(shop: Shop) -> None:
    indexed = ACCOUNT.replace("level: {type: number}", "level: {type: number, index: true}")
    shop.write("models/account.yaml", indexed)
    shop.run("apply", "--auto-approve")
    shop.rows('CREATE INDEX by_hand ON "Account" (email, level)')
    planned = shop.run("plan")
    assert "! irreversible: index by_hand" in planned.out
    assert shop.run("apply", "--auto-approve").code == 1
    assert shop.run("apply", "--auto-approve", "--accept", "irreversible").code == 0

    shop.write("models/account.yaml", ACCOUNT)
    own = shop.run("plan")
    assert "- index Account_level_idx" in own.out
    assert "irreversible" not in own.out, "what lbconf made goes when the model says so"


@pytest.mark.parametrize("file", ["/dev/zero", "deep.plan"])
def test_what_cannot_be_a_plan_is_refused_at_once(shop: Shop, file: str) -> None:
    (shop.root / "deep.plan").write_text("[" * 100_000)
    found = shop.run("apply", file)
    assert (found.code, "error[LB4011]" in found.err) == (1, True), found.err


def test_a_model_that_goes_and_tables_that_are_not_ours(shop: Shop) -> None:
    shop.rows("CREATE TABLE theirs (a INTEGER)")
    shop.write("models/order.yaml", ORDER)
    shop.run("apply", "--auto-approve")
    shop.remove("models/order.yaml")

    planned = shop.run("plan")
    lines = masked(planned.out).splitlines()
    assert lines[2:4] == ["  - table Order  (0 rows)", "      lbconf made it, and no model asks for it any more"]
    assert lines[4].startswith("      ! deletes-data: ")
    assert "theirs" not in planned.out
    assert shop.run("apply", "--auto-approve", "--accept", "deletes-data").code == 0
    assert shop.rows("SELECT count(*) FROM theirs") == [(0,)]


def test_foreign_keys_and_one_model_only(shop: Shop) -> None:
    shop.write("models/order.yaml", ORDER)
    one = shop.run("plan", "--model", "Account")
    assert "table Account" in masked(one.out)
    assert "Order" not in one.out
    with_target = shop.run("plan", "--model", "Order")
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in with_target.out
    assert "+ foreign key Order_accountId_fkey (accountId) to Account (id)" in masked(with_target.out)
    assert shop.run("apply", "--auto-approve", "--model", "Account").code == 0
    assert shop.run("apply", "--auto-approve").code == 0
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_a_plan_file_is_applied_exactly_or_refused(shop: Shop) -> None:
    assert shop.run("plan", "--out", "first.plan").code == 0
    file = shop.root / "first.plan"
    if shop.url is not None:
        assert shop.url not in file.read_text()
    shop.write("models/order.yaml", ORDER)
    assert shop.run("apply", "first.plan").code == 0, "a plan file needs no answer"
    tables = shop.run("plan", "--format", "json")
    assert [found["table"].split(".")[-1] for found in json.loads(tables.out)["data_sources"][0]["changes"][:1]] == [
        "Order"
    ], "what came to the models after the plan is not applied"

    again = shop.run("apply", "first.plan")
    assert (again.code, again.out.splitlines()[-1]) == (0, "db: nothing to do, somebody else applied it.")
    shop.rows('ALTER TABLE "Account" ADD COLUMN strange integer')
    stale = shop.run("apply", "first.plan")
    assert (stale.code, "error[LB4010]: db has changed since the plan was made" in stale.err) == (1, True)
    file.write_text(file.read_text().replace("email", "e-mail"))
    edited = shop.run("apply", "first.plan")
    assert (edited.code, "error[LB4012]" in edited.err) == (1, True)


def test_a_plan_for_an_empty_table_is_refused_once_it_has_rows(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    required = ACCOUNT.replace("level: {type: number}", "level: {type: number, required: true}")
    shop.write("models/account.yaml", required)
    assert shop.run("plan", "--out", "empty.plan").code == 0
    shop.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', 1)")
    stale = shop.run("apply", "empty.plan")
    assert (stale.code, "error[LB4010]" in stale.err) == (1, True), stale.err
    assert "had no rows when the plan was made" in stale.err
    fresh = shop.run("plan")
    assert "--accept may-fail-on-data" in fresh.out
    if shop.url is not None:
        # What the server last counted is no proof of emptiness.
        shop.rows('TRUNCATE "Account"')
        shop.rows('ANALYZE "Account"')
        shop.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', 1)")
        assert shop.run("plan").out == fresh.out
    shop.rows('DELETE FROM "Account"')
    assert shop.run("apply", "empty.plan").code == 0


def test_a_backfill_gives_rows_what_they_lack(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email, level) VALUES ('a@x.org', NULL), ('b@x.org', 3)")
    shop.write(
        "models/account.yaml",
        ACCOUNT.replace(
            "level: {type: number}",
            "level: {type: number, required: true, backfill: 7}\n"
            "  state: {type: string, required: true, backfill: \"'open'\"}\n"
            "  name: {type: string, required: true, backfill: upper(email)}",
        ),
    )
    checked = shop.run("validate")
    assert "LB3013" not in checked.out + checked.err, "a known key"
    planned = shop.run("plan")
    assert "may-fail-on-data" not in planned.out
    applied = shop.run("apply", "--auto-approve", "--accept", "all")
    assert applied.code == 0, applied.err
    assert shop.rows('SELECT level, state, name FROM "Account" ORDER BY id') == [
        (7, "open", "A@X.ORG"),
        (3, "open", "B@X.ORG"),
    ]
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_a_step_that_fails_is_named_with_the_place_that_asks_for_it(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email) VALUES ('a@x.org')")
    changed = ACCOUNT.replace("level: {type: number}", "level: {type: number, required: true}")
    shop.write("models/account.yaml", changed.replace("name: Account", "description: mine\nname: Account"))
    failed = shop.run("apply", "--auto-approve", "--accept", "all")
    assert failed.code == 1
    assert "error[LB5012]" in failed.err
    assert "--> environments/base/models/account.yaml:6:" in failed.err, "the property, not the data source"
    assert "_lbconf_new_" not in failed.err
    if shop.url is None:
        assert re.search(r"error\[LB4017\]: db: step \d of \d \(rebuild table .*\) failed;", failed.err)
        assert "nothing was changed" in failed.err
        assert "goes on from here" not in failed.err
    else:
        where = r"error\[LB4017\]: db: step 1 of 2 \(alter column .*\) failed at statement 2 of 4; no step is done"
        assert re.search(where, failed.err), failed.err
        # Nobody is held to a rule that is not there yet.
        shop.rows("INSERT INTO \"Account\" (email) VALUES ('b@x.org')")


def test_a_view_in_the_way_of_a_change_is_made_again(shop: Shop) -> None:
    if shop.url is None:
        pytest.skip("SQLite's views do not stand in the way")
    shop.run("apply", "--auto-approve")
    shop.rows('CREATE VIEW letters AS SELECT email FROM "Account"')
    shop.write("models/account.yaml", ACCOUNT.replace("email: {type: string,", "email: {type: string, length: 60,"))
    assert shop.run("apply", "--auto-approve", "--accept", "all").code == 0
    assert shop.rows("SELECT email FROM letters") == []
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_more_values_of_an_enum_break_no_row_and_fewer_may(shop: Shop) -> None:
    kinds = "kind: {type: enum, values: [private, business]}"
    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", kinds))
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email, kind) VALUES ('a@x.org', 'business')")

    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", kinds.replace("]", ", charity]")))
    wider = shop.run("plan")
    assert "may-fail-on-data" not in wider.out
    assert shop.run("apply", "--auto-approve", "--accept", "all").code == 0

    shop.write("models/account.yaml", ACCOUNT.replace("level: {type: number}", kinds))
    narrower = shop.run("plan")
    lines = narrower.out.splitlines()
    added = next(place for place, line in enumerate(lines) if "+ check Account_kind_check" in line)
    assert any("! may-fail-on-data" in line for line in lines[added : added + 4]), "shown with the change it is about"
    for kind in re.findall(r"--accept (\S+)", narrower.out):
        assert f"! {kind}: " in narrower.out, "every danger to accept is shown"


def test_without_a_terminal_nobody_is_asked(shop: Shop) -> None:
    refused = shop.run("apply", text="y\n")
    assert refused.code == 1
    assert "error[LB4015]: nothing was changed" in refused.err
    assert "hint: give --auto-approve" in refused.err
    assert shop.run("plan", "--detailed-exitcode").code == 2


def test_json_and_sql(shop: Shop) -> None:
    report = json.loads(shop.run("plan", "--format", "json").out)
    assert (report["format"], report["version"]) == ("lbconf plan report", 1)
    assert report["summary"] == {"add": 1, "change": 0, "destroy": 0}
    (source,) = report["data_sources"]
    assert source["changes"][0]["kind"] == "CreateTable"
    assert source["changes"][0]["source"] == {"file": "environments/base/models/account.yaml"} | {
        key: value for key, value in source["changes"][0]["source"].items() if key != "file"
    }
    script = shop.run("plan", "--format", "sql").out
    done = clients.sqlite3(shop.root / "shop.db", script) if shop.url is None else clients.psql(shop.url, script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert shop.run("plan", "--detailed-exitcode").code == 0, "the script does what apply does"


def test_history_tells_who_when_and_what(shop: Shop) -> None:
    assert shop.run("history").out.splitlines() == ["db", "  nothing was applied yet"]
    shop.run("apply", "--auto-approve")
    shop.write("models/order.yaml", ORDER)
    shop.run("apply", "--auto-approve")
    report = json.loads(shop.run("history", "--format", "json").out)
    newest, oldest = report["data_sources"][0]["entries"]
    assert (newest["id"] > oldest["id"], newest["result"], oldest["result"]) == (True, "applied", "applied")
    assert "@" in newest["user"]
    assert newest["steps_done"] == len(newest["steps"])
    assert oldest["finished_at"] >= oldest["started_at"]
    assert "create table" in shop.run("history", "--limit", "1").out


def test_history_show_tells_all_about_one_apply(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.write("models/order.yaml", ORDER)
    shop.run("apply", "--auto-approve")
    told = shop.run("history", "show", "1").out
    assert "CREATE TABLE" in told
    assert "result        applied" in told
    assert "Order" not in told
    for arguments in (("history", "show", "2", "--format", "json"), ("history", "--format", "json", "show", "2")):
        found = json.loads(shop.run(*arguments).out)
        assert (found["id"], found["result"], found["environment"]) == (2, "applied", "development")
        assert {table["name"]["name"] for table in found["state"]["tables"]} >= {"Account", "Order"}
    missing = shop.run("history", "show", "3")
    assert (missing.code, "LB4030" in missing.err, "1 to 2" in missing.err) == (1, True, True)


def test_recreate(shop: Shop) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email) VALUES ('a@x.org')")
    refused = shop.run("apply", "--auto-approve", "--recreate", "Account")
    assert (refused.code, "--accept deletes-data" in refused.err) == (1, True)
    done = shop.run("apply", "--auto-approve", "--recreate", "Account", "--accept", "deletes-data")
    assert done.code == 0, done.err
    assert shop.rows('SELECT count(*) FROM "Account"') == [(0,)]
    assert shop.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plan", "--model", "Acount"], "error[LB4018]: there is no model Acount\n  hint: did you mean Account?"),
        (["plan", "--data-source", "dB"], "did you mean db?"),
        (["apply", "made.plan", "--data-source", "dB"], "did you mean db?"),
        (["apply", "made.plan", "--env", "base"], "error[LB4014]: the plan was made for development"),
        (
            ["apply", "--accept", "delete-data"],
            "error[LB4016]: there is no hazard delete-data\n  hint: did you mean deletes-data?",
        ),
        (["apply", "--accept", "breaks-api"], "error[LB4016]: there is no hazard breaks-api"),
        (["apply", "no.plan"], "error[LB4011]: no.plan cannot be read: No such file or directory"),
        (["plan", "--url", "nonsense://x"], "nonsense"),
    ],
)
def test_wrong_names(shop: Shop, arguments: list[str], expected: str) -> None:
    shop.run("plan", "--out", "made.plan")
    found = shop.run(*arguments)
    assert found.code == 1
    assert expected in found.err


def test_the_variable_may_not_say_another_environment_than_the_plan_file(shop: Shop) -> None:
    shop.run("plan", "--out", "made.plan")
    found = shop.run("apply", "made.plan", env={"LBCONF_ENV": "production"})
    assert found.code == 1
    assert "the plan was made for development, and LBCONF_ENV says production" in found.err
    assert "--env development" in found.err
    found = shop.run("apply", "made.plan", "--env", "development", env={"LBCONF_ENV": "production"})
    assert found.code == 0, found.err


def test_one_source_that_fails_does_not_hide_the_others(shop: Shop) -> None:
    settings = json.loads((shop.root / "environments/base/datasources.yaml").read_text())
    settings["away"] = {"connector": "postgresql", "host": "127.0.0.1", "port": 1, "password": "geheim"}
    shop.write("datasources.yaml", json.dumps(settings))
    shop.write("models/far.yaml", ACCOUNT.replace("Account", "Far").replace("dataSource: db", "dataSource: away"))
    found = shop.run("plan", "--detailed-exitcode")
    assert found.code == 1
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in found.out
    assert "away" in found.err
    assert "geheim" not in found.err + found.out
    assert shop.run("apply", "--auto-approve").code == 1
    assert shop.run("plan", "-d", "db", "--detailed-exitcode").code == 2, "nothing is applied by halves without a word"


def test_url_stands_in(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    assert shop.run("apply", "--auto-approve", "--url", f"sqlite:///{other}").code == 0
    assert other.exists()
    assert shop.run("plan", "--url", f"sqlite:///{other}", "--detailed-exitcode").code == 0
    assert shop.run("plan", "--detailed-exitcode").code == 2


@pytest.mark.parametrize(("answer", "code", "rows"), [("y\n", 0, 1), ("n\n", 1, 0), ("\n", 1, 0)])
def test_on_a_terminal_a_person_is_asked(shop: Shop, answer: str, code: int, rows: int) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from lbconf.cli import main; sys.exit(main(['apply', '-q']))"],
        cwd=shop.root,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    os.write(controller, answer.encode())
    out, err = process.communicate(timeout=60)
    os.close(controller)
    assert (process.returncode, "Do this? [y/N]" in err) == (code, True), err
    assert "Plan: 1 to add" in out
    found = json.loads(shop.run("history", "--format", "json").out)["data_sources"][0]["entries"]
    assert len(found) == rows


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_leave_a_state_to_go_on_from(shop: Shop, sent: signal.Signals) -> None:
    shop.run("apply", "--auto-approve")
    shop.rows("INSERT INTO \"Account\" (email) VALUES ('a@x.org')")
    shop.write("models/order.yaml", ORDER)
    script = (
        "import os, sys\n"
        "from lbconf.cli import main, progress\n"
        "from lbconf.operations.apply import Watching\n"
        f"die = lambda *told: os.kill(os.getpid(), {int(sent)})\n"
        "progress.watching = lambda plan, output: Watching(observer=die, watcher=die)\n"
        "sys.exit(main(['apply', '--auto-approve']))"
    )
    hit = subprocess.run([sys.executable, "-c", script], cwd=shop.root, capture_output=True, text=True, check=False)
    assert hit.returncode == (-9 if sent is signal.SIGKILL else 130), hit.stderr
    assert "Traceback" not in hit.stderr

    assert shop.run("apply", "--auto-approve").code == 0
    assert shop.run("plan", "--detailed-exitcode").code == 0
    assert shop.rows('SELECT email FROM "Account"') == [("a@x.org",)]


def test_colour_only_when_asked(shop: Shop) -> None:
    assert "\x1b" not in shop.run("plan").out
    assert "\x1b[32m" in shop.run("plan", env={"FORCE_COLOR": "1"}).out
    assert "\x1b" not in shop.run("plan", "--no-color", env={"FORCE_COLOR": "1"}).out


@pytest.mark.parametrize(
    ("file", "make", "message"),
    [
        ("no/such/a.db", lambda _: None, "the folder"),
        ("folder", lambda path: path.mkdir(), "it is a folder"),
        (
            "text.db",
            lambda path: path.write_text("this is a text, and a rather long one\n" * 99),
            "it is no SQLite database",
        ),
    ],
)
def test_files_that_cannot_be_databases(tmp_path: Path, file: str, make: Callable[[Path], None], message: str) -> None:
    made = Shop(tmp_path, None)
    made.write("datasources.yaml", json.dumps({"db": {"connector": "sqlite", "file": file}}))
    made.write("models/account.yaml", ACCOUNT)
    make(tmp_path / file)
    for verb in (["plan"], ["apply", "--auto-approve"]):
        found = made.run(*verb)
        assert (found.code, found.out) == (1, "")
        assert message in found.err
        assert "environments/base/datasources.yaml:1:" in found.err
