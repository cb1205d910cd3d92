"""`lbconf discover` as a user sees it."""

# ruff: noqa: E501 - statements read best on one line
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

STORY = """
CREATE TABLE account (
  id serial PRIMARY KEY,
  email text NOT NULL,
  level integer,
  created timestamp with time zone,
  modified timestamp with time zone
)
"""
HARD = """
CREATE SCHEMA "other space";
CREATE TYPE "other space"."Mood of day" AS ENUM ('it''s', 'o"k', '${HOME}');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE "user" (id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10) PRIMARY KEY, "Full Name" text, full_name text,
  "fullName" varchar(20), "größe" numeric(6,2) DEFAULT 1.5, yes boolean NOT NULL DEFAULT true, "1st" date DEFAULT CURRENT_DATE,
  boss_id bigint REFERENCES "user" ON DELETE SET NULL, deputy bigint REFERENCES "user", constructor text DEFAULT '${HOME}',
  "dotted.name" text COLLATE "C", amount positive, twice numeric GENERATED ALWAYS AS ("größe" * 2) STORED);
COMMENT ON TABLE "user" IS E'line one\\nline two: ${x}';
COMMENT ON COLUMN "user"."Full Name" IS '''quoted'' \\ "text"';
CREATE TABLE users (a integer, b integer, PRIMARY KEY (b, a));
CREATE TABLE "other space"."user" (id integer PRIMARY KEY, mood "other space"."Mood of day" DEFAULT 'it''s', moods "other space"."Mood of day"[],
  a integer, b integer, CONSTRAINT both_fk FOREIGN KEY (b, a) REFERENCES users (b, a) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "other space".no_key (v character varying, w character(4), x timestamp(3) without time zone, y interval, z jsonb DEFAULT '{"a": "${b}"}');
CREATE UNIQUE INDEX "odd idx" ON "user" (lower("Full Name") text_pattern_ops DESC NULLS LAST, full_name) INCLUDE (level_) WHERE yes;
CREATE INDEX gin_idx ON "other space".no_key USING gin (z);
ALTER TABLE "user" ADD CONSTRAINT both_unique UNIQUE NULLS NOT DISTINCT (full_name, "fullName");
ALTER TABLE "user" ADD CONSTRAINT check_it CHECK ("fullName" IN ('a', 'b') AND char_length(full_name) BETWEEN 1 AND 10);
ALTER TABLE "user" ADD CONSTRAINT loose CHECK (full_name <> 'x') NOT VALID;
CREATE TABLE very_long_table_name_that_fills_all_of_the_sixty_three_characters1 (very_long_column_name_that_fills_all_of_the_sixty_three_charact int UNIQUE);
CREATE VIEW seen AS SELECT id, "Full Name" FROM "user";
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM users;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();
CREATE TABLE parts (id integer, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parts_2020 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE "ключ" ("значение" text);
""".replace("deputy bigint REFERENCES", "level_ integer, deputy bigint REFERENCES")


