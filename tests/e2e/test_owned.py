"""Owned namespaces on PostgreSQL: what nobody asks for goes once it is accepted; what is others' stays."""

from pathlib import Path

import pytest

from tests.place import Place, made

ITEM = "name: Item\ndataSource: db\nproperties:\n  a: {type: integer}\n  b: {type: string}\n"
STRAY = (
    "CREATE TYPE mood AS ENUM ('a', 'b')",
    "CREATE DOMAIN year AS integer CHECK (VALUE > 0)",
    "CREATE TYPE place AS (street text, mood mood)",
    "CREATE SEQUENCE counter",
    "CREATE TABLE stray (id integer PRIMARY KEY DEFAULT nextval('counter'), m mood, y year, p place)",
    "CREATE TABLE straying (id integer PRIMARY KEY, stray integer REFERENCES stray (id))",
    "ALTER TABLE stray ADD back integer REFERENCES straying (id)",
    'CREATE INDEX stray_a ON "Item" (a)',
    'ALTER TABLE "Item" ADD CONSTRAINT stray_b CHECK (a > 0)',
    'ALTER TABLE "Item" ADD CONSTRAINT stray_key UNIQUE (a, b)',
    "COMMENT ON COLUMN \"Item\".a IS 'by hand'",
    "COMMENT ON TABLE \"Item\" IS 'by hand'",
    "CREATE SCHEMA side",
    "CREATE TABLE side.stray (id integer)",
)
OPAQUE = (
    "CREATE VIEW seen AS SELECT 1 AS one",
    "CREATE FUNCTION doubled(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2'",
    "CREATE TABLE _lbconf_own (id integer)",
    "CREATE TABLE _removed_old_20260101 (id integer)",
)


@pytest.fixture
def place(postgresql_url: str, tmp_path: Path) -> Place:
    found = made(tmp_path, postgresql_url)
    found.write("models/item.yaml", ITEM)
    found.apply()
    found.rows("INSERT INTO \"Item\" (a, b) VALUES (1, 'x')", *STRAY, *OPAQUE)
    return found


def owning(place: Place, *namespaces: str) -> None:
    names = ", ".join(f"'{name}'" for name in namespaces)
    place.write("datasources.yaml", f"db:\n{place.source}  structure:\n    owns: [{names}]\n")


def relations(place: Place) -> set[str]:
    asked = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
    return {
        str(name)
        for (name,) in place.rows(asked + "WHERE n.nspname IN ('public', 'side') AND relkind IN ('r', 'v', 'S')")
        if not str(name).startswith("public._lbconf_ledger")
    }


def types(place: Place) -> set[str]:
    asked = "SELECT typname::text FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
    return {
        str(name) for (name,) in place.rows(asked + "WHERE nspname = 'public' AND typname IN ('mood', 'year', 'place')")
    }


def test_without_owns_nothing_of_others_is_touched(place: Place) -> None:
    before = relations(place), types(place)
    done = set(place.changes())
    place.run("apply", "--auto-approve", "--accept", "all")
    assert not done & {"DropTable", "DropSequence", "DropEnumeration", "DropNamespace", "SetTableComment"}
    assert (relations(place), types(place)) == before


def test_what_nobody_asks_for_goes_once_it_is_accepted(place: Place) -> None:
    owning(place, "public")
    before = relations(place)
    code, out, err = place.run("apply", "--auto-approve")
    assert (code, "--accept deletes-data" in err) == (1, True), out + err
    assert relations(place) == before
    place.apply("--accept", "deletes-data", "--accept", "irreversible")
    assert place.changes() == []
    assert types(place) == set()
    left = relations(place)
    assert {"public.stray", "public.straying", "public.counter"}.isdisjoint(left)
    assert {"public.Item", "public.seen", "public._lbconf_own", "public._removed_old_20260101", "side.stray"} <= left
    assert place.rows("SELECT doubled(2)") == [(4,)]
    assert place.rows('SELECT a, b FROM "Item"') == [(1, "x")]
    assert place.rows("SELECT col_description('\"Item\"'::regclass, 2), obj_description('\"Item\"'::regclass)") == [
        (None, None)
    ]
    names = {str(name) for (name,) in place.rows("SELECT relname::text FROM pg_class WHERE relname LIKE 'stray%'")}
    assert names == {"stray"}, "only that of the other namespace"
    assert place.rows("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'stray%'") == [(0,)]


@pytest.mark.parametrize("names", [("*",), ("public", "side")])
def test_all_namespaces_or_several_are_owned(place: Place, names: tuple[str, ...]) -> None:
    owning(place, *names)
    place.apply("--accept", "deletes-data", "--accept", "irreversible")
    assert place.changes() == []
    assert not {name for name in relations(place) if "stray" in name}
    assert place.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'side'") == [(0,)]


def test_a_plan_for_some_models_drops_nothing(place: Place) -> None:
    owning(place, "*")
    before = relations(place)
    changes = place.json("plan", "--model", "Item")["changes"]
    assert not [
        change
        for change in changes
        if change["kind"] in {"DropTable", "DropSequence", "DropEnumeration", "DropNamespace"}
    ]
    place.run("apply", "--auto-approve", "--accept", "all", "--model", "Item")
    assert relations(place) == before


def test_what_an_extension_brought_stays(place: Place) -> None:
    place.rows("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    owning(place, "*")
    place.apply("--accept", "deletes-data", "--accept", "irreversible")
    assert place.changes() == []
    assert place.rows("SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") == [(1,)]


def test_a_table_of_another_data_source_in_the_same_database_stays(place: Place) -> None:
    place.rows("DROP SCHEMA side CASCADE")
    place.write(
        "datasources.yaml",
        f"db:\n{place.source}  structure: {{owns: [public]}}\nother:\n{place.source}",
    )
    place.write("models/other.yaml", "name: Other\ndataSource: other\nproperties:\n  a: {type: integer}\n")
    place.run("apply", "--auto-approve", "--data-source", "other")
    place.rows(
        'CREATE TABLE IF NOT EXISTS "Other" (id serial PRIMARY KEY, a integer)', 'INSERT INTO "Other" (a) VALUES (5)'
    )
    code, out, err = place.run("apply", "--auto-approve", "--accept", "all")
    assert code == 0, out + err
    assert place.rows('SELECT a FROM "Other"') == [(5,)]
    code, out, err = place.run("plan", "--detailed-exitcode")
    assert code == 0, out + err


def test_drift_tells_of_what_came_into_an_owned_namespace(place: Place) -> None:
    owning(place, "public")
    place.apply("--accept", "deletes-data", "--accept", "irreversible")
    assert place.run("drift", "--detailed-exitcode")[0] == 0
    place.rows("CREATE TABLE came (id integer)")
    code, out, _ = place.run("drift", "--detailed-exitcode")
    assert (code, "came" in out) == (2, True)


def test_what_an_unmanaged_view_or_a_function_reads_is_refused_or_done_whole(place: Place) -> None:
    place.rows(
        "CREATE VIEW reads AS SELECT id, m FROM stray",
        "CREATE FUNCTION takes(m mood) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    )
    owning(place, "public")
    before = relations(place), types(place)
    code, out, err = place.run("apply", "--auto-approve", "--accept", "all")
    if code == 0:
        assert place.rows("SELECT count(*) FROM reads") == [(0,)], "the view is there"
    else:
        assert "LB4026" in err, out + err
        assert "reads" in err
        assert (relations(place), types(place)) == before, "all or nothing"
