"""What online plans leave when they end well, when they are stopped, and where there is no online way."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from lbconf.errors import ConnectorError
from lbconf.plan.executor import Limits
from lbconf.plan.progress import Event, Notice, Watcher
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import Default, Index, IndexPart, Table
from tests.integration.postgresql.hazard_cases import BASE, CHECK, FOREIGN, NAMED, SPLIT, added, changed, column, state
from tests.integration.postgresql.target import PostgresqlTarget

QUICK = Limits(retries=20, first_pause=0.05, longest_pause=0.1)
BLOCKING = {HazardKind.BLOCKS_READS, HazardKind.BLOCKS_WRITES}


class StoppedError(Exception):
    """The apply ends here, as if killed."""


@pytest.fixture
def target(postgresql_url: str) -> Iterator[PostgresqlTarget]:
    target = PostgresqlTarget(postgresql_url)
    yield target
    target.close()


def rows(target: PostgresqlTarget, number: int = 3000) -> None:
    target.run(
        f"INSERT INTO parent SELECT i FROM generate_series(1, {number}) AS i",
        "INSERT INTO t (name, code, amount, parent_id)"
        f" SELECT CASE WHEN i % 2 = 0 THEN 'n' || i END, 'c' || i, i, i FROM generate_series(1, {number}) AS i",
    )


def stopped_after(target: PostgresqlTarget, event: Event, step: int, statement: int = 0) -> Watcher:
    def watch(notice: Notice) -> None:
        if (notice.event, notice.step, notice.statement) == (event, step, statement):
            raise StoppedError

    return watch


def test_a_broken_index_is_found_and_mended(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    rows(target)
    with pytest.raises(psycopg.errors.UniqueViolation):
        target.run("CREATE UNIQUE INDEX CONCURRENTLY t_name_idx ON t ((name IS NULL))")
    assert target.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_name_idx'::regclass") == [(False,)]
    wanted = state(replace(BASE, indexes=(*BASE.indexes, NAMED)))
    plan = target.plan(wanted)
    assert [step.summary for step in plan.steps] == [
        "drop index t_name_idx of public.t",
        "create index t_name_idx on public.t",
    ]
    assert HazardKind.IRREVERSIBLE not in plan.hazards
    target.apply(plan)
    assert target.plan(wanted).empty


def test_a_broken_index_that_nobody_asks_for_goes_without_being_accepted(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    target.run("INSERT INTO t (name) VALUES ('a'), ('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        target.run("CREATE UNIQUE INDEX CONCURRENTLY left_over ON t (name)")
    plan = target.plan(state(BASE))
    assert [step.summary for step in plan.steps] == ["drop index left_over of public.t"]
    assert plan.hazards == ()
    target.apply(plan)
    assert target.plan(state(BASE)).empty


@pytest.mark.parametrize(
    ("wanted", "statement"),
    [
        (replace(BASE, checks=(CHECK,)), "ALTER TABLE t ADD CONSTRAINT t_amount_check CHECK (amount >= 0) NOT VALID"),
        (
            replace(BASE, foreign_keys=(FOREIGN,)),
            "ALTER TABLE t ADD CONSTRAINT t_parent_fkey FOREIGN KEY (parent_id) REFERENCES parent NOT VALID",
        ),
    ],
    ids=["check", "foreign key"],
)
def test_a_constraint_that_is_there_but_not_valid_is_validated(
    target: PostgresqlTarget, wanted: Table, statement: str
) -> None:
    target.apply(target.plan(state(BASE)))
    rows(target)
    target.run(statement)
    plan = target.plan(state(wanted))
    assert [statement.sql.split(" ", 3)[3].split()[0] for step in plan.steps for statement in step.statements] == [
        "VALIDATE"
    ]
    assert HazardKind.IRREVERSIBLE not in plan.hazards
    target.apply(plan)
    assert target.plan(state(wanted)).empty


@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize(
    "place", [(Event.ENDS, 0, 0), (Event.BEGINS, 1, 0), (Event.ROWS, 1, 0), (Event.ENDS, 1, 0)], ids=str
)
def test_a_column_that_was_added_and_not_filled_is_filled_by_the_next_plan(
    target: PostgresqlTarget, place: tuple[Event, int, int], *, online: bool, nullable: bool
) -> None:
    target.apply(target.plan(state(BASE)))
    rows(target)
    wanted = state(added(column("token", "uuid", nullable=nullable, default=Default("gen_random_uuid()"))))
    with pytest.raises(StoppedError):
        target.apply(target.plan(wanted), watcher=stopped_after(target, *place))
    target.apply(target.plan(wanted, online=online))
    assert target.plan(wanted).empty
    assert target.run("SELECT count(*), count(DISTINCT token) FROM t") == [(3000, 3000)]


def test_rows_that_somebody_changes_are_filled_too_and_nobody_waits(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    rows(target)
    wanted = state(changed("name", nullable=False, backfill="'nobody'"))
    plan = target.plan(wanted)
    held = psycopg.connect(target.url)
    held.execute("UPDATE t SET amount = -1 WHERE id = 7")
    filled = []

    def watch(notice: Notice) -> None:
        if notice.event is Event.ENDS and notice.step == 0:
            filled.append(notice.rows)
            held.commit()
            held.close()

    target.apply(plan, lock_timeout=1, limits=QUICK, watcher=watch)
    assert filled == [1499], "all but the row that was held"
    assert target.run("SELECT name, amount FROM t WHERE id = 7") == [("nobody", -1)]
    assert target.run("SELECT count(*) FROM t WHERE name = 'nobody'") == [(1500,)]
    assert target.plan(wanted).empty


def test_an_index_of_a_partitioned_table_is_built_partition_by_partition(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(SPLIT)))
    target.run("INSERT INTO split SELECT i, 'n' || i FROM generate_series(1, 500) AS i")
    wanted = state(replace(SPLIT, indexes=(Index(name="split_idx", parts=(IndexPart(column="name"),)),)))
    plan = target.plan(wanted)
    assert not BLOCKING & set(plan.hazards)
    for number, step in enumerate(plan.steps):
        for place in range(len(step.statements)):
            with pytest.raises(StoppedError):
                target.apply(target.plan(wanted), watcher=stopped_after(target, Event.ENDS, number, place))
            target.apply(target.plan(wanted))
            assert target.plan(wanted).empty, (number, place)
            target.apply(target.plan(state(SPLIT)))
    target.apply(target.plan(wanted))
    assert target.run("SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid::regclass::text LIKE 'split%'") == [
        (3,)
    ]


def test_what_has_no_online_way_says_what_it_holds_up(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(SPLIT)))
    target.run("INSERT INTO split SELECT i, 'n' || i FROM generate_series(1, 500) AS i", "ANALYZE split")
    keyed = replace(SPLIT, primary_key=replace(BASE.primary_key, name="split_pkey"))  # type: ignore[type-var]
    plan = target.plan(state(keyed))
    assert HazardKind.BLOCKS_READS in plan.hazards
    target.apply(plan)
    assert target.plan(state(keyed)).empty


def test_a_unique_index_that_rows_break_is_not_left_behind(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    target.run("INSERT INTO t (name) VALUES ('a'), ('a')")
    wanted = state(replace(BASE, indexes=(*BASE.indexes, replace(NAMED, unique=True))))
    with pytest.raises(ConnectorError):
        target.apply(target.plan(wanted))
    target.run("INSERT INTO t (name) VALUES ('a')")


def test_an_index_of_the_same_name_elsewhere_is_left_alone(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    plan = target.plan(state(replace(BASE, indexes=(*BASE.indexes, NAMED))))
    target.run("CREATE TABLE elsewhere (id int)", "CREATE INDEX t_name_idx ON elsewhere (id)")
    with pytest.raises(ConnectorError):
        target.apply(plan)
    assert target.run("SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = 't_name_idx'::regclass") == [
        ("elsewhere",)
    ]


def test_a_statement_timeout_ends_an_apply_and_is_not_tried_again(target: PostgresqlTarget) -> None:
    target.apply(target.plan(state(BASE)))
    rows(target)
    wanted = state(changed("name", nullable=False, backfill="pg_sleep(10)::text"))
    seen: list[Event] = []
    with pytest.raises(ConnectorError) as caught:
        target.apply(
            target.plan(wanted),
            limits=Limits(statement_timeout=0.3, retries=20),
            watcher=lambda notice: seen.append(notice.event),
        )
    assert "longer than allowed" in caught.value.diagnostics[0].message
    assert Event.AGAIN not in seen
