"""`lbconf discover` as a user sees it."""

# ruff: noqa: E501 - statements read best on one line
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    written_source = yaml.safe_load(written["environments/base/datasources.yaml"])["db"]
    assert written_source["structure"]["owns"] == ["*"]
    assert (written_source["connector"], written_source["url"]) == ("postgresql", "${DATABASE_URL}")


def test_what_models_cannot_say_is_told(postgresql_url: str, tmp_path: Path) -> None:
    run(postgresql_url, HARD)
    told = lbconf("discover", "--url", postgresql_url, "--out", tmp_path).stderr
    for what in ("trigger: models cannot say t of public.users", "function: models cannot say public.f()"):
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

    assert file.read_text().startswith("# by hand\n")

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


SHOP = """
CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT);
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES customer (id));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id),
  billing_address_id INTEGER REFERENCES address (id), shipping_address_id INTEGER REFERENCES address (id));
CREATE TABLE passport (customer_id INTEGER PRIMARY KEY REFERENCES customer (id), number TEXT);
CREATE TABLE tag (id INTEGER PRIMARY KEY);
CREATE TABLE order_tag (order_id INTEGER REFERENCES orders (id), tag_id INTEGER REFERENCES tag (id),
  PRIMARY KEY (order_id, tag_id));
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """URL of a small shop."""
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(SHOP)
    return f"sqlite:///{tmp_path / 'shop.db'}"


def alter(url: str, sql: str) -> None:
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executescript(sql)


def model(project: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((project / f"environments/base/models/{name}.yaml").read_text())
    return found


def test_relations_are_named_by_the_part_they_play(shop: str, tmp_path: Path) -> None:
    lbconf("discover", "--url", shop, "--out", tmp_path / "one")
    found = {
        name: {key: (said["type"], said["model"]) for key, said in model(tmp_path / "one", name)["relations"].items()}
        for name in ("Address", "Customer", "Orders", "Passport", "Tag")
    }
    assert found == {
        "Address": {"ordersAsBilling": ("hasMany", "Orders"), "ordersAsShipping": ("hasMany", "Orders")},
        "Customer": {
            "parent": ("belongsTo", "Customer"),
            "children": ("hasMany", "Customer"),
            "orders": ("hasMany", "Orders"),
            "passport": ("hasOne", "Passport"),
        },
        "Orders": {
            "billingAddress": ("belongsTo", "Address"),
            "customer": ("belongsTo", "Customer"),
            "shippingAddress": ("belongsTo", "Address"),
            "orderTags": ("hasMany", "OrderTag"),
            "tags": ("hasMany", "Tag"),
        },
        "Passport": {"customer": ("belongsTo", "Customer")},
        "Tag": {"orderTags": ("hasMany", "OrderTag"), "orders": ("hasMany", "Orders")},
    }


def test_renamed_properties_relations_and_models_keep_their_names(shop: str, tmp_path: Path) -> None:
    project = tmp_path / "one"
    lbconf("discover", "--url", shop, "--out", project)
    models = project / "environments/base/models"
    customer = (models / "Customer.yaml").read_text()
    (models / "Customer.yaml").write_text(
        customer.replace(
            "  name: {type: text}\n", "  title: {type: text, sqlite: {columnName: name}} # as we say\n"
        ).replace("children:", "subsidiaries:")
    )
    tag = model(project, "Tag")
    tag |= {"name": "Label", "sqlite": {**tag.get("sqlite", {}), "table": "tag"}}
    (models / "Tag.yaml").unlink()
    (models / "Label.yaml").write_text(yaml.safe_dump(tag, sort_keys=False))
    alter(shop, "ALTER TABLE customer ADD COLUMN phone TEXT; ALTER TABLE tag ADD COLUMN colour TEXT;")

    done = lbconf("discover", "--url", shop, "--out", project)

    assert done.returncode == 0, done.stderr
    text = (models / "Customer.yaml").read_text()
    assert "# as we say" in text
    assert list(model(project, "Customer")["properties"]) == ["id", "title", "parentId", "phone"]
    assert "subsidiaries" in model(project, "Customer")["relations"]
    assert "children" not in model(project, "Customer")["relations"]
    assert model(project, "Label")["properties"]["colour"] == {"type": "text"}
    assert model(project, "OrderTag")["relations"]["tag"]["model"] == "Label"
    assert not (models / "Tag.yaml").exists()
    plan = lbconf("--project", project, "plan", "--url", shop, "--detailed-exitcode")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_a_conflict_is_told_with_its_line_and_what_the_hand_wrote_stays(shop: str, tmp_path: Path) -> None:
    project = tmp_path / "one"
    lbconf("discover", "--url", shop, "--out", project)
    file = project / "environments/base/models/Tag.yaml"
    alter(shop, "ALTER TABLE tag ADD COLUMN note VARCHAR(10)")
    lbconf("discover", "--url", shop, "--out", project)
    file.write_text(file.read_text().replace("length: 10", "length: 11"))
    alter(shop, "ALTER TABLE tag DROP COLUMN note; ALTER TABLE tag ADD COLUMN note VARCHAR(20);")

    done = lbconf("discover", "--url", shop, "--out", project, "--format", "json")

    told = json.loads(done.stdout)
    assert {"path": "environments/base/models/Tag.yaml", "action": "kept"} in told["files"]
    lines = [n for n, line in enumerate(file.read_text().splitlines(), start=1) if "length: 11" in line]
    places = [found["location"] for found in told["diagnostics"] if found["code"] == "LB4024"]
    assert [(place["file"], place["line"]) for place in places] == [("environments/base/models/Tag.yaml", lines[0])]


def test_one_table_comes_into_a_project_and_leaves_the_rest(shop: str, tmp_path: Path) -> None:
    project = tmp_path / "one"
    lbconf("discover", "--url", shop, "--out", project, "--table", "customer")
    source = yaml.safe_load((project / "environments/base/datasources.yaml").read_text())
    file = shop.removeprefix("sqlite:///")
    assert source == {"db": {"connector": "sqlite", "url": "${DATABASE_URL}", "file": file}}
    plan = lbconf("--project", project, "plan", "--detailed-exitcode")
    assert plan.returncode == 0, "without a URL it is the file that was discovered, not an empty database in memory"
    before = (project / "environments/base/models/Customer.yaml").read_text()

    lbconf("discover", "--url", shop, "--out", project, "--table", "passport")

    assert sorted(path.name for path in (project / "environments/base/models").iterdir()) == [
        "Customer.yaml",
        "Passport.yaml",
    ]
    assert model(project, "Customer")["relations"]["passport"]["type"] == "hasOne"
    assert before != (project / "environments/base/models/Customer.yaml").read_text()
    plan = lbconf("--project", project, "plan", "--url", shop, "--detailed-exitcode")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_a_project_that_people_wrote_gets_a_data_source_beside_its_own(shop: str, tmp_path: Path) -> None:
    base = tmp_path / "one/environments/base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("# ours\ndb: {connector: memory}\n")
    (base / "models/Tag.yaml").write_text("name: Tag\ndataSource: db\nproperties: {id: {type: integer, id: true}}\n")

    done = lbconf("discover", "--url", shop, "--out", tmp_path / "one")

    assert done.returncode == 0, done.stderr
    text = (base / "datasources.yaml").read_text()
    assert text.startswith("# ours\ndb: {connector: memory}\ndb2:\n")
    assert yaml.safe_load(text)["db2"]["url"] == "${DB2_URL}"
    assert yaml.safe_load((base / "models/Tag2.yaml").read_text())["sqlite"]["table"] == "tag"
    checked = lbconf("--project", tmp_path / "one", "validate", DB2_URL=shop)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_loopback_files_are_valid_and_ask_for_nothing(shop: str, tmp_path: Path) -> None:
    first = lbconf("discover", "--url", shop, "--out", tmp_path / "one", "--style", "loopback")
    assert first.returncode == 0, first.stderr
    again = lbconf("discover", "--url", shop, "--out", tmp_path / "one")
    assert again.stdout.endswith(": 9 unchanged.\n"), again.stdout
    found = json.loads((tmp_path / "one/common/models/orders.json").read_text())
    assert found["options"] == {"idInjection": False, "sqlite": {"table": "orders"}}
    assert found["relations"]["billingAddress"] == {
        "type": "belongsTo",
        "model": "Address",
        "foreignKey": "billingAddressId",
    }
    checked = lbconf("--project", tmp_path / "one", "validate", DATABASE_URL=shop)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    plan = lbconf("--project", tmp_path / "one", "plan", "--detailed-exitcode", DATABASE_URL=shop)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    other = lbconf("discover", "--url", shop, "--out", tmp_path / "one", "--style", "native")
    assert other.returncode == 1
    assert "holds a project of the loopback layout" in other.stderr


@pytest.mark.parametrize(
    ("options", "name", "properties"),
    [
        (["--name-mapper", "keep"], "order_tag", ["order_id", "tag_id"]),
        (["--disable-camel-case"], "OrderTag", ["order_id", "tag_id"]),
    ],
)
def test_names_are_made_as_wanted(options: list[str], name: str, properties: list[str], shop: str) -> None:
    printed = lbconf("discover", "--url", shop, "--table", "order_tag", "--format", "json", *options)
    found = json.loads(printed.stdout)
    assert (found["name"], list(found["properties"])) == (name, properties)


def test_rows_of_loopbacks_discovery(shop: str) -> None:
    import lbconf as api

    with api.connect(shop) as project:
        source = project.data_source("db")
        assert source.discover_model_definitions(limit=1, offset=1) == [
            {"type": "table", "name": "customer", "owner": ""}
        ]
        assert source.discover_model_properties("tag") == [
            {
                "owner": "",
                "tableName": "tag",
                "columnName": "id",
                "dataType": "INTEGER",
                "dataLength": None,
                "dataPrecision": None,
                "dataScale": None,
                "nullable": "NO",
                "type": "Number",
            }
        ]
        assert [row["columnName"] for row in source.discover_primary_keys("order_tag")] == ["order_id", "tag_id"]
        assert [row["pkTableName"] for row in source.discover_foreign_keys("passport")] == ["customer"]
        assert {row["fkTableName"] for row in source.discover_exported_foreign_keys("customer")} == {
            "customer",
            "orders",
            "passport",
        }
        assert set(source.discover_schemas("orders", relations=True)) == {"orders", "customer", "address"}
