"""An apply that is killed at any statement, fails, loses its connection, or meets another one."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from lbconf.connectors.mysql.migrate import MysqlMigration
from lbconf.errors import ConnectorError, TimedOutError
from lbconf.plan.executor import Moment
from lbconf.plan.managed import last_managed
from lbconf.records import replace
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName, State
from tests.integration import figures
from tests.integration.mysql.killed_apply import AFTER, BEFORE, counting
from tests.integration.mysql.target import MysqlTarget

ROWS = [(1, "a", "ok", 5, 7), (2, "unknown", "sad", 6, 7)]


@pytest.fixture
def target(mysql_url: str) -> Iterator[MysqlTarget]:
    target = MysqlTarget(mysql_url)
    begun(target)
    yield target
    target.close()


def begun(target: MysqlTarget) -> None:
    """The database as it is before, with rows."""
    with target.emptied():
        pass
    target.apply(target.plan(BEFORE))
    target.run("INSERT INTO one (name, feels, age, old) VALUES ('a', 'ok', 5, 1), (NULL, 'sad', 6, 2)")
    target.run("INSERT INTO linked (oneId) VALUES (1), (2)")


def ended(target: MysqlTarget) -> None:
    """Everything is as it has to be."""
    assert target.plan(AFTER).empty
    assert target.run("SELECT id, name, feels, years, level FROM uno ORDER BY id") == ROWS
    assert target.run("SELECT id, oneId, twoId FROM linked ORDER BY id") == [(1, 1, None), (2, 2, None)]
    assert {entry.result for entry in target.connector.history()} <= {"applied", "failed"}


def statements(target: MysqlTarget) -> list[str]:
    """Every statement of the plan, in the order of its execution; the plan is applied."""
    with counting("never", 0) as told:
        target.apply(target.plan(AFTER))
    return told


def test_after_a_kill_at_any_statement_the_next_apply_completes(target: MysqlTarget) -> None:
    told = statements(target)
    ended(target)
    assert len(told) > 12, told
    for number in range(len(told)):
        # Before a statement is after the last one and its note in the journal: some of those will do.
        both = number % 3 == 0 or os.environ.get("LBCONF_TEST_SWEEP") == "full"
        for moment in ("before", "after") if both else ("after",):
            begun(target)
            killed = subprocess.run(
                [sys.executable, "-m", "tests.integration.mysql.killed_apply", target.url, moment, str(number)],
                check=False,
                timeout=60,
            )
            assert killed.returncode == -9, told[number]
            target.apply(target.plan(AFTER))
            ended(target)
            figures.overcame("MariaDB", figures.STATEMENT)


def test_the_same_plan_goes_on_where_the_kill_was(target: MysqlTarget) -> None:
    """The plan file may be applied again, too: the journal knows the statement, and the server whether it is done."""
    told = statements(target)
    for number in range(len(told)):
        begun(target)
        plan = target.plan(AFTER)
        with pytest.MonkeyPatch.context() as patched:
            cut_off_after(patched, number)
            with pytest.raises(KeyboardInterrupt):
                target.apply(plan)
        target.apply(plan)
        ended(target)


def test_killed_behind_the_last_statement_the_next_apply_has_nothing_to_do_and_says_that_it_is_done(
    target: MysqlTarget,
) -> None:
    told = statements(target)
    begun(target)
    with pytest.MonkeyPatch.context() as patched:
        cut_off_after(patched, len(told) - 1)
        with pytest.raises(KeyboardInterrupt):
            target.apply(target.plan(AFTER))
    assert target.connector.history()[-1].result == "running"
    plan = target.plan(AFTER)
    assert plan.empty
    target.apply(plan)
    last = target.connector.history()[-1]
    assert (last.result, last.next_step) == ("applied", len(json.loads(last.steps)))
    assert QualifiedName("", "two") in last_managed(target.connector.history()).tables


def test_an_apply_that_was_killed_half_way_is_not_done_because_somebody_wants_no_more(target: MysqlTarget) -> None:
    first, second = (replace(BEFORE.tables[0], name=QualifiedName("", f"z{number}")) for number in (1, 2))
    with pytest.MonkeyPatch.context() as patched:
        cut_off_after(patched, 0)
        with pytest.raises(KeyboardInterrupt):
            target.apply(target.plan(State(tables=(*BEFORE.tables, first, second))))
    plan = target.plan(State(tables=(*BEFORE.tables, first)))
    assert plan.empty
    target.apply(plan)
    assert [entry.result for entry in target.connector.history()] == ["applied", "failed"]


def cut_off_after(patched: pytest.MonkeyPatch, number: int) -> None:
    """The statement is done, and nobody is left to write so into the journal."""
    execute = MysqlMigration.execute
    count = [0]

    def cut(self: MysqlMigration, statement: Statement) -> int:
        rows = execute(self, statement)
        count[0] += 1
        if count[0] == number + 1:
            patched.setattr(MysqlMigration, "record", forgotten)
            raise KeyboardInterrupt
        return rows

    def forgotten(self: MysqlMigration, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        del self, entry, next_step, next_statement, result

    patched.setattr(MysqlMigration, "execute", cut)


def test_rows_that_break_a_new_check_stop_the_apply_and_mended_it_goes_on(target: MysqlTarget) -> None:
    target.run("ALTER TABLE one DROP CONSTRAINT one_age", "UPDATE one SET age = 5000 WHERE id = 1")
    target.run("INSERT INTO linked (oneId) VALUES (1)")
    with pytest.raises(ConnectorError):
        target.apply(target.plan(AFTER))
    assert target.connector.history()[-1].result == "failed"

    target.run("UPDATE uno SET years = 5 WHERE id = 1", "DELETE FROM linked WHERE id = 3")
    target.apply(target.plan(AFTER))
    ended(target)


def test_a_second_apply_gives_up_after_the_lock_timeout(target: MysqlTarget) -> None:
    plan = target.plan(AFTER)
    with target.connector.session(lock_timeout=5), pytest.raises(TimedOutError):
        target.apply(plan, lock_timeout=0.2)
    target.apply(plan)
    ended(target)


def test_of_two_applies_at_once_one_waits_and_finds_nothing_to_do(target: MysqlTarget) -> None:
    plan = target.plan(AFTER)
    reached, go_on = threading.Event(), threading.Event()

    def wait(moment: Moment, number: int, step: Step) -> None:
        if number == 1 and moment is Moment.BEFORE:
            reached.set()
            assert go_on.wait(20)

    first = threading.Thread(target=lambda: target.apply(plan, wait))
    first.start()
    assert reached.wait(20)
    second = MysqlTarget(target.url)
    with pytest.raises(TimedOutError):
        second.apply(plan, lock_timeout=0.1)
    go_on.set()
    first.join(30)
    assert second.apply(plan).steps == 0
    second.close()
    ended(target)
    figures.overcame("MariaDB", figures.TWO)


def test_a_lock_of_somebody_else_ends_the_apply_in_bounded_time(target: MysqlTarget) -> None:
    plan = target.plan(AFTER)
    other = target.connect()
    other.execute("START TRANSACTION")
    other.execute("SELECT * FROM one")
    with pytest.raises(TimedOutError):
        target.apply(plan, lock_timeout=0.3)
    other.execute("COMMIT")
    other.close()
    target.apply(target.plan(AFTER))
    ended(target)
    figures.overcame("MariaDB", figures.LOCK)


@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_connection_that_is_cut_in_the_middle_leaves_what_the_next_apply_finishes(
    target: MysqlTarget, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    execute = MysqlMigration.execute
    count = [0]

    def cut(self: MysqlMigration, statement: Statement) -> int:
        if count[0] == number:
            target.run(f"KILL {self._session.connection.thread_id()}")  # type: ignore[no-untyped-call]
        count[0] += 1
        return execute(self, statement)

    monkeypatch.setattr(MysqlMigration, "execute", cut)
    with pytest.raises(ConnectorError):
        target.apply(target.plan(AFTER))
    monkeypatch.setattr(MysqlMigration, "execute", execute)
    target.apply(target.plan(AFTER))
    ended(target)
    figures.overcame("MariaDB", figures.CUT)


def test_the_ledger_gives_states_from_the_newest_applied_one_on(target: MysqlTarget) -> None:
    target.apply(target.plan(AFTER))
    assert [bool(entry.state) for entry in target.connector.history()] == [False, True]
    first = target.connector.entry(1)
    assert first is not None
    assert first.state
