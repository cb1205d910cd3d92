"""An apply that is killed, stopped, or meets another one."""

import subprocess
import sys
from pathlib import Path

import pytest

from lbconf.errors import StalePlanError, TimedOutError
from lbconf.plan.executor import Moment
from lbconf.state.steps import Step
from tests.integration import figures
from tests.integration.sqlite.killed_apply import AFTER, BEFORE
from tests.integration.sqlite.target import SqliteTarget

STEPS = 4
"""Steps of the plan from BEFORE to AFTER."""


@pytest.fixture
def target(tmp_path: Path) -> SqliteTarget:
    target = SqliteTarget(tmp_path / "some.db")
    target.apply(target.plan(BEFORE))
    target.run("INSERT INTO one (name) VALUES ('a'), ('b')")
    return target


def test_the_plan_has_the_steps_that_are_swept(target: SqliteTarget) -> None:
    assert [step.summary for step in target.plan(AFTER).steps] == [
        "rename table one -> uno",
        "rebuild table uno",
        "drop table goes",
        "create table two",
    ]


@pytest.mark.parametrize("number", range(STEPS))
@pytest.mark.parametrize("moment", list(Moment))
def test_after_a_kill_the_next_apply_completes(target: SqliteTarget, moment: Moment, number: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.integration.sqlite.killed_apply", str(target.path), moment, str(number)],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    assert {table.name.name for table in target.inspect().tables} == {"goes", "one"}, "all or nothing"

    target.apply(target.plan(AFTER))

    assert target.plan(AFTER).empty
    assert target.run("SELECT id, name FROM uno ORDER BY id") == [(1, "a"), (2, "b")]
    assert [entry.result for entry in target.history()] == ["applied", "applied"]


@pytest.mark.parametrize("number", range(STEPS))
def test_after_ctrl_c_nothing_is_changed_and_the_ledger_says_so(target: SqliteTarget, number: int) -> None:
    def interrupt(moment: Moment, at: int, step: Step) -> None:
        if at == number and moment is Moment.AFTER:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target.apply(target.plan(AFTER), interrupt)

    assert [(entry.result, entry.next_step) for entry in target.history()] == [("applied", 2), ("failed", 0)]
    target.apply(target.plan(AFTER))
    assert target.plan(AFTER).empty


def test_a_second_apply_waits_for_the_first_and_then_finds_nothing_to_do(target: SqliteTarget) -> None:
    plan = target.plan(AFTER)
    with holding(target, seconds=1) as first:
        outcome = target.apply(plan, lock_timeout=30)
        assert first.wait(timeout=30) == 0
    assert (outcome.applied_before, outcome.steps) == (True, 0)
    assert [entry.result for entry in target.history()] == ["applied", "applied"]
    assert target.plan(AFTER).empty
    assert target.run("SELECT id, name FROM uno ORDER BY id") == [(1, "a"), (2, "b")]
    figures.overcame("SQLite", figures.TWO)


def test_a_plan_of_a_state_that_is_gone_is_stale(target: SqliteTarget) -> None:
    plan = target.plan(AFTER)
    target.apply(plan)
    target.run("ALTER TABLE uno ADD COLUMN strange TEXT")
    with pytest.raises(StalePlanError):
        target.apply(plan)


def test_a_second_apply_gives_up_after_the_lock_timeout(target: SqliteTarget) -> None:
    plan = target.plan(AFTER)
    with holding(target, seconds=5) as first:
        with pytest.raises(TimedOutError) as caught:
            target.apply(plan, lock_timeout=0.2)
        first.kill()
    assert caught.value.diagnostics[0].message == (
        "another process is writing to the database and did not finish within 0.2 seconds"
    )


def holding(target: SqliteTarget, seconds: float) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sqlite.holding_apply", str(target.path), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_ledger_gives_states_from_the_newest_applied_one_on(target: SqliteTarget) -> None:
    target.apply(target.plan(AFTER))
    assert [bool(entry.state) for entry in target.history()] == [False, True]
    assert target.history()[0].steps != "[]"
