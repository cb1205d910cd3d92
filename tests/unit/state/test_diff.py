"""Differences of two states."""

from dataclasses import replace

import pytest

from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.diff import diff
from lbconf.state.structure import (
    Column,
    ColumnType,
    Default,
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

INTEGER, TEXT = ColumnType("integer"), ColumnType("text")


def name(text: str) -> QualifiedName:
    return QualifiedName("public", text)


def table(text: str, *columns: Column, **parts: object) -> Table:
    return Table(name=name(text), columns=columns, **parts)  # type: ignore[arg-type]


def state(*tables: Table) -> State:
    return State(namespaces=("public",), tables=tables)


def said(found: tuple[c.Change, ...]) -> list[str]:
    return [f"{type(change).__name__} {describe(change)}" for change in found]


A, B = Column(name="a", type=INTEGER), Column(name="b", type=TEXT)
INDEX = Index(name="t_a_idx", parts=(IndexPart(column="a"),))
UNIQUE = Unique(name="t_a_key", columns=("a",))
UNIQUE_INDEX = Index(name="own", parts=(IndexPart(column="a"),), unique=True)


@pytest.mark.parametrize(
    ("actual", "desired", "expected"),
    [
        pytest.param(table("t", A, B), table("t", B, A), [], id="column order says nothing"),
        pytest.param(table("t", A), table("t", A, B), ["AddColumn column b text"], id="a column more"),
        pytest.param(table("t", A, B), table("t", A), ["DropColumn column b text"], id="a column less"),
        pytest.param(
            table("t", A),
            table("t", replace(A, type=TEXT, nullable=False, default=Default("'x'"))),
            ["AlterColumn column a: type integer -> text; null -> not null; default none -> 'x'"],
            id="everything about a column",
        ),
        pytest.param(
            table("t", A),
            table("t", replace(B, renamed_from="a", type=INTEGER)),
            ["RenameColumn column a -> b"],
            id="rename",
        ),
        pytest.param(
            table("t", A, B),
            table("t", replace(A, name="b", renamed_from="a"), replace(B, name="c", renamed_from="b")),
            ["RenameColumn column b -> c", "RenameColumn column a -> b"],
            id="a chain of renames",
        ),
        pytest.param(
            table("t", A, B),
            table("t", A, replace(B, renamed_from="gone")),
            [],
            id="a rename that is done stays silent",
        ),
        pytest.param(
            table("t", A, indexes=(INDEX,)),
            table(
                "t", replace(A, name="z", renamed_from="a"), indexes=(replace(INDEX, parts=(IndexPart(column="z"),)),)
            ),
            ["RenameColumn column a -> z"],
            id="indexes follow a renamed column",
        ),
        pytest.param(
            table("t", A, indexes=(INDEX,)),
            table("t", A, indexes=(replace(INDEX, name="other"),)),
            ["RenameIndex index t_a_idx -> other"],
            id="the same index under another name",
        ),
        pytest.param(
            table("t", A, indexes=(INDEX,)),
            table("t", A, indexes=(replace(INDEX, unique=True),)),
            ["DropIndex index t_a_idx (a)", "AddIndex unique index t_a_idx (a)"],
            id="an index that must be built anew",
        ),
        pytest.param(
            table("t", A, uniques=(UNIQUE,)),
            table("t", A, indexes=(UNIQUE_INDEX,)),
            [],
            id="a constraint does as an index",
        ),
        pytest.param(
            table("t", A, indexes=(UNIQUE_INDEX,)),
            table("t", A, uniques=(UNIQUE,)),
            [],
            id="an index does as a constraint",
        ),
        pytest.param(
            table("t", A, uniques=(replace(UNIQUE, name="old"),)),
            table("t", A, uniques=(UNIQUE,)),
            [],
            id="names of constraints",
        ),
        pytest.param(
            table("t", A, primary_key=PrimaryKey(name="old", columns=("a",))),
            table("t", A, primary_key=PrimaryKey(name="t_pkey", columns=("a",))),
            [],
            id="names of keys",
        ),
        pytest.param(
            table("t", A, B, primary_key=PrimaryKey(name="k", columns=("a",))),
            table("t", A, B, primary_key=PrimaryKey(name="k", columns=("a", "b"))),
            ["DropPrimaryKey primary key (a)", "AddPrimaryKey primary key (a, b)"],
            id="another key",
        ),
        pytest.param(
            table("t", replace(A, comment="c", collation="C"), comment="t"),
            table("t", A),
            [],
            id="no opinion, no change",
        ),
        pytest.param(
            table("t", A, comment="old"), table("t", A, comment="new"), ["SetTableComment comment: new"], id="a comment"
        ),
    ],
)
def test_inside_a_table(actual: Table, desired: Table, expected: list[str]) -> None:
    assert said(diff(state(actual), state(desired))) == expected


def test_a_renamed_table_takes_the_foreign_keys_at_it_along() -> None:
    key = ForeignKey(name="k", columns=("b",), target=name("old"), target_columns=("a",))
    actual = state(table("other", B, foreign_keys=(key,)), table("old", A))
    new = replace(table("new", A), renamed_from=name("old"))
    desired = state(table("other", B, foreign_keys=(replace(key, target=name("new")),)), new)
    assert said(diff(actual, desired)) == ["RenameTable table public.old -> public.new"]


def test_only_droppable_tables_are_dropped() -> None:
    actual = state(table("mine", A), table("theirs", A))
    assert diff(actual, state()) == ()
    assert said(diff(actual, state(), droppable={name("mine")})) == ["DropTable table public.mine"]


def test_a_new_table_and_its_foreign_keys_are_apart() -> None:
    key = ForeignKey(name="k", columns=("a",), target=name("t"), target_columns=("a",))
    assert said(diff(State(), state(table("t", A, foreign_keys=(key,))))) == [
        "CreateNamespace schema public",
        "CreateTable table public.t",
        "AddForeignKey foreign key k (a) to public.t (a)",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("a", "c"), ("a", "b", "c"), "AddEnumerationValues enum public.e: add b"),
        (("a", "b"), ("b", "a"), "RebuildEnumeration enum public.e: a, b -> b, a"),
        (("a", "b"), ("a",), "RebuildEnumeration enum public.e: a, b -> a"),
    ],
)
def test_enumerations(before: tuple[str, ...], after: tuple[str, ...], expected: str) -> None:
    one, two = (State(enumerations=(Enumeration(name=name("e"), values=values),)) for values in (before, after))
    assert said(diff(one, two)) == [expected]
