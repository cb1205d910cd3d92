"""Executing plans: order of calls, the ledger, taking up again. The target keeps its state in a list."""
# ruff: noqa: ARG002 - the target has the signatures of the protocols

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lbconf.connectors.contract import LedgerEntry, LedgerStart, TableSize
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectorError, HazardError, StalePlanError
from lbconf.plan.executor import Moment, Outcome, execute_plan
from lbconf.plan.plan import Plan
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
        if statement.sql == self.broken:
            raise ConnectorError(Diagnostic(code=Code.APPLY_INTERRUPTED, message="broken"))
        self.done.append(statement.sql)
        return 0

    def is_true(self, query: str) -> bool:
        return query in self.done


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


def execute(found: Plan, target: Target, *, accepted: frozenset[HazardKind] = frozenset(HazardKind)) -> Outcome:
    return execute_plan(found, target, accepted=accepted, user="me", lock_timeout=1)


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
