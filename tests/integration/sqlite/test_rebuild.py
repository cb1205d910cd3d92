"""What a rebuild keeps, and what ALTER TABLE does without one."""

from dataclasses import replace
from pathlib import Path

import pytest

from lbconf.errors import ConnectorError
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
)
from tests.integration.sqlite.target import SqliteTarget

INTEGER, TEXT = ColumnType("INTEGER"), ColumnType("TEXT")
ID = Column(name="id", type=INTEGER, nullable=False, identity=Identity(kind="autoincrement"))
KEY = PrimaryKey(name=None, columns=("id",))
OWNER = Table(name=QualifiedName("", "owner"), columns=(ID, Column(name="name", type=TEXT)), primary_key=KEY)
PET_KEY = ForeignKey(
    name="pet_owner_fkey",
    columns=("ownerId",),
    target=OWNER.name,
    target_columns=("id",),
    on_delete="CASCADE",
)
PET = Table(
    name=QualifiedName("", "pet"),
    columns=(ID, Column(name="name", type=TEXT), Column(name="ownerId", type=INTEGER)),
    primary_key=KEY,
    foreign_keys=(PET_KEY,),
    indexes=(Index(name="pet_name_idx", parts=(IndexPart(column="name"),)),),
)
BOTH = State(tables=(OWNER, PET))


@pytest.fixture
def target(tmp_path: Path) -> SqliteTarget:
    target = SqliteTarget(tmp_path / "pets.db")
    target.apply(target.plan(BOTH))
    target.run(
        "INSERT INTO owner (name) VALUES ('Ann'), ('Bob'), ('gone')",
        "DELETE FROM owner WHERE name = 'gone'",
        "INSERT INTO pet (name, ownerId) VALUES ('Rex', 1), ('Tom', 2)",
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER owner_log AFTER UPDATE ON owner "
        "BEGIN INSERT INTO log VALUES (old.name || '>' || new.name); END",
        "CREATE VIEW owners AS SELECT id, name FROM owner",
    )
    return target


def altered(table: Table, which: str, **changes: object) -> Table:
    columns = tuple(replace(c, **changes) if c.name == which else c for c in table.columns)  # type: ignore[arg-type]
    return replace(table, columns=columns)


def with_owner(owner: Table) -> State:
    return State(tables=(owner, PET))


def test_a_rebuild_keeps_rows_counter_triggers_views_indexes_and_foreign_keys(target: SqliteTarget) -> None:
    desired = with_owner(altered(OWNER, "name", nullable=False, default=Default("'nobody'")))

    plan = target.plan(desired)
    target.apply(plan)

    assert [step.summary for step in plan.steps] == ["rebuild table owner"]
    assert target.plan(desired).empty
    assert target.run("SELECT id, name FROM owners ORDER BY id") == [(1, "Ann"), (2, "Bob")]
    assert target.run("UPDATE owner SET name = 'Al' WHERE id = 1", "SELECT what FROM log") == [("Ann>Al",)]
    assert target.run("INSERT INTO owner DEFAULT VALUES RETURNING id, name") == [(4, "nobody")], "id 3 is never reused"
    assert target.run("PRAGMA foreign_keys = ON", "DELETE FROM owner WHERE id = 1", "SELECT name FROM pet") == [
        ("Tom",)
    ]


def test_renames_keep_rows_and_reach_triggers_views_and_foreign_keys(target: SqliteTarget) -> None:
    person = replace(
        altered(OWNER, "name", name="fullName", renamed_from="name"),
        name=QualifiedName("", "person"),
        renamed_from=OWNER.name,
    )
    pet = replace(PET, foreign_keys=(replace(PET_KEY, target=person.name),))
    desired = State(tables=(person, pet))

    plan = target.plan(desired)
    target.apply(plan)

    assert [step.summary for step in plan.steps] == [
        "rename table owner -> person",
        "rename column name -> fullName",
    ]
    assert plan.hazards == ()
    assert target.plan(desired).empty
    assert target.run("SELECT * FROM owners ORDER BY id") == [(1, "Ann"), (2, "Bob")]
    target.run("UPDATE person SET fullName = 'Al' WHERE id = 1")
    assert target.run("SELECT what FROM log") == [("Ann>Al",)]


def test_a_rename_and_a_rebuild_in_one_plan(target: SqliteTarget) -> None:
    renamed = altered(OWNER, "name", name="fullName", renamed_from="name", nullable=False, backfill="'none'")
    desired = with_owner(renamed)

    target.apply(target.plan(desired))

    assert target.plan(desired).empty
    target.run("UPDATE owner SET fullName = 'Al' WHERE id = 1")
    assert target.run("SELECT what FROM log") == [("Ann>Al",)]


