"""Renames through model files on real servers: rows survive, the next plan is empty, `renamedFrom` may stay."""

from pathlib import Path

import pytest

from tests.place import KINDS, Place, made, made_of_kind


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return made_of_kind(request, tmp_path)


@pytest.fixture
def server(postgresql_url: str, tmp_path: Path) -> Place:
    return made(tmp_path, postgresql_url)


def settled(place: Place, *arguments: str) -> list[str]:
    """Apply; the kinds of the changes that were. Nothing is left to plan, also when it is asked again."""
    done = place.changes()
    place.apply(*arguments)
    assert place.changes() == []
    return done


OWNER = """\
name: Owner
dataSource: db
idInjection: false
properties:
  code: {type: string, id: true, length: 20}
  town: {type: string, length: 30}
"""
ITEM = """\
name: Item
dataSource: db
idInjection: false
properties:
  id: {type: integer, id: true}
  price: {type: integer, required: true, description: What it costs}
  shop: {type: string, length: 20}
  note: {type: string, length: 40, default: none}
indexes:
  item_price: {keys: {price: 1}}
  item_shop_price: {keys: {shop: 1, price: -1}}
uniques:
  item_note: [note, shop]
checks:
  price_positive: price > 0
foreignKeys:
  item_shop: {entity: Owner, foreignKey: [shop], entityKey: [code]}
"""
ITEM_AFTER = """\
name: Thing
renamedFrom: Item
dataSource: db
idInjection: false
properties:
  number: {type: integer, id: true, renamedFrom: id}
  cost: {type: bigint, description: What it costs today, default: 7, renamedFrom: price}
  owner: {type: string, length: 20, renamedFrom: shop, index: true}
  remark: {type: string, length: 60, renamedFrom: note}
indexes:
  thing_cost: {keys: {cost: 1}, renamedFrom: item_price}
  thing_owner_cost: {keys: {owner: 1, cost: -1}, renamedFrom: item_shop_price}
uniques:
  thing_remark: {properties: [remark, owner], renamedFrom: item_note}
checks:
  cost_positive: {expression: cost > 0, renamedFrom: price_positive}
foreignKeys:
  thing_owner: {entity: Place, foreignKey: [owner], entityKey: [key], renamedFrom: item_shop}
"""
OWNER_AFTER = """\
name: Place
renamedFrom: Owner
dataSource: db
idInjection: false
properties:
  key: {type: string, id: true, length: 20, renamedFrom: code}
  town: {type: string, length: 30}
"""


def test_everything_of_a_model_is_renamed_and_changed_at_once(place: Place) -> None:
    place.write("models/owner.yaml", OWNER)
    place.write("models/item.yaml", ITEM)
    place.apply()
    place.rows(
        "INSERT INTO \"Owner\" VALUES ('o', 't')",
        "INSERT INTO \"Item\" (id, price, shop, note) VALUES (1, 5, 'o', 'n')",
    )
    place.write("models/owner.yaml", OWNER_AFTER)
    place.write("models/item.yaml", ITEM_AFTER)
    done = settled(place, "--accept", "all")
    assert done.count("RenameTable") == 2
    assert done.count("RenameColumn") == 5
    assert not [kind for kind in done if kind in {"DropColumn", "DropTable", "CreateTable", "AddColumn"}]
    assert place.rows('SELECT number, cost, owner, remark FROM "Thing"') == [(1, 5, "o", "n")]
    with pytest.raises(Exception, match=r"(?i)check|constraint"):
        place.rows('INSERT INTO "Thing" (number, cost) VALUES (2, -1)')
    with pytest.raises(Exception, match=r"(?i)foreign"):
        place.rows(
            "PRAGMA foreign_keys = on" if place.url is None else "SELECT 1",
            "INSERT INTO \"Thing\" (number, cost, owner) VALUES (2, 1, 'x')",
        )
    place.rows('INSERT INTO "Thing" (number) VALUES (3)')
    assert place.rows('SELECT cost FROM "Thing" WHERE number = 3') == [(7,)]


def test_what_was_renamed_may_be_followed_by_a_new_thing_of_the_old_name(place: Place) -> None:
    place.write(
        "models/item.yaml", "name: Item\ndataSource: db\nproperties:\n  a: {type: integer}\n  b: {type: integer}\n"
    )
    place.apply()
    place.rows('INSERT INTO "Item" (a, b) VALUES (1, 2)')
    place.write(
        "models/item.yaml",
        "name: Item\ndataSource: db\nproperties:\n"
        "  b: {type: integer, renamedFrom: a}\n  c: {type: integer, renamedFrom: b}\n",
    )
    assert settled(place) == ["RenameColumn", "RenameColumn"]
    assert place.rows('SELECT b, c FROM "Item"') == [(1, 2)]


