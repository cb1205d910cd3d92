"""Plans from two states: reasons, hazards, warnings, what is recorded as managed."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from lbconf.connectors.contract import LedgerEntry, MigrationSession, TableSize
from lbconf.connectors.sql.ddl import change_hazards
from lbconf.diagnostics import Location
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan, touched_tables
from lbconf.state.changes import Change
from lbconf.state.describe import describe
from lbconf.state.diff import diff
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Enumeration,
    ForeignKey,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

A, B = (Column(name=name, type=ColumnType("text")) for name in "ab")
T = QualifiedName("app", "t")


class OneStepEach:
    """Compiles each change to one step with the dangers no server can avoid."""

    def compile(
        self,
        changes: Sequence[Change],
        *,
        actual: State,  # noqa: ARG002
        desired: State,  # noqa: ARG002
        online: bool = True,  # noqa: ARG002
    ) -> tuple[Step, ...]:
        return tuple(
            Step(
                summary=describe(change),
                statements=(Statement(sql=describe(change)),),
                table=getattr(change, "table", None),
                hazards=(*change_hazards(change), *((lost(change),) if "Drop" in type(change).__name__ else ())),
                covers=(place,),
            )
            for place, change in enumerate(changes)
        )

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        raise NotImplementedError

    def entry(self, number: int) -> LedgerEntry | None:
        raise NotImplementedError

    def history(self) -> tuple[LedgerEntry, ...]:
        return ()


def lost(change: Change) -> Hazard:
    return Hazard(kind=HazardKind.IRREVERSIBLE, message=f"{describe(change)} is lost")


def table(*columns: Column, name: QualifiedName = T, **parts: Any) -> Table:
    return Table(name=name, columns=columns, model="Thing", **parts)


def state(*tables: Table, **parts: Any) -> State:
    return State(tables=tables, **parts)


def plan(actual: State, desired: State, *, managed: State | None = None, rows: int = 5, **more: Any) -> Plan:
    given = PlanInput(
        data_source="db",
        connector="c",
        environment="e",
        actual=actual,
        desired=desired,
        managed=frozenset(found.name for found in (actual if managed is None else managed).tables),
        **more,
    )
    sizes = {found.name: TableSize(rows=rows, bytes=None) for found in actual.tables}
    return make_plan(given, OneStepEach(), lambda tables: {name: sizes[name] for name in tables})


def test_an_empty_table_has_no_dangers_of_time_or_of_rows() -> None:
    index = Index(name="i", parts=(IndexPart(column="a"),), unique=True)
    desired = state(table(replace(A, nullable=False), indexes=(index,)))
    assert plan(state(table(A)), desired).hazards == (HazardKind.MAY_FAIL_ON_DATA, HazardKind.INDEX_BUILD)
    assert plan(state(table(A)), desired, rows=0).hazards == ()


def test_data_that_goes_is_one_danger_not_two() -> None:
    assert plan(state(table(A, B)), state(table(A)), rows=0).hazards == (HazardKind.DELETES_DATA,)


@pytest.mark.parametrize(
    "parts",
    [
        {"indexes": (Index(name="i", parts=(IndexPart(column="a"),)),)},
        {"uniques": (Unique(name="u", columns=("a",)),)},
        {"checks": (Check(name="c", expression="a > 0"),)},
        {"foreign_keys": (ForeignKey(name="f", columns=("a",), target=T, target_columns=("a",)),)},
    ],
)
def test_what_was_there_before_lbconf_is_dropped_only_when_accepted(parts: dict[str, Any]) -> None:
    adopted = plan(state(table(A, **parts)), state(table(A)), managed=State())
    assert "was not made by lbconf, and no model asks for it" in adopted.steps[0].hazards[-1].message


def test_what_another_of_the_same_name_replaces_is_no_loss() -> None:
    before, after = (Check(name="c", expression=text) for text in ("a > 0", "a > 1"))
    adopted = plan(state(table(A, checks=(before,))), state(table(A, checks=(after,))), managed=State())
    assert not any("was not made" in hazard.message for step in adopted.steps for hazard in step.hazards)


def test_a_drop_and_an_addition_alike_are_told_with_the_line_to_write() -> None:
    place = Location(file="m.yaml", line=4)
    found = plan(state(table(A)), state(table(replace(B, source=place)))).diagnostics
    assert [(d.message, d.hint, d.location) for d in found] == [
        (
            "column app.t.a goes and b comes with the same type: if that is a rename, say so, or its values are lost",
            "renamedFrom: a",
            place,
        )
    ]
    other_type = replace(B, type=ColumnType("integer"))
    assert plan(state(table(A)), state(table(other_type))).diagnostics == ()
    two = state(table(B, replace(B, name="c")))
    assert plan(state(table(A)), two).diagnostics == (), "it could be either"


def test_tables_alike_are_told_too() -> None:
    new = table(A, B, name=QualifiedName("app", "new"))
    found = plan(state(table(A, B)), state(new), droppable=frozenset({T})).diagnostics
    assert [d.hint for d in found] == ["renamedFrom: t"]


def test_reasons() -> None:
    target = QualifiedName("app", "e")
    kind = Enumeration(name=target, values=("x",))
    actual = state(
        table(A, B, primary_key=PrimaryKey(name="p", columns=("a",))), table(A, name=QualifiedName("app", "x"))
    )
    desired = state(
        table(replace(A, nullable=False), replace(B, name="c", renamed_from="b"), comment="new"),
        table(A, name=QualifiedName("app", "y")),
        namespaces=("app",),
        enumerations=(kind,),
    )
    found = plan(actual, desired, droppable=frozenset({QualifiedName("app", "x")}))
    assert {change.summary: change.reason for change in found.changes} == {
        "schema app": "a model's table is to stand in it",
        "enum app.e (x)": "a property has this enum type",
        "primary key (a)": "model Thing does not ask for it",
        "table app.x": "lbconf made it, and no model asks for it any more",
        "column b -> c": "model Thing says renamedFrom",
        "table app.y": "model Thing has no table yet",
        "column a: null -> not null": "model Thing says otherwise than the database",
        "comment: new": "model Thing says otherwise than the database",
    }
    assert found.counts() == {"add": 3, "change": 3, "destroy": 2}


def test_a_table_made_again() -> None:
    key = ForeignKey(name="f", columns=("b",), target=T, target_columns=("a",))
    other = table(B, name=QualifiedName("app", "other"), foreign_keys=(key,))
    found = plan(state(table(A), other), state(table(A), other), recreate=frozenset({T}))
    assert [(change.action, change.summary) for change in found.changes] == [
        ("destroy", "foreign key f (b) to app.t (a)"),
        ("destroy", "table app.t"),
        ("add", "table app.t"),
        ("add", "foreign key f (b) to app.t (a)"),
    ]
    assert found.changes[1].reason == "--recreate asks to make the table of model Thing again"


def test_managed_is_what_stands_afterwards_and_what_was_left_aside() -> None:
    aside = table(A, name=QualifiedName("app", "aside"))
    found = plan(state(), state(table(A)), kept=state(aside, table(B)))
    assert [(t.name.name, t.columns[0].name) for t in found.managed.tables] == [("aside", "a"), ("t", "a")]


def test_the_fingerprint_is_of_the_tables_the_plan_is_about() -> None:
    stranger = table(A, name=QualifiedName("app", "stranger"))
    one = plan(state(table(A)), state(table(A, B)))
    two = plan(state(table(A), stranger), state(table(A, B)))
    three = plan(state(table(A, replace(B, name="z"))), state(table(A, B)))
    assert (one.fingerprint == two.fingerprint, one.fingerprint == three.fingerprint) == (True, False)


def test_touched_tables_go_by_their_present_names() -> None:
    new = replace(table(A, B, name=QualifiedName("app", "new")), renamed_from=T)
    fresh = table(A, name=QualifiedName("app", "fresh"))
    before = state(table(A))
    assert touched_tables(diff(before, state(new, fresh)), before) == (T,)


def test_sizes_are_asked_only_of_tables_that_change() -> None:
    asked: list[Sequence[QualifiedName]] = []

    def sizes_of(tables: Sequence[QualifiedName]) -> dict[QualifiedName, TableSize]:
        asked.append(tables)
        return {}

    here, other = table(A), table(A, name=QualifiedName("app", "other"))
    given = PlanInput(
        data_source="db",
        connector="c",
        environment="e",
        actual=state(here, other),
        desired=state(here, other),
        managed=frozenset(),
    )
    assert make_plan(given, OneStepEach(), sizes_of).empty
    make_plan(replace(given, desired=state(table(A, B), other)), OneStepEach(), sizes_of)
    assert asked == [(T,)]
