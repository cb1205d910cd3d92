"""The order of changes."""

from hypothesis import given
from hypothesis import strategies as st

from lbconf.plan.order import ordered
from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.diff import diff
from lbconf.state.structure import Column, ColumnType, ForeignKey, QualifiedName, State, Table

ID = Column(name="id", type=ColumnType("integer"))


def table(name: str, *targets: str) -> Table:
    keys = tuple(
        ForeignKey(name=f"{name}_{target}", columns=("id",), target=QualifiedName("", target), target_columns=("id",))
        for target in targets
    )
    return Table(name=QualifiedName("", name), columns=(ID,), foreign_keys=keys)


def said(actual: State, desired: State, *droppable: str) -> list[str]:
    found = diff(actual, desired, droppable={QualifiedName("", name) for name in droppable})
    shown = (c.CreateTable, c.DropTable, c.AddForeignKey, c.DropForeignKey)
    return [
        f"{type(change).__name__} {name_of(change)}"
        for change in ordered(found, desired=desired)
        if isinstance(change, shown)
    ]


def name_of(change: c.Change) -> str:
    return change.after.name.name if isinstance(change, c.CreateTable) else describe(change)


def test_tables_pointed_at_come_first_and_foreign_keys_last() -> None:
    desired = State(tables=(table("a", "b"), table("b", "c"), table("c")))
    assert said(State(), desired) == [
        "CreateTable c",
        "CreateTable b",
        "CreateTable a",
        "AddForeignKey foreign key a_b (id) to b (id)",
        "AddForeignKey foreign key b_c (id) to c (id)",
    ]


def test_a_cycle_is_cut() -> None:
    desired = State(tables=(table("a", "b"), table("b", "a"), table("c", "c")))
    found = said(State(), desired)
    assert sorted(found[:3]) == ["CreateTable a", "CreateTable b", "CreateTable c"]
    assert found.index("CreateTable a") < found.index("CreateTable b")


def test_tables_that_point_go_first() -> None:
    actual = State(tables=(table("a"), table("b", "a"), table("c", "b")))
    assert said(actual, State(), "a", "b", "c") == ["DropTable table c", "DropTable table b", "DropTable table a"]


@given(order=st.permutations(["a", "b", "c", "d"]))
def test_the_order_does_not_depend_on_the_order_given(order: list[str]) -> None:
    desired = State(tables=(table("a", "b", "d"), table("b", "c"), table("c", "a"), table("d")))
    changes = list(diff(State(), desired))
    shuffled = sorted(
        changes,
        key=lambda change: order.index(describe(change).split()[-1][0]) if isinstance(change, c.CreateTable) else 9,
    )
    one = ordered(changes, desired=desired)
    assert ordered(shuffled, desired=desired) == one