def test_adding_what_alter_table_can_add_rebuilds_nothing(target: SqliteTarget) -> None:
    age = Column(name="age", type=INTEGER, nullable=False, default=Default("0"))
    desired = with_owner(replace(OWNER, columns=(*OWNER.columns, age)))
    plan = target.plan(desired)
    assert [statement.sql for step in plan.steps for statement in step.statements] == [
        'ALTER TABLE "owner" ADD COLUMN "age" INTEGER NOT NULL DEFAULT 0'
    ]
    assert plan.hazards == ()


def test_null_where_it_may_not_be_fails_and_changes_nothing(target: SqliteTarget) -> None:
    target.run("INSERT INTO owner (name) VALUES (NULL)")
    desired = with_owner(altered(OWNER, "name", nullable=False))
    before = target.inspect()
    plan = target.plan(desired)

    with pytest.raises(ConnectorError) as caught:
        target.apply(plan)

    assert HazardKind.MAY_FAIL_ON_DATA in plan.hazards
    assert [d.message for d in caught.value.diagnostics] == [
        "data source db: NOT NULL constraint failed: owner.name",
        "db: step 1 of 1 (rebuild table owner) failed; nothing was changed",
    ]
    assert target.inspect() == before
    assert [entry.result for entry in target.history()] == ["applied", "failed"]


def test_a_backfill_gives_rows_what_they_lack(target: SqliteTarget) -> None:
    target.run("INSERT INTO owner (name) VALUES (NULL)")
    desired = with_owner(altered(OWNER, "name", nullable=False, backfill="'nobody'"))
    target.apply(target.plan(desired))
    assert target.run("SELECT name FROM owner ORDER BY id") == [("Ann",), ("Bob",), ("nobody",)]


def test_a_foreign_key_that_rows_break_is_refused_before_commit(target: SqliteTarget) -> None:
    target.run("CREATE TABLE stray (id INTEGER PRIMARY KEY, ownerId INTEGER)", "INSERT INTO stray VALUES (1, 99)")
    stray = Table(
        name=QualifiedName("", "stray"),
        columns=(replace(ID, identity=Identity(kind="rowid")), Column(name="ownerId", type=INTEGER)),
        primary_key=KEY,
        foreign_keys=(replace(PET_KEY, name="stray_owner_fkey"),),
    )
    with pytest.raises(ConnectorError) as caught:
        target.apply(target.plan(State(tables=(OWNER, PET, stray))))
    assert caught.value.diagnostics[0].message == "1 row of stray would point at rows that owner does not have"
    assert target.inspect().table(stray.name) == replace(stray, foreign_keys=())


def test_foreign_keys_broken_before_do_not_stand_in_the_way(target: SqliteTarget) -> None:
    target.run("PRAGMA foreign_keys = OFF", "INSERT INTO pet (name, ownerId) VALUES ('Stray', 77)")
    desired = with_owner(altered(OWNER, "name", nullable=False))
    target.apply(target.plan(desired))
    assert target.plan(desired).empty


def test_what_lbconf_never_managed_is_left_alone(target: SqliteTarget) -> None:
    target.run("CREATE TABLE foreigner (a, b)", "CREATE VIRTUAL TABLE words USING fts5(text)")
    assert target.plan(BOTH).empty
    plan = target.plan(State(tables=(OWNER,)))
    assert [step.summary for step in plan.steps] == ["drop table pet"]
    target.apply(plan)
    assert {table.name.name for table in target.inspect().tables} == {"foreigner", "log", "owner"}


def test_a_table_that_was_there_before_is_taken_over(target: SqliteTarget) -> None:
    target.run("CREATE TABLE old (id INTEGER PRIMARY KEY, kept TEXT, extra TEXT)", "CREATE INDEX old_i ON old (kept)")
    target.run("INSERT INTO old VALUES (1, 'a', 'b')")
    old = Table(
        name=QualifiedName("", "old"),
        columns=(replace(ID, identity=Identity(kind="rowid")), Column(name="kept", type=TEXT)),
        primary_key=KEY,
    )
    plan = target.plan(State(tables=(old, OWNER, PET)))
    assert [change.summary for change in plan.changes] == ["index old_i (kept)", "column extra text"]
    assert set(plan.hazards) == {HazardKind.DELETES_DATA, HazardKind.REWRITES_TABLE, HazardKind.IRREVERSIBLE}


def test_expression_partial_and_descending_indexes_survive_a_rebuild(target: SqliteTarget) -> None:
    indexes = (
        Index(name="a_idx", parts=(IndexPart(expression="lower(name)"), IndexPart(column="id", descending=True))),
        Index(name="b_idx", parts=(IndexPart(column="name", collation="NOCASE"),), unique=True, where="id > 1"),
    )
    first = with_owner(replace(OWNER, indexes=indexes))
    target.apply(target.plan(first))
    assert target.plan(first).empty
    second = with_owner(replace(altered(OWNER, "name", default=Default("'x'")), indexes=indexes))
    target.apply(target.plan(second))
    assert target.plan(second).empty