def test_models_that_move_up_a_row_of_names_keep_their_rows(place: Place) -> None:
    for name in "AB":
        place.write(
            f"models/{name}.yaml",
            f"name: {name}\ndataSource: db\nproperties:\n  {name}x: {{type: integer, index: true}}\n",
        )
    place.apply()
    place.rows('INSERT INTO "A" ("Ax") VALUES (1)', 'INSERT INTO "B" ("Bx") VALUES (2)')
    place.remove("models/A.yaml")
    place.write(
        "models/B.yaml", "name: B\nrenamedFrom: A\ndataSource: db\nproperties:\n  Ax: {type: integer, index: true}\n"
    )
    place.write(
        "models/C.yaml", "name: C\nrenamedFrom: B\ndataSource: db\nproperties:\n  Bx: {type: integer, index: true}\n"
    )
    settled(place, "--accept", "index-build")
    assert place.rows('SELECT "Ax" FROM "B"') == [(1,)]
    assert place.rows('SELECT "Bx" FROM "C"') == [(2,)]


def test_names_of_indexes_and_constraints_are_swapped(place: Place) -> None:
    first = (
        "name: Item\ndataSource: db\nproperties:\n  a: {type: integer}\n  b: {type: integer}\n"
        "indexes: {one: {keys: {a: 1}}, two: {keys: {b: 1}}}\n"
        "uniques: {three: [a, b], four: [b, a]}\n"
        "checks: {five: a > 0, six: b > 0}\n"
    )
    place.write("models/item.yaml", first)
    place.apply()
    place.rows('INSERT INTO "Item" (a, b) VALUES (1, 2)')
    swapped = (
        first.replace("one: {keys: {a: 1}}, two: {keys: {b: 1}}", "two: {keys: {a: 1}}, one: {keys: {b: 1}}")
        .replace("three: [a, b], four: [b, a]", "four: [a, b], three: [b, a]")
        .replace("five: a > 0, six: b > 0", "six: a > 0, five: b > 0")
    )
    place.write("models/item.yaml", swapped)
    assert settled(place, "--accept", "all")
    assert place.rows('SELECT a, b FROM "Item"') == [(1, 2)]


def test_backfill_acceptance_and_parking_go_with_renames(place: Place) -> None:
    base = "name: Item\ndataSource: db\nproperties:\n  a: {type: integer}\n  gone: {type: integer}\n"
    place.write("models/item.yaml", base + "onRemove: rename\n")
    place.apply()
    place.rows('INSERT INTO "Item" (a) VALUES (1), (NULL)')
    place.write(
        "models/item.yaml",
        "name: Thing\nrenamedFrom: Item\ndataSource: db\nonRemove: rename\naccept: [deletes-data]\nproperties:\n"
        "  b: {type: integer, required: true, renamedFrom: a, backfill: 9}\n"
        '  c: {type: integer, required: true, backfill: "coalesce(b, 9) + 1"}\n',
    )
    settled(place, "--accept", "may-fail-on-data", "--accept", "rewrites-table")
    assert place.rows('SELECT b, c FROM "Thing" ORDER BY b') == [(1, 2), (9, 10)]
    place.remove("models/item.yaml")
    settled(place)
    (parked,) = place.tables("_removed_Thing_")
    assert place.rows(f'SELECT count(*) FROM "{parked}"') == [(2,)]


