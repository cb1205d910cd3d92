"""The Python API on SQLite and on a real PostgreSQL."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lbconf
from lbconf.errors import ConnectorError, HazardError, PlanError, ProjectError, StalePlanError
from tests.place import KINDS, Place, made_of_kind

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture(params=["development", "production"])
def account(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A copy of the account application and the environment to use it in."""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    if request.param == "production":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgresql_url"))
    return tmp_path, request.param


def test_structure(account: tuple[Path, str]) -> None:
    with lbconf.load(*account) as project:
        source = project.data_source("accountDB")
        source.ping()
        assert not source.is_actual()

        plan = source.plan()
        assert source.apply(plan).steps == len(plan.steps) > 0
        assert source.is_actual()
        assert source.autoupdate().steps == 0

        accounts = project.model("Account")
        accounts.create({"email": "a@example.org"})
        with pytest.raises(HazardError):
            source.automigrate(["Account"])
        assert accounts.count() == 1
        source.automigrate(["Account"], accept=["deletes-data", "irreversible"])
        assert accounts.count() == 0


def test_nothing_is_contacted_before_it_is_used(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(
        "db: {connector: memory}\naway: {connector: postgresql, host: 127.0.0.1, port: 1}\n"
        "foreign: {connector: mongodb}\n"
    )
    for name, source in (("Note", "db"), ("Far", "away"), ("Strange", "foreign")):
        model = f"{{name: {name}, dataSource: {source}, properties: {{text: string}}}}\n"
        (base / "models" / f"{name}.yaml").write_text(model)
    with lbconf.load(tmp_path) as project:
        notes = project.model("Note")
        notes.create({"text": "a"})
        assert len(notes.find()) == 1
        with pytest.raises(ConnectorError, match="connect"):
            project.model("Far").count()
        with pytest.raises(ConnectorError, match="no connector mongodb"):
            project.model("Strange").count()


def test_nothing_is_opened_after_the_end(account: tuple[Path, str]) -> None:
    with lbconf.load(*account) as project:
        source = project.data_source("accountDB")
        source.apply()
        accounts = project.model("Account")
        accounts.create({"email": "a@example.org"})
        built = source.discover_and_build_models()["Account"]
    uses: list[Callable[[], object]] = [
        accounts.count,
        accounts.find,
        accounts.delete_all,
        lambda: accounts.create({"email": "b@example.org"}),
        lambda: accounts.find_by_id(1),
        lambda: project.model("Account").count(),
        built.count,
        source.ping,
        source.plan,
        source.connect,
    ]
    for use in uses:
        with pytest.raises(ProjectError, match="was closed"):
            use()
    with project:
        assert accounts.count() == 1
        project.data_source("accountDB").disconnect()
        assert accounts.count() == 1


def test_a_plan_that_somebody_made_true_is_done_and_one_of_another_state_is_stale(account: tuple[Path, str]) -> None:
    with lbconf.load(*account) as project:
        source = project.data_source("accountDB")
        plan = source.plan()
        source.apply(plan)
        source.automigrate(accept=["all"])
        empty = source.plan()

        assert empty.empty
        assert source.apply(plan).applied_before
        other = replace(plan, fingerprint="0" * 64, configuration="1" * 64)
        with pytest.raises((StalePlanError, HazardError)):
            source.apply(other)


def test_rows(account: tuple[Path, str]) -> None:
    with lbconf.load(*account) as project:
        project.data_source("accountDB").autoupdate()
        accounts = project.model("Account")
        created = datetime(2013, 10, 15, 21, 34, 50, tzinfo=UTC)

        first = accounts.create({"email": "a@example.org", "level": 1, "created": created})
        second, third = accounts.create(
            [{"email": "b@example.org", "level": 2}, {"email": "c@example.org", "level": 3}]
        )

        assert {key: value for key, value in first.items() if value is not None} == {
            "id": 1,
            "email": "a@example.org",
            "level": 1,
            "created": created,
        }
        found = accounts.find_by_id(1)
        assert found is not None
        assert found["created"] == created
        assert [row["email"] for row in accounts.find({"where": {"level": {"gt": 1}}, "order": "level DESC"})] == [
            "c@example.org",
            "b@example.org",
        ]
        one = accounts.find_one({"where": {"created": {"lte": created}}})
        assert one is not None
        assert one["id"] == 1
        assert accounts.find_one({"where": {"level": 99}}) is None
        assert accounts.find_by_id(99) is None
        assert accounts.exists(1)
        assert not accounts.exists(99)
        assert accounts.count() == 3
        assert accounts.count({"level": {"inq": [1, 2]}}) == 2
        assert accounts.update_all({"level": {"lt": 3}}, {"level": 7}) == 2
        assert accounts.upsert({"id": third["id"], "level": 8})["email"] == "c@example.org"
        assert accounts.replace_by_id(second["id"], {"email": "new@example.org"}).get("level") is None
        assert accounts.delete_by_id(second["id"])
        assert not accounts.delete_by_id(second["id"])
        assert accounts.delete_all({"level": 8}) == 1
        assert [row["id"] for row in accounts.find()] == [1]


def test_discovery(account: tuple[Path, str]) -> None:
    with lbconf.load(*account) as project:
        source = project.data_source("accountDB")
        source.autoupdate()
        project.model("Account").create({"email": "a@example.org", "level": 1})

        assert [found["name"] for found in source.discover()] == ["Account"]
        assert source.discover("Account")[0]["properties"]["email"]["required"] is True

        built = source.discover_and_build_models()
        assert [row["email"] for row in built["Account"].find()] == ["a@example.org"]
        assert project.model("Account") is built["Account"]


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    project = lbconf.load(ROOT, "development")

    with pytest.raises(ProjectError) as missing:
        project.data_source("acountDB")
    assert missing.value.diagnostics[0].hint == "did you mean accountDB?"
    with pytest.raises(ProjectError) as model:
        project.model("Acount")
    assert model.value.diagnostics[0].hint == "did you mean Account?"


def test_a_url_nobody_answers_to() -> None:
    with pytest.raises(ConnectorError) as refused:
        lbconf.connect("gopher://localhost/x")

    assert "postgresql://" in str(refused.value.diagnostics[0].hint)


def test_the_example_of_the_api(account: tuple[Path, str]) -> None:
    root, environment = account

    done = subprocess.run(
        [sys.executable, EXAMPLES / "python_api.py", root, environment], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "up to date: True",
        "created number 1",
        "zoe@example.org 2024-05-01T00:00:00+00:00",
        "1 in all",
    ]
    assert re.fullmatch(r"\d+ changes to make", done.stdout.splitlines()[0])


def test_the_example_of_models_built_at_run_time(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
        "INSERT INTO customer (name) VALUES ('Ada'), ('Grace');"
    )
    connection.close()

    done = subprocess.run(
        [sys.executable, EXAMPLES / "discover_and_build.py", f"sqlite:///{tmp_path}/shop.db"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'Customer': [{'id': 1, 'name': 'Ada'}, {'id': 2, 'name': 'Grace'}]}\n"


def test_what_is_exported() -> None:
    assert sorted(lbconf.__all__) == sorted(dir(lbconf))
    for name in lbconf.__all__:
        assert getattr(lbconf, name) is not None
    with pytest.raises(AttributeError):
        _ = lbconf.nothing  # type: ignore[attr-defined]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A project with one model."""
    found = made_of_kind(request, tmp_path)
    found.write("models/note.yaml", "name: Note\ndataSource: db\nproperties:\n  text: {type: string}\n")
    return found


def test_what_was_applied_is_remembered_and_leads_back(place: Place) -> None:
    with lbconf.load(place.root) as project:
        source = project.data_source("db")
        assert source.history() == ()
        assert source.drift().last is None
        source.apply()
        project.model("Note").create({"text": "kept"})
    place.rows('ALTER TABLE "Note" ADD COLUMN stray integer')
    place.write(
        "models/note.yaml", "name: Note\ndataSource: db\nproperties:\n  more: {type: integer, required: true}\n"
    )
    with lbconf.load(place.root) as project:
        source = project.data_source("db")
        assert [(found.action, found.verdict.value) for found in source.drift().drifted] == [("add", "taken-back")]

        plan = source.plan()
        (checked,) = source.check_data(plan, examples=False)
        assert (checked.rows, checked.examples) == (1, ())
        project.model("Note").delete_all()
        assert source.check_data(source.plan()) == (), "nothing can fail on a table without rows"
        source.apply(accept=["all"])

        assert [entry.id for entry in source.history()] == [2, 1]
        assert "text" in source.history_entry(1).state
        back = source.plan(to=1)
        assert {change.action for change in back.changes} == {"add", "destroy"}
        source.apply(back, accept=["all"])
        assert source.plan(to=1).empty
        with pytest.raises(PlanError, match="no apply number 9"):
            source.history_entry(9)
        with pytest.raises(PlanError, match="no apply number 9"):
            source.plan(to=9)
        with pytest.raises(ValueError, match="goes without"):
            source.plan(["Note"], to=1)


def test_tables_that_exist_are_adopted(place: Place) -> None:
    place.rows('CREATE TABLE "Note" (id integer PRIMARY KEY NOT NULL, text varchar(255))')
    place.write("models/tag.yaml", "name: Tag\ndataSource: db\nproperties:\n  word: {type: string}\n")
    with lbconf.load(place.root) as project:
        source = project.data_source("db")
        adopted = source.adopt()
        assert ([name.name for name in adopted.tables], adopted.missing) == (["Note"], 1)
        assert source.adopt().tables == ()
        assert len(source.history()) == 1
    with pytest.raises(ProjectError, match="was closed"):
        source.history()


def test_a_data_source_without_a_ledger_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path, None, "")
    place.write("datasources.yaml", "db: {connector: memory}\n")
    with lbconf.load(tmp_path) as project:
        source = project.data_source("db")
        for use in (source.history, source.drift, source.adopt, lambda: source.plan(to=1)):
            with pytest.raises(PlanError, match="db"):
                use()