def lbconf(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lbconf", *map(str, arguments)],
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_table_is_printed_as_loopback_prints_it(postgresql_url: str) -> None:
    run(postgresql_url, STORY)

    printed = lbconf("discover", "--url", postgresql_url, "--table", "account", "--format", "json")

    assert printed.returncode == 0, printed.stderr
    found = json.loads(printed.stdout)
    assert (found["name"], found["options"]) == (
        "Account",
        {"idInjection": False, "postgresql": {"schema": "public", "table": "account"}},
    )
    assert {name: (p["type"], p["required"]) for name, p in found["properties"].items()} == {
        "id": ("Number", False),
        "email": ("String", True),
        "level": ("Number", False),
        "created": ("Date", False),
        "modified": ("Date", False),
    }
    assert found["properties"]["id"]["id"] == 1
    assert found["properties"]["email"]["postgresql"] == {
        "columnName": "email",
        "dataType": "text",
        "dataLength": None,
        "dataPrecision": None,
        "dataScale": None,
        "nullable": "NO",
    }


def test_yaml_and_json_say_the_same(postgresql_url: str) -> None:
    run(postgresql_url, STORY)
    as_json = lbconf("discover", "--url", postgresql_url, "--table", "public.account", "--format", "json")
    as_yaml = lbconf("discover", "--url", postgresql_url, "--table", "account")
    assert json.loads(as_json.stdout) == yaml.safe_load(as_yaml.stdout)


def test_a_missing_table_is_told_with_the_nearest_name(postgresql_url: str) -> None:
    run(postgresql_url, STORY)
    printed = lbconf("discover", "--url", postgresql_url, "--table", "acount")
    assert printed.returncode == 1
    assert "there is no table acount" in printed.stderr
    assert "did you mean account?" in printed.stderr


def test_discover_needs_a_place() -> None:
    assert lbconf("discover").returncode == 2


@pytest.mark.parametrize("sql", [STORY, HARD], ids=["story", "hard"])
def test_a_discovered_project_plans_nothing_and_is_the_same_twice(
    sql: str, postgresql_url: str, tmp_path: Path
) -> None:
    run(postgresql_url, sql)

    first = lbconf("discover", "--url", postgresql_url, "--out", tmp_path / "one")
    assert first.returncode == 0, first.stderr
    plan = lbconf("--project", tmp_path / "one", "plan", "--url", postgresql_url, "--detailed-exitcode")
    assert (plan.returncode, plan.stdout) == (0, "Nothing to do. The database is as the models say.\n"), plan.stderr
    assert "LB3013" not in plan.stderr

    written = bytes_of(tmp_path / "one")
    lbconf("discover", "--url", postgresql_url, "--out", tmp_path / "one")
    lbconf("discover", "--url", postgresql_url, "--out", tmp_path / "two")
    assert bytes_of(tmp_path / "one") == written
    assert bytes_of(tmp_path / "two") == written
    assert yaml.safe_load(written["environments/base/datasources.yaml"]) == {
        "db": {"connector": "postgresql", "url": "${DATABASE_URL}"}
    }


def test_what_models_cannot_say_is_told(postgresql_url: str, tmp_path: Path) -> None:
    run(postgresql_url, HARD)
    told = lbconf("discover", "--url", postgresql_url, "--out", tmp_path).stderr
    for what in ("trigger: models cannot say t of public.users", "public.f()", "public.parts_2020 of public.parts"):
        assert what in told


def test_hand_edits_stay_and_what_is_new_in_the_database_arrives(postgresql_url: str, tmp_path: Path) -> None:
    run(postgresql_url, STORY)
    lbconf("discover", "--url", postgresql_url, "--out", tmp_path)
    file = tmp_path / "environments/base/models/Account.yaml"
    mine = yaml.safe_load(file.read_text())
    mine["plural"] = "people"
    mine["properties"]["email"]["description"] = "Where to write to."
    file.write_text("# by hand\n" + yaml.safe_dump(mine, sort_keys=False))
    edited = file.read_bytes()

    again = lbconf("discover", "--url", postgresql_url, "--out", tmp_path)
    assert again.returncode == 0, again.stderr
    assert file.read_bytes() == edited

    run(postgresql_url, "ALTER TABLE account ADD COLUMN phone text; CREATE TABLE note (id integer PRIMARY KEY)")
    lbconf("discover", "--url", postgresql_url, "--out", tmp_path)
    now = yaml.safe_load(file.read_text())
    assert now["plural"] == "people"
    assert now["properties"]["email"]["description"] == "Where to write to."
    assert now["properties"]["phone"] == {"type": "text"}
    assert (tmp_path / "environments/base/models/Note.yaml").exists()

    forced = lbconf("discover", "--url", postgresql_url, "--out", tmp_path, "--force")
    assert forced.returncode == 0
    assert "plural" not in yaml.safe_load(file.read_text())


def test_a_sqlite_file_is_discovered_too(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "some.db") as connection:
        connection.executescript(
            "CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
            "CREATE TABLE book (isbn TEXT PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author(id) ON DELETE CASCADE,"
            " price NUMERIC(6,2) DEFAULT 0 CHECK (price >= 0));"
            "CREATE INDEX book_author ON book (author_id DESC);"
        )
    url = f"sqlite:///{tmp_path / 'some.db'}"
    done = lbconf("discover", "--url", url, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    plan = lbconf("--project", tmp_path / "out", "plan", "--url", url, "--detailed-exitcode")
    assert plan.returncode == 0, plan.stdout + plan.stderr
    book = yaml.safe_load((tmp_path / "out/environments/base/models/Book.yaml").read_text())
    assert book["relations"]["author"]["onDelete"] == "CASCADE"
    author = yaml.safe_load((tmp_path / "out/environments/base/models/Author.yaml").read_text())
    assert author["relations"]["books"]["foreignKey"] == "authorId"


def test_columns_that_are_one_in_camel_case_are_all_printed(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "some.db") as connection:
        connection.execute('CREATE TABLE "Odd Names" (full_name TEXT, fullName TEXT, "FULL NAME" TEXT)')
    printed = lbconf("discover", "--url", f"sqlite:///{tmp_path / 'some.db'}", "-t", "odd names", "--format", "json")
    found = json.loads(printed.stdout)
    assert found["name"] == "OddNames"
    assert {name: p["sqlite"]["columnName"] for name, p in found["properties"].items()} == {
        "fullName": "fullName",
        "fullName2": "full_name",
        "fullName3": "FULL NAME",
    }


def test_a_missing_namespace_is_told_and_writes_nothing(postgresql_url: str, tmp_path: Path) -> None:
    run(postgresql_url, "CREATE SCHEMA sales; CREATE TABLE sales.orders (id integer)")
    printed = lbconf("discover", "--url", postgresql_url, "--schema", "sale", "--out", tmp_path / "out")
    assert (printed.returncode, (tmp_path / "out").exists()) == (1, False)
    assert "there is no namespace sale" in printed.stderr
    assert "did you mean sales?" in printed.stderr

    printed = lbconf("discover", "--url", postgresql_url, "--table", "sales.order")
    assert "did you mean sales.orders?" in printed.stderr
    printed = lbconf("discover", "--url", postgresql_url, "--table", "SALES.Orders", "--format", "json")
    assert json.loads(printed.stdout)["options"]["postgresql"] == {"schema": "sales", "table": "orders"}
