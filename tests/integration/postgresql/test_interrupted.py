"""An apply that is killed, fails, is cut off, or meets another one."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest

from lbconf.errors import ConnectorError, TimedOutError
from lbconf.plan.executor import Limits
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Moment, Notice
from lbconf.state.steps import Step
from tests.integration import figures
from tests.integration.postgresql.killed_apply import AFTER, BEFORE
from tests.integration.postgresql.target import PostgresqlTarget
from tests.servers import PostgresqlServer

WAYS = ("offline", "online")
KINDS = {(2, False): figures.STEP, (3, False): figures.STATEMENT, (3, True): figures.ROWS}
"""Of places, by their length and whether they are after a batch of rows."""
QUICK = Limits(retries=20, first_pause=0.05, longest_pause=0.1)


@pytest.fixture
def target(postgresql_url: str) -> Iterator[PostgresqlTarget]:
    target = PostgresqlTarget(postgresql_url)
    target.apply(target.plan(BEFORE))
    fill(target)
    yield target
    target.close()


def fill(target: PostgresqlTarget) -> None:
    target.run(
        "INSERT INTO one (name, feels) VALUES ('a', 'ok'), ('b', 'sad'), (NULL, 'sad')",
        "INSERT INTO many (name, one) SELECT 'm' || i, 1 + i % 3 FROM generate_series(1, 3000) AS i",
    )


def complete(target: PostgresqlTarget) -> None:
    """The plan's end is reached and no row is lost or changed."""
    assert [step.summary for step in target.plan(AFTER).steps] == []
    assert target.run("SELECT id, name, feels FROM uno ORDER BY id") == [
        (1, "a", "ok"),
        (2, "b", "sad"),
        (3, "nobody", "sad"),
    ]
    assert target.run("SELECT count(*), count(DISTINCT name), count(DISTINCT token) FROM many") == [(3000, 3000, 3000)]
    leftovers = "SELECT relname FROM pg_class WHERE relname LIKE '%lbconf_%' AND relname NOT LIKE '_lbconf_history%'"
    assert target.run(leftovers) == []
    assert target.run("SELECT conname FROM pg_constraint WHERE conname LIKE '%lbconf_not%' OR NOT convalidated") == []
    assert target.run("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid") == []
    history = target.connector.history()
    assert {entry.result for entry in history[:-1]} <= {"applied", "failed"}
    assert history[-1].result == "applied"


def test_offline_everything_but_the_new_enum_value_is_one_transaction(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER, online=False)
    assert [step.transactional for step in plan.steps] == [False] + [True] * (len(plan.steps) - 1)
    assert not any(step.apart for step in plan.steps)


