"""Executing plans: order of calls, the ledger, taking up again. The target keeps its state in a list."""
# ruff: noqa: ARG002 - the target has the signatures of the protocols

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lbconf.connectors.contract import LedgerEntry, LedgerStart, TableSize
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectorError, HazardError, StalePlanError, TimedOutError
from lbconf.plan.batches import batches
from lbconf.plan.executor import Limits, Moment, Outcome, execute_plan
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Notice, Watcher
from lbconf.state.changes import Change
from lbconf.state.fingerprint import fingerprint
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ColumnType, QualifiedName, State, Table


class Target:
    """Remembers statements that count; a transaction that fails takes its own back."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.ledger: list[LedgerEntry] = []
        self.state = State()
        self.broken: str | None = None
        self.held: dict[str, int] = {}
        """How often each statement waits for a lock in vain."""
        self.rows: dict[str, list[int]] = {}
        """Rows that a statement changes, one number for each execution."""
        self.begun: list[str] = []

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        return self.state

    def normalize(self, desired: State) -> State:
        return desired

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        return {}

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        return ()

    def entry(self, number: int) -> LedgerEntry | None:
        return self.ledger[number - 1] if number <= len(self.ledger) else None

    def history(self) -> tuple[LedgerEntry, ...]:
        return tuple(self.ledger)

    @contextmanager
    def session(self, *, lock_timeout: float, statement_timeout: float | None = None) -> "Iterator[Target]":
        yield self

    def entries(self) -> tuple[LedgerEntry, ...]:
        return tuple(self.ledger)

    def begin_entry(self, start: LedgerStart) -> int:
        number = len(self.ledger) + 1
        self.ledger.append(
            LedgerEntry(
                id=number,
                started_at="now",
                finished_at=None,
                user=start.user,
                plan_digest=start.plan_digest,
                result="running",
                next_step=0,
                steps=start.steps,
                state=start.state,
            )
        )
        return number

    def record(self, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        before = self.ledger[entry - 1]
        self.ledger[entry - 1] = replace(before, next_step=next_step, next_statement=next_statement, result=result)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = (list(self.done), list(self.ledger))
        try:
            yield
        except BaseException:
            self.done, self.ledger = before
            raise

    def execute(self, statement: Statement) -> int:
        self.begun.append(statement.sql)
        if statement.sql == self.broken:
            raise ConnectorError(Diagnostic(code=Code.STATEMENT_FAILED, message="broken"))
        if self.held.get(statement.sql, 0):
            self.held[statement.sql] -= 1
            raise TimedOutError(Diagnostic(code=Code.STATEMENT_TIMED_OUT, message="held"))
        self.done.append(statement.sql)
        rows = self.rows.get(statement.sql)
        return rows.pop(0) if rows else 0

    def is_true(self, query: str) -> bool:
        return query in self.done


def online(*statements: Statement) -> Step:
    return Step(summary="online", statements=statements, transactional=False)


QUICK = Limits(retries=3, first_pause=0, longest_pause=0)


def step(sql: str, *, transactional: bool = True, hazard: HazardKind | None = None) -> Step:
    hazards = () if hazard is None else (Hazard(kind=hazard, message=f"hurts at {sql}"),)
    return Step(summary=sql, statements=(Statement(sql=sql),), transactional=transactional, hazards=hazards)


def plan(*steps: Step) -> Plan:
    return Plan(
        data_source="db",
        connector="c",
        environment="e",
        configuration="",
        fingerprint=fingerprint(State(), ()),
        scope=(),
        steps=steps,
    )


MIXED = plan(step("a"), step("b"), step("c", transactional=False), step("d"), step("e"))


def execute(
    found: Plan,
    target: Target,
    *,
    accepted: frozenset[HazardKind] = frozenset(HazardKind),
    limits: Limits | None = None,
    watcher: Watcher | None = None,
) -> Outcome:
    return execute_plan(found, target, accepted=accepted, user="me", lock_timeout=1, limits=limits, watcher=watcher)


def test_all_steps_in_order_and_the_ledger_says_applied() -> None:
    target = Target()
    assert execute(MIXED, target) == Outcome(data_source="db", steps=5)
    assert target.done == ["a", "b", "c", "d", "e"]
    assert [(entry.result, entry.next_step, entry.user) for entry in target.ledger] == [("applied", 5, "me")]


@pytest.mark.parametrize(
    ("broken", "done", "next_step"),
    [("a", [], 0), ("b", [], 0), ("c", ["a", "b"], 2), ("d", ["a", "b", "c"], 3), ("e", ["a", "b", "c"], 3)],
)
def test_a_failure_leaves_whole_transactions_and_the_same_plan_goes_on(
    broken: str, done: list[str], next_step: int
) -> None:
    target = Target()
    target.broken = broken
    with pytest.raises(ConnectorError):
        execute(MIXED, target)
    assert target.done == done
    assert [(entry.result, entry.next_step) for entry in target.ledger] == [("failed", next_step)]

    target.broken = None
    outcome = execute(MIXED, target)

    assert target.done == ["a", "b", "c", "d", "e"]
    assert outcome.resumed_at == (next_step or None)
    assert target.ledger[-1].result == "applied"


def test_a_plan_whose_last_step_was_done_is_only_recorded() -> None:
    target = Target()
    target.broken = "nothing"
    execute(MIXED, target)
    target.ledger[0] = replace(target.ledger[0], result="running")
    assert execute(MIXED, target).steps == 0
    assert target.ledger[0].result == "applied"
    assert len(target.done) == 5


def test_another_plan_closes_what_was_interrupted() -> None:
    target = Target()
    target.broken = "d"
    with pytest.raises(ConnectorError):
        execute(MIXED, target)
    target.ledger[0] = replace(target.ledger[0], result="running")
    target.broken = None
    execute(plan(step("z")), target)
    assert [entry.result for entry in target.ledger] == ["failed", "applied"]


def test_hazards_are_refused_step_by_step_before_anything_is_done() -> None:
    target = Target()
    risky = plan(step("a"), step("b", hazard=HazardKind.DELETES_DATA), step("c", hazard=HazardKind.MAY_FAIL_ON_DATA))
    with pytest.raises(HazardError) as caught:
        execute(risky, target, accepted=frozenset({HazardKind.MAY_FAIL_ON_DATA}))
    assert [(found.message, found.hint) for found in caught.value.diagnostics] == [
        ("step 2 of db (b) is dangerous: hurts at b", "if that is meant: --accept deletes-data")
    ]
    assert target.done == []


def test_a_stale_plan_is_refused() -> None:
    target = Target()
    table = Table(name=QualifiedName("", "t"), columns=(Column(name="a", type=ColumnType("x")),))
    stale = replace(plan(step("a")), scope=(table.name,))
    target.state = State(tables=(table,))
    with pytest.raises(StalePlanError):
        execute(stale, target)
    assert (target.done, target.ledger) == ([], [])


def test_observers_see_each_step_before_and_after() -> None:
    seen: list[tuple[Moment, int]] = []
    execute_plan(
        plan(step("a"), step("b")),
        Target(),
        accepted=(),
        user="me",
        lock_timeout=1,
        observer=lambda moment, number, _: seen.append((moment, number)),
    )
    assert seen == [(Moment.BEFORE, 0), (Moment.AFTER, 0), (Moment.BEFORE, 1), (Moment.AFTER, 1)]


INDEX = Statement(sql="index", done="index", cleanup=("drop",))


def test_the_ledger_follows_each_statement_outside_transactions() -> None:
    target = Target()
    target.broken = "c"
    mixed = plan(step("a"), online(Statement(sql="b"), Statement(sql="c")), step("d"))
    with pytest.raises(ConnectorError) as caught:
        execute(mixed, target)
    assert [(entry.next_step, entry.next_statement, entry.result) for entry in target.ledger] == [(1, 1, "failed")]
    assert caught.value.diagnostics[-1].message == (
        "db: step 2 of 3 (online) failed at statement 2 of 2; step 1 is done, and 1 of 2 statements of step 2"
    )
    target.broken = None
    assert execute(mixed, target).resumed_at == 1
    assert target.done == ["a", "b", "c", "d"]


@pytest.mark.parametrize("finished", [True, False])
def test_a_statement_in_doubt_is_done_or_cleared_away_and_done(finished: bool) -> None:  # noqa: FBT001
    target = Target()
    found = plan(step("a"), online(INDEX), step("b"))
    target.broken = "b"
    with pytest.raises(ConnectorError):
        execute(found, target)
    target.broken = None
    target.ledger[0] = replace(target.ledger[0], next_step=1, result="running")
    target.done = ["a", "index"] if finished else ["a"]
    execute(found, target)
    assert target.done == (["a", "index", "b"] if finished else ["a", "drop", "index", "b"])


def test_a_first_statement_in_doubt_is_told_by_the_state() -> None:
    target = Target()
    table = Table(name=QualifiedName("", "t"), columns=(Column(name="a", type=ColumnType("x")),))
    found = replace(plan(online(INDEX), step("b")), scope=(table.name,))
    target.broken = "index"
    with pytest.raises(ConnectorError):
        execute(found, target)
    target.broken, target.done = None, []
    assert execute(found, target).resumed_at is None
    assert target.done == ["index", "b"], "nothing had happened: a new entry"
    assert len(target.ledger) == 2

    target.ledger[1] = replace(target.ledger[1], next_step=0, result="running")
    target.done, target.state = [], State(tables=(table,))
    execute(found, target)
    assert target.done == ["drop", "index", "b"], "something had: the same entry goes on"
    assert len(target.ledger) == 2


def test_what_a_failed_statement_left_is_cleared_away_at_once() -> None:
    target = Target()
    target.broken = "index"
    with pytest.raises(ConnectorError):
        execute(plan(online(INDEX)), target)
    assert target.done == ["drop"]


def test_a_statement_without_a_lock_is_tried_again_after_clearing_away() -> None:
    target, seen = Target(), list[Notice]()
    target.held["index"] = 2
    execute(plan(online(INDEX)), target, limits=QUICK, watcher=seen.append)
    assert target.begun == ["index", "drop", "index", "drop", "index"]
    assert [(n.event, n.attempt) for n in seen if n.event is Event.AGAIN] == [(Event.AGAIN, 1), (Event.AGAIN, 2)]


def test_a_transaction_without_a_lock_is_tried_again_as_a_whole() -> None:
    target = Target()
    target.held["b"] = 3
    execute(MIXED, target, limits=QUICK)
    assert target.begun == ["a", "b"] * 4 + ["c", "d", "e"]
    assert target.done == ["a", "b", "c", "d", "e"]


def test_patience_comes_to_an_end_and_the_ledger_agrees() -> None:
    target = Target()
    target.held["d"] = 4
    with pytest.raises(TimedOutError) as caught:
        execute(MIXED, target, limits=QUICK)
    assert "failed for the 4th time; steps 1 to 3 are done" in caught.value.diagnostics[-1].message
    assert [(entry.next_step, entry.result) for entry in target.ledger] == [(3, "failed")]


def test_what_is_no_lock_is_not_tried_again() -> None:
    target = Target()
    target.broken = "a"
    with pytest.raises(ConnectorError):
        execute(MIXED, target, limits=QUICK)
    assert target.begun == ["a"]


def test_a_repeated_statement_runs_until_it_changes_nothing_and_tells_its_rows() -> None:
    target, seen = Target(), list[Notice]()
    target.rows["fill"] = [10, 10, 3, 0]
    execute(plan(online(Statement(sql="fill", repeat=True))), target, watcher=seen.append)
    assert target.done == ["fill"] * 4
    assert [(n.event, n.rows) for n in seen] == [
        (Event.BEGINS, 0),
        (Event.ROWS, 10),
        (Event.ROWS, 20),
        (Event.ROWS, 23),
        (Event.ENDS, 23),
    ]


def test_somebody_else_applied_it() -> None:
    target = Target()
    table = Table(name=QualifiedName("", "t"), columns=(Column(name="a", type=ColumnType("x")),))
    wanted = State(tables=(table,))
    found = replace(plan(step("a")), scope=(table.name,), configuration=fingerprint(wanted, (table.name,)))
    execute(found, target)
    target.state = wanted
    target.ledger[0] = replace(target.ledger[0], configuration=found.configuration)
    assert execute(found, target) == Outcome(data_source="db", steps=0, applied_before=True)
    assert target.done == ["a"]


def test_a_stale_plan_that_is_half_done_says_what_is() -> None:
    target = Target()
    found = plan(step("a"), online(Statement(sql="b"), Statement(sql="c")))
    target.broken = "c"
    with pytest.raises(ConnectorError):
        execute(found, target)
    target.broken = None
    execute(plan(step("z")), target)
    table = Table(name=QualifiedName("", "t"), columns=(Column(name="a", type=ColumnType("x")),))
    stale = replace(found, scope=(table.name,), fingerprint="x", configuration="y")
    target.ledger[0] = replace(target.ledger[0], plan_digest=stale.digest)
    with pytest.raises(StalePlanError) as caught:
        execute(stale, target)
    assert [d.code for d in caught.value.diagnostics] == [Code.PLAN_STALE, Code.APPLY_INTERRUPTED]
    assert caught.value.diagnostics[1].message == (
        "db: entry 1 of the ledger (me, now) stopped in step 2 of 2 (online); step 1 is done, "
        "1 of its 2 statements and perhaps, wholly or in part: c"
    )


def test_steps_apart_begin_a_transaction() -> None:
    steps = [step("a"), step("b"), replace(step("c"), apart=True), online(INDEX), step("d"), step("e")]
    assert list(batches(steps)) == [(0, 1), (2,), (3,), (4, 5)]
    assert list(batches(steps, 1)) == [(1,), (2,), (3,), (4, 5)]