EXACT = """\
name: Item
dataSource: db
idInjection: false
properties:
  id: {type: integer, id: true}
  day: {type: dateonly}
  name: {type: string, required: true}
  mood: {type: enum, enumName: mood, values: [sad, glad, "it's"], default: sad}
  shown: {type: string, postgresql: {dataType: text, generatedAs: "upper(name)"}}
  number: {type: integer, postgresql: {dbDefault: "nextval('counter'::regclass)"}}
postgresql:
  table: item
  primaryKey: {name: item_id}
  checks: {item_mood: "mood <> 'glad'::mood OR name <> ''"}
  indexes:
    item_sad: {parts: [day], where: "mood = 'sad'::mood"}
    item_lower: {parts: [{expression: "lower(name)"}]}
  exclusions: {item_apart: "EXCLUDE USING gist (daterange(day, day + 2) WITH &&)"}
"""
EXACT_AFTER = """\
name: Thing
dataSource: db
idInjection: false
properties:
  number: {type: integer, id: true, renamedFrom: id}
  on: {type: dateonly, renamedFrom: day}
  title: {type: string, required: true, renamedFrom: name}
  feeling:
    {type: enum, enumName: feeling, enumRenamedFrom: mood, values: [gloomy, merry, "it's", new],
     renamedValues: {sad: gloomy, glad: merry}, default: gloomy, renamedFrom: mood}
  upper: {type: string, renamedFrom: shown, postgresql: {dataType: text, generatedAs: "upper(title)"}}
  ticket: {type: integer, renamedFrom: number, postgresql: {dbDefault: "nextval('tickets'::regclass)"}}
renamedFrom: item
postgresql:
  table: thing
  primaryKey: {name: thing_id}
  checks: {thing_mood: {expression: "feeling <> 'merry'::feeling OR title <> ''", renamedFrom: item_mood}}
  indexes:
    thing_sad: {parts: ["on"], where: "feeling = 'gloomy'::feeling", renamedFrom: item_sad}
    thing_lower: {parts: [{expression: "lower(title)"}], renamedFrom: item_lower}
  exclusions:
    thing_apart:
      {definition: "EXCLUDE USING gist (daterange(\\"on\\", \\"on\\" + 2) WITH &&)",
       renamedFrom: item_apart}
"""
STRUCTURE = "  structure:\n    owns: [public]\n    sequences: {counter: {type: integer}}\n"
STRUCTURE_AFTER = "  structure:\n    owns: [public]\n    sequences: {tickets: {type: integer, renamedFrom: counter}}\n"


def test_what_only_postgresql_has_is_renamed_without_being_made_anew(server: Place) -> None:
    server.write("datasources.yaml", f"db:\n{server.source}{STRUCTURE}")
    server.write("models/item.yaml", EXACT)
    server.apply()
    server.rows(
        "INSERT INTO item (id, day, name) VALUES (1, '2026-01-01', 'n')",
        "CREATE VIEW seen AS SELECT id, name, mood FROM item",
        "CREATE TABLE other (item integer CONSTRAINT kept REFERENCES item (id))",
        "INSERT INTO other VALUES (1)",
    )
    server.write(
        "models/other.yaml",
        "name: Other\ndataSource: db\nidInjection: false\nproperties: {item: {type: integer}}\n"
        "postgresql:\n  table: other\n  foreignKeys: {kept: {columns: [item], table: thing, references: [number]}}\n",
    )
    server.write("models/item.yaml", EXACT_AFTER)
    server.write("datasources.yaml", f"db:\n{server.source}{STRUCTURE_AFTER}")
    done = settled(server, "--accept", "irreversible")
    assert not [kind for kind in done if kind.startswith(("Drop", "Create"))], done
    assert not [kind for kind in done if kind.startswith("Add") and kind != "AddEnumerationValues"], done
    assert server.rows('SELECT number, "on"::text, title, feeling::text, upper, ticket FROM thing') == [
        (1, "2026-01-01", "n", "gloomy", "N", 1)
    ]
    assert server.rows("SELECT id, mood::text FROM seen") == [(1, "gloomy")]
    assert server.rows("SELECT nextval('tickets')") == [(2,)]


def test_values_of_an_enum_are_swapped_or_the_plan_says_why_not(server: Place) -> None:
    text = "name: Item\ndataSource: db\nproperties:\n  mood: {type: enum, enumName: mood, values: [a, b]}\n"
    server.write("models/item.yaml", text)
    server.apply()
    server.rows("INSERT INTO \"Item\" (mood) VALUES ('a')")
    server.write("models/item.yaml", text.replace("values: [a, b]", "values: [a, b], renamedValues: {a: b, b: a}"))
    code, _, err = server.run("plan")
    assert (code, "LB3030" in err) == (1, True), err


@pytest.mark.parametrize("kind", ["model", "property"])
def test_a_swap_of_models_or_properties_is_refused(place: Place, kind: str) -> None:
    if kind == "property":
        place.write(
            "models/item.yaml",
            "name: Item\ndataSource: db\nproperties:\n"
            "  a: {type: integer, renamedFrom: b}\n  b: {type: integer, renamedFrom: a}\n",
        )
    else:
        place.write("models/a.yaml", "name: A\nrenamedFrom: B\ndataSource: db\nproperties: {x: {type: integer}}\n")
        place.write("models/b.yaml", "name: B\nrenamedFrom: A\ndataSource: db\nproperties: {x: {type: integer}}\n")
    code, _, err = place.run("plan")
    assert (code, "LB3030" in err) == (1, True), err