def places(plan: Plan) -> list[tuple[str, ...]]:
    """Where to kill: before and after each step, before and after each statement, after each batch of rows."""
    found: list[tuple[str, ...]] = []
    for number, step in enumerate(plan.steps):
        found += [(moment, str(number)) for moment in Moment]
        for place, statement in enumerate(step.statements):
            events = [Event.BEGINS, Event.ENDS] + [Event.ROWS] * statement.repeat
            found += [(event, str(number), str(place)) for event in events]
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("odd", [False, True], ids=["even", "odd"])
@pytest.mark.parametrize("way", WAYS)
def test_after_a_kill_anywhere_the_next_apply_completes(
    postgresql_server: PostgresqlServer, way: str, *, odd: bool
) -> None:
    """Each place once, with the same plan or a new one in turn; with both where LBCONF_TEST_SWEEP=full."""
    template = postgresql_server.create_database()
    first = PostgresqlTarget(template)
    first.apply(first.plan(BEFORE))
    fill(first)
    plan = first.plan(AFTER, online=way == "online")
    first.close()
    swept = 0
    full = os.environ.get("LBCONF_TEST_SWEEP") == "full"
    for number, place in enumerate(places(plan)):
        if not full and number % 2 != odd:
            continue
        same_plan = (number // 2) % 2 == 0 if not full else odd
        url = postgresql_server.create_database(template=template)
        killed = subprocess.run(
            [sys.executable, "-m", "tests.integration.postgresql.killed_apply", url, way, *place],
            check=False,
            timeout=60,
        )
        target = PostgresqlTarget(url)
        try:
            if killed.returncode == 0:
                assert place[0] == Event.ROWS, place  # nothing had to be filled in a second time
                continue
            assert killed.returncode == -9, place
            if same_plan:
                target.apply(plan, limits=QUICK)
            else:
                target.apply(target.plan(AFTER, online=way == "online"), limits=QUICK)
            complete(target)
            figures.overcame("PostgreSQL", KINDS[len(place), place[0] == Event.ROWS])
            swept += 1
        finally:
            target.close()
            postgresql_server.drop_database(url)
    postgresql_server.drop_database(template)
    assert swept >= 2 * len(plan.steps)


def test_a_step_that_fails_takes_back_its_transaction_and_is_told(target: PostgresqlTarget) -> None:
    target.run("INSERT INTO many (name) VALUES ('m1')")
    plan = target.plan(AFTER, online=False)
    with pytest.raises(ConnectorError) as caught:
        target.apply(plan)
    assert "one" in {table.name.name for table in target.connector.inspect().tables}
    assert target.connector.history()[-1].result == "failed"
    assert "unique many_name_key" in caught.value.diagnostics[-1].message

    target.run("DELETE FROM many WHERE id = 3001")
    target.apply(target.plan(AFTER))
    complete(target)


def test_an_online_step_that_fails_on_rows_leaves_no_broken_index_and_goes_on(target: PostgresqlTarget) -> None:
    target.run("INSERT INTO many (name) VALUES ('m1')")
    plan = target.plan(AFTER)
    number = next(i for i, step in enumerate(plan.steps) if "add unique many_name_key" in step.summary)
    with pytest.raises(ConnectorError) as caught:
        target.apply(plan)
    assert f"steps 1 to {number} are done" in caught.value.diagnostics[-1].message
    assert target.run("SELECT 1 FROM pg_class WHERE relname = 'many_name_key'") == []

    target.run("DELETE FROM many WHERE id = 3001")
    outcome = target.apply(plan)
    assert outcome.resumed_at == number
    complete(target)


@pytest.mark.parametrize(
    ("breaking", "mended", "named"),
    [
        ("UPDATE many SET name = '' WHERE id = 7", "UPDATE many SET name = 'm7' WHERE id = 7", "many_name_check"),
        ("UPDATE many SET one = 99 WHERE id = 7", "UPDATE many SET one = 2 WHERE id = 7", "many_one_fkey"),
    ],
)
def test_an_online_constraint_that_rows_break_holds_nobody_to_it(
    target: PostgresqlTarget, breaking: str, mended: str, named: str
) -> None:
    target.run(breaking)
    plan = target.plan(AFTER)
    with pytest.raises(ConnectorError) as caught:
        target.apply(plan)
    assert named in caught.value.diagnostics[-1].message
    assert "failed at statement 2 of 2" in caught.value.diagnostics[-1].message
    target.run(breaking, "UPDATE many SET token = gen_random_uuid() WHERE id = 7", mended)
    target.apply(plan)
    complete(target)


def test_a_second_apply_gives_up_after_the_lock_timeout(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER)
    with target.connector.session(lock_timeout=5), pytest.raises(TimedOutError):
        target.apply(plan, lock_timeout=0.2)
    target.apply(plan)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_apply_waits_for_the_first_and_finds_nothing_to_do(target: PostgresqlTarget, way: str) -> None:
    plan = target.plan(AFTER, online=way == "online")
    reached, go_on, waited = threading.Event(), threading.Event(), threading.Event()

    def wait(moment: Moment, number: int, step: Step) -> None:
        if number == 1 and moment is Moment.BEFORE:
            reached.set()
            assert go_on.wait(20)

    first = threading.Thread(target=lambda: target.apply(plan, wait))
    first.start()
    assert reached.wait(20)
    second = PostgresqlTarget(target.url)

    def told(notice: Notice) -> None:
        if notice.event is Event.AGAIN:
            waited.set()
            go_on.set()

    outcome = second.apply(
        plan, lock_timeout=0.1, limits=Limits(retries=500, first_pause=0.05, longest_pause=0.05), watcher=told
    )
    first.join(20)
    assert waited.is_set()
    assert (outcome.applied_before, outcome.steps) == (True, 0)
    complete(target)
    figures.overcame("PostgreSQL", figures.TWO)
    second.close()


def test_a_lock_of_somebody_else_ends_the_apply_in_bounded_time(target: PostgresqlTarget) -> None:
    plan = target.plan(AFTER)
    with psycopg.connect(target.url) as other:
        other.execute("LOCK TABLE one IN ACCESS SHARE MODE")
        with pytest.raises(TimedOutError):
            target.apply(plan, lock_timeout=0.3)
    target.apply(target.plan(AFTER))
    complete(target)
    figures.overcame("PostgreSQL", figures.LOCK)


@pytest.mark.parametrize("way", WAYS)
def test_a_lock_held_for_long_is_outlasted_and_its_holder_named(target: PostgresqlTarget, way: str) -> None:
    plan = target.plan(AFTER, online=way == "online")
    again, named = threading.Event(), set[str]()
    other = psycopg.connect(target.url, application_name="somebody at lunch")
    other.execute("LOCK TABLE one, many IN ACCESS SHARE MODE")

    def told(notice: Notice) -> None:
        if notice.event is Event.WAITS:
            named.update(notice.who)
        if notice.event is Event.AGAIN and notice.attempt >= 3:
            again.set()

    def lets_go() -> None:
        again.wait(30)
        other.close()

    holder = threading.Thread(target=lets_go)
    holder.start()
    target.apply(plan, lock_timeout=0.2, limits=QUICK, watcher=told)
    holder.join(30)
    assert again.is_set()
    assert any("somebody at lunch" in who for who in named), named
    complete(target)
    figures.overcame("PostgreSQL", figures.LOCK)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", range(0, 18, 2))
def test_after_a_cut_connection_the_next_apply_completes(target: PostgresqlTarget, way: str, number: int) -> None:
    plan = target.plan(AFTER, online=way == "online")
    number %= len(plan.steps)

    def cut(notice: Notice) -> None:
        if (notice.event, notice.step) == (Event.BEGINS, number):
            target.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )

    with pytest.raises(ConnectorError) as caught:
        target.apply(plan, watcher=cut)
    assert caught.value.diagnostics[-1].code == "LB4017"
    target.apply(plan, limits=QUICK)
    complete(target)
    figures.overcame("PostgreSQL", figures.CUT)


def test_the_ledger_gives_states_from_the_newest_applied_one_on(target: PostgresqlTarget) -> None:
    target.apply(target.plan(AFTER))
    assert [bool(entry.state) for entry in target.connector.history()] == [False, True]
    assert target.connector.history()[0].steps != "[]"