def test_a_table_is_recreated_empty(target: SqliteTarget) -> None:
    plan = target.plan(BOTH, recreate=["pet"])
    assert [step.summary for step in plan.steps] == ["drop table pet", "create table pet"]
    assert plan.hazards == (HazardKind.DELETES_DATA,)
    target.apply(plan)
    assert target.plan(BOTH).empty
    assert target.run("SELECT count(*) FROM pet") == [(0,)]


def test_a_table_that_rows_point_at_is_not_recreated(target: SqliteTarget) -> None:
    with pytest.raises(ConnectorError) as caught:
        target.apply(target.plan(BOTH, recreate=["owner"]))
    assert caught.value.diagnostics[0].message == "2 rows of pet would point at rows that owner does not have"
    target.run("DELETE FROM pet")
    target.apply(target.plan(BOTH, recreate=["owner"]))
    assert target.run("SELECT count(*) FROM owner") == [(0,)]


def test_checks_collations_and_generated_columns_are_read_back(tmp_path: Path) -> None:
    target = SqliteTarget(tmp_path / "x.db")
    target.run(
        """CREATE TABLE t ( -- a comment, with "quotes" and (
            a TEXT COLLATE NOCASE CONSTRAINT short CHECK (length(a) < 10),
            [b c] INTEGER DEFAULT (1+2),
            d TEXT GENERATED ALWAYS AS (a || 'x') STORED,
            `e` TEXT REFERENCES t2 ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
            CONSTRAINT pair UNIQUE (a, "b c"), CHECK ("b c" IN (1, 2, 3)) ) STRICT""",
        "CREATE TABLE t2 (id TEXT PRIMARY KEY) WITHOUT ROWID",
    )
    table = target.inspect().tables[0]
    assert [(c.name, c.collation, c.generated, c.default) for c in table.columns] == [
        ("a", "NOCASE", None, None),
        ("b c", None, None, Default("1 + 2")),
        ("d", None, "a || 'x'", None),
        ("e", None, None, None),
    ]
    assert table.checks == (
        Check(name="short", expression="length(a) < 10"),
        Check(name="t_check2", expression='"b c" IN (1, 2, 3)'),
    )
    assert [(u.name, u.columns) for u in table.uniques] == [("pair", ("a", "b c"))]
    key = table.foreign_keys[0]
    assert (key.target_columns, key.on_delete, key.deferrable) == (("id",), "SET NULL", "deferred")
    assert table.options == (("references t_e_fkey", "key"), ("strict", "true"))


def test_a_rebuild_keeps_what_the_models_do_not_say(target: SqliteTarget) -> None:
    target.run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT, a TEXT NOT NULL ON CONFLICT IGNORE,"
        " b INT UNIQUE ON CONFLICT REPLACE, c INT AS (b * 2), d INT AS (b * 3) STORED, e TEXT COLLATE NOCASE,"
        " UNIQUE (e COLLATE RTRIM), CHECK (b > 0) ON CONFLICT FAIL) STRICT"
    )
    before = target.inspect().table(QualifiedName("", "t"))
    assert before is not None
    assert before.options == (
        ("primary_key", "ON CONFLICT REPLACE"),
        ("strict", "true"),
        ("unique t_b_key", "ON CONFLICT REPLACE"),
        ("unique t_e_key", '("e" COLLATE RTRIM)'),
    )
    assert [(column.virtual, column.options) for column in before.columns[1:4]] == [
        (False, (("on_conflict", "IGNORE"),)),
        (False, ()),
        (True, ()),
    ]
    checks = (*before.checks, Check(name="small", expression="b < 100"))
    wanted = State(tables=(OWNER, PET, replace(before, checks=checks, options=(), opaque=())))

    target.apply(target.plan(wanted))

    after = target.inspect().table(before.name)
    assert target.plan(wanted).empty
    assert after == replace(before, checks=tuple(sorted(checks, key=lambda check: check.name)))
    target.run("INSERT INTO t (a, b, e) VALUES ('one', 1, 'x')", "INSERT INTO t (a, b, e) VALUES ('two', 1, 'y')")
    assert target.run("SELECT a, c, d FROM t") == [("two", 2, 3)]


def test_what_a_view_or_a_trigger_needs_does_not_go_unnoticed(target: SqliteTarget) -> None:
    desired = with_owner(replace(OWNER, columns=(ID,)))
    with pytest.raises(ConnectorError, match=r"(trigger owner_log|view owners) would not work any more: .*name"):
        target.apply(target.plan(desired))
    assert target.run("SELECT name FROM owners ORDER BY id") == [("Ann",), ("Bob",)], "nothing was changed"

    target.run("DROP VIEW owners", "CREATE VIEW broken_before AS SELECT gone FROM nowhere")
    with pytest.raises(ConnectorError, match="trigger owner_log would not work any more"):
        target.apply(target.plan(desired))
    target.run("DROP TRIGGER owner_log")
    target.apply(target.plan(desired))
    assert target.plan(desired).empty
