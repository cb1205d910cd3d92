"""An apply that is killed, fails, or meets another one."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from lbconf.errors import ConnectorError, TimedOutError
from lbconf.plan.executor import Moment
from lbconf.state.steps import Step
from tests.integration.postgresql.killed_apply import AFTER, BEFORE
from tests.integration.postgresql.target import PostgresqlTarget

STEPS = 8
"""Steps of the plan from BEFORE to AFTER; the first needs a transaction of its own."""


@pytest.fixture
def target(postgresql_url: str) -> Iterator[PostgresqlTarget]:
    target = PostgresqlTarget(postgresql_url)
    target.apply(target.plan(BEFORE))
    target.run("INSERT INTO one (name, feels) VALUES ('a', 'ok'), ('b', 'sad')")
    yield target
    target.close()


def test_the_plan_has_the_steps_that_are_swept(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER)
    assert len(plan.steps) == STEPS, [step.summary for step in plan.steps]
    assert [step.transactional for step in plan.steps] == [False] + [True] * (STEPS - 1)


@pytest.mark.parametrize("number", range(STEPS))
@pytest.mark.parametrize("moment", list(Moment))
def test_after_a_kill_the_next_apply_completes(target: PostgresqlTarget, moment: Moment, number: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.integration.postgresql.killed_apply", target.url, moment, str(number)],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    assert {table.name.name for table in target.connector.inspect().tables} == {"goes", "one"}, "all tables or none"

    target.apply(target.plan(AFTER))

    assert target.plan(AFTER).empty
    assert target.run("SELECT id, name, feels FROM uno ORDER BY id") == [(1, "a", "ok"), (2, "b", "sad")]
    assert {entry.result for entry in target.connector.history()[:-1]} <= {"applied", "failed"}
    assert target.connector.history()[-1].result == "applied"


def test_a_step_that_fails_takes_back_the_whole_transaction_and_is_told(target: PostgresqlTarget) -> None:
    target.run("INSERT INTO one (name) VALUES (NULL)")
    with pytest.raises(ConnectorError) as caught:
        target.apply(target.plan(AFTER))
    assert "one" in {table.name.name for table in target.connector.inspect().tables}
    assert target.connector.history()[-1].result == "failed"
    assert "is null" in str(caught.value) or "NULL" in str(caught.value) or "null" in str(caught.value)

    target.run("UPDATE one SET name = 'c' WHERE name IS NULL")
    target.apply(target.plan(AFTER))
    assert target.plan(AFTER).empty


def test_a_second_apply_gives_up_after_the_lock_timeout(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER)
    with target.connector.session(lock_timeout=5), pytest.raises(TimedOutError):
        target.apply(plan, lock_timeout=0.2)
    target.apply(plan)


def test_a_second_apply_waits_for_the_first(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER)
    reached, go_on = threading.Event(), threading.Event()

    def wait(moment: Moment, number: int, step: Step) -> None:
        if number == 1 and moment is Moment.BEFORE:
            reached.set()
            assert go_on.wait(20)

    first = threading.Thread(target=lambda: target.apply(plan, wait))
    first.start()
    assert reached.wait(20)
    second = PostgresqlTarget(target.url)
    with pytest.raises(TimedOutError):
        second.apply(plan, lock_timeout=0.1)
    go_on.set()
    first.join(20)
    assert second.plan(AFTER).empty
    second.close()


def test_a_lock_of_somebody_else_ends_the_apply_in_bounded_time(target: PostgresqlTarget) -> None:
    import psycopg

    plan = target.plan(AFTER)
    with psycopg.connect(target.url) as other:
        other.execute("LOCK TABLE one IN ACCESS SHARE MODE")
        with pytest.raises(ConnectorError):
            target.apply(plan, lock_timeout=0.3)
    target.apply(target.plan(AFTER))
    assert target.plan(AFTER).empty


def test_the_ledger_gives_states_from_the_newest_applied_one_on(target: PostgresqlTarget) -> None:
    target.apply(target.plan(AFTER))
    assert [bool(entry.state) for entry in target.connector.history()] == [False, True]
    assert target.connector.history()[0].steps != "[]"
