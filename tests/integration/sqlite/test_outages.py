"""An apply of a file of some size that is killed at any statement, finds no room, may not write, or waits for long."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lbconf.errors import ConnectorError
from lbconf.plan.executor import Limits
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Moment, Notice
from tests.integration import figures
from tests.integration.sqlite.killed_apply import AFTER, BEFORE
from tests.integration.sqlite.target import SqliteTarget

pytestmark = pytest.mark.slow
ROWS = 30_000
"""More than SQLite holds in memory: what is not committed stands in the file, or in its write-ahead log."""
JOURNALS = ("delete", "wal")


@pytest.fixture(scope="module", params=JOURNALS)
def journal(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, journal: str) -> Path:
    return filled(tmp_path_factory.mktemp("template") / "some.db", journal)


@pytest.fixture
def target(tmp_path: Path, template: Path) -> SqliteTarget:
    return SqliteTarget(Path(shutil.copy(template, tmp_path)))


def filled(path: Path, journal: str) -> Path:
    target = SqliteTarget(path)
    target.run(f"PRAGMA journal_mode = {journal}")
    target.apply(target.plan(BEFORE))
    series = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
    target.run(f"INSERT INTO one (name) {series} SELECT printf('n%0200d', i) FROM n")
    target.run("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def complete(target: SqliteTarget, journal: str) -> None:
    assert target.plan(AFTER).empty
    summed = f"SELECT {ROWS}, {ROWS}, {ROWS} * ({ROWS} + 1) / 2"
    assert target.run("SELECT count(*), count(DISTINCT name), sum(id) FROM uno") == target.run(summed)
    assert target.run("PRAGMA integrity_check") == [("ok",)]
    assert target.run("PRAGMA journal_mode") == [(journal,)]
    assert target.run("SELECT name FROM sqlite_schema WHERE name LIKE '%lbconf_new%'") == []
    assert target.history()[-1].result == "applied"


def places(plan: Plan) -> list[tuple[str, ...]]:
    """Where to kill: before and after each step and each statement."""
    found: list[tuple[str, ...]] = []
    for number, step in enumerate(plan.steps):
        found += [(moment, str(number)) for moment in Moment]
        for place in range(len(step.statements)):
            found += [(event, str(number), str(place)) for event in (Event.BEGINS, Event.ENDS)]
    return found


@pytest.mark.parametrize("same_plan", [True, False], ids=["same plan", "new plan"])
def test_after_a_kill_at_any_statement_the_next_apply_completes(
    tmp_path: Path, template: Path, journal: str, *, same_plan: bool
) -> None:
    """Each place once, with the same plan or a new one in turn; with both where LBCONF_TEST_SWEEP=full."""
    plan = SqliteTarget(template).plan(AFTER)
    left = 0
    for number, place in enumerate(places(plan)):
        if os.environ.get("LBCONF_TEST_SWEEP") != "full" and number % 2 != same_plan:
            continue
        target = SqliteTarget(tmp_path / f"{number}.db")
        shutil.copy(template, target.path)
        killed = subprocess.run(
            [sys.executable, "-m", "tests.integration.sqlite.killed_apply", str(target.path), *place],
            check=False,
            timeout=60,
        )
        assert killed.returncode == -9, place
        beside = target.path.with_name(target.path.name + ("-wal" if journal == "wal" else "-journal"))
        left += beside.exists() and beside.stat().st_size > 0
        assert {table.name.name for table in target.inspect().tables} == {"goes", "one"}, "all or nothing"
        target.apply(plan if same_plan else target.plan(AFTER))
        complete(target, journal)
        figures.overcame("SQLite", figures.STEP if len(place) == 2 else figures.STATEMENT)
        target.path.unlink()
    assert left, "some were killed after they wrote into the file, and left what takes that back"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of 14 MB."""
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=14m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


@pytest.mark.parametrize("same_plan", [True, False], ids=["same plan", "new plan"])
def test_after_a_full_disk_the_next_apply_completes(
    small_disk: Path, template: Path, journal: str, *, same_plan: bool
) -> None:
    target = SqliteTarget(Path(shutil.copy(template, small_disk)))
    plan = target.plan(AFTER)
    with pytest.raises(ConnectorError) as caught:
        target.apply(plan)
    told = caught.value.diagnostics
    assert "the disk is full" in told[0].message or "reading or writing the file failed" in told[0].message
    assert told[-1].code == "LB4017"
    assert {table.name.name for table in target.inspect().tables} == {"goes", "one"}, "all or nothing"
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    target.apply(plan if same_plan else target.plan(AFTER))
    complete(target, journal)
    figures.overcame("SQLite", figures.FULL)


class Bounded(SqliteTarget):
    """Its file may not grow, as on a full disk."""

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        return connection


def test_a_file_that_may_not_grow_is_told_and_left_as_it_was(target: SqliteTarget, journal: str) -> None:
    plan = target.plan(AFTER)
    with pytest.raises(ConnectorError) as caught:
        Bounded(target.path).apply(plan)
    assert "the disk is full" in caught.value.diagnostics[0].message
    assert "no step is done" in caught.value.diagnostics[-1].message
    target.apply(plan)
    complete(target, journal)
    figures.overcame("SQLite", figures.FULL)


class Refused(SqliteTarget):
    """A connection that may only read from some step on."""

    connection: sqlite3.Connection

    def _connect(self) -> sqlite3.Connection:
        self.connection = super()._connect()
        return self.connection


@pytest.mark.parametrize("number", range(4))
def test_what_may_not_be_written_any_more_leaves_everything_as_it_was(
    target: SqliteTarget, journal: str, number: int
) -> None:
    refused, plan = Refused(target.path), target.plan(AFTER)

    def refuse(notice: Notice) -> None:
        if (notice.event, notice.step) == (Event.BEGINS, number):
            refused.connection.execute("PRAGMA query_only = 1")

    with pytest.raises(ConnectorError) as caught:
        refused.apply(plan, watcher=refuse)
    assert "it may only be read" in caught.value.diagnostics[0].message
    assert {table.name.name for table in target.inspect().tables} == {"goes", "one"}, "all or nothing"
    target.apply(plan)
    complete(target, journal)
    figures.overcame("SQLite", figures.READ_ONLY)


def test_a_lock_that_another_process_holds_for_long_is_outlasted(target: SqliteTarget, journal: str) -> None:
    plan = target.plan(AFTER)
    again = threading.Event()
    with closing(sqlite3.connect(target.path, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")

        def lets_go() -> None:
            again.wait(30)
            other.execute("ROLLBACK")

        def told(notice: Notice) -> None:
            if notice.event is Event.AGAIN and notice.attempt >= 3:
                again.set()

        holder = threading.Thread(target=lets_go)
        holder.start()
        limits = Limits(retries=100, first_pause=0.05, longest_pause=0.1)
        target.apply(plan, lock_timeout=0.1, limits=limits, watcher=told)
        holder.join(30)
    assert again.is_set()
    complete(target, journal)
    figures.overcame("SQLite", figures.LOCK)
