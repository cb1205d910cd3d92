"""Differences beside tables, in owned namespaces, and under new names."""

from collections.abc import Sequence as Listed
from dataclasses import replace

import pytest

from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.diff import compare
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Composite,
    Default,
    Domain,
    Enumeration,
    Extension,
    ForeignKey,
    Index,
    IndexPart,
    Opaque,
    Partition,
    PrimaryKey,
    QualifiedName,
    Sequence,
    State,
    Table,
    Unique,
    View,
)
from lbconf.state.unneeded import Made

INTEGER, TEXT = ColumnType("integer"), ColumnType("text")
A, B = Column(name="a", type=INTEGER), Column(name="b", type=TEXT)


def name(text: str) -> QualifiedName:
    return QualifiedName("public", text)


def table(text: str, *columns: Column, **parts: object) -> Table:
    return Table(name=name(text), columns=columns or (A, B), **parts)  # type: ignore[arg-type]


def state(*tables: Table, **parts: object) -> State:
    return State(namespaces=("public",), tables=tables, **parts)  # type: ignore[arg-type]


def said(actual: State, desired: State, made: Made | None = None) -> list[str]:
    changes: Listed[c.Change] = compare(actual, desired, made=made or Made()).changes
    return [f"{type(change).__name__} {describe(change)}" for change in changes]


MOOD = Enumeration(name=name("mood"), values=("sad", "glad"))
YEAR = Domain(name=name("year"), type=INTEGER)
PLACE = Composite(name=name("place"), columns=(A,))
COUNTER = Sequence(name=name("counter"))
SEEN = View(name=name("seen"), columns=(A,), definition="SELECT 1")
UNIQUE = Unique(name="u", columns=("a",))
CHECK = Check(name="k", expression="a > 0")
INDEX = Index(name="i", parts=(IndexPart(column="a"),))


@pytest.mark.parametrize(
    ("actual", "desired", "expected"),
    [
        pytest.param(state(), state(domains=(YEAR,)), ["CreateDomain domain public.year integer"], id="a domain"),
        pytest.param(state(), state(composites=(PLACE,)), ["CreateComposite type public.place (a)"], id="a composite"),
        pytest.param(state(), state(sequences=(COUNTER,)), ["CreateSequence sequence public.counter"], id="a sequence"),
        pytest.param(
            state(),
            state(extensions=(Extension(name="citext"),)),
            ["CreateExtension extension citext"],
            id="an extension",
        ),
        pytest.param(
            state(extensions=(Extension(name="citext", namespace="x"),)),
            state(extensions=(Extension(name="citext", namespace="public"),)),
            [],
            id="an extension elsewhere is there",
        ),
        pytest.param(
            state(sequences=(COUNTER,)),
            state(sequences=(replace(COUNTER, increment=5),)),
            ["AlterSequence sequence public.counter"],
            id="a sequence's options",
        ),
        pytest.param(
            state(domains=(YEAR,)),
            state(domains=(replace(YEAR, nullable=False),)),
            ["AlterDomain domain public.year integer"],
            id="a domain's nullability",
        ),
        pytest.param(
            state(composites=(replace(PLACE, columns=(A, B)),)),
            state(composites=(replace(PLACE, columns=(B, A)),)),
            [],
            id="the order of a composite's columns says nothing",
        ),
        pytest.param(state(views=(SEEN,)), state(), [], id="a view nobody made stays"),
        pytest.param(
            state(views=(SEEN,)),
            state(views=(replace(SEEN, definition="SELECT 2"),)),
            ["DropView view public.seen", "CreateView view public.seen"],
            id="a view of another query",
        ),
        pytest.param(
            state(enumerations=(MOOD,)),
            state(enumerations=(replace(MOOD, values=("blue", "glad"), value_renames=(("sad", "blue"),)),)),
            ["RenameEnumeration enum public.mood: sad -> blue"],
            id="a value under another name",
        ),
        pytest.param(
            state(enumerations=(MOOD,)),
            state(enumerations=(replace(MOOD, name=name("temper"), renamed_from=name("mood")),)),
            ["RenameEnumeration enum public.mood: public.mood -> public.temper"],
            id="an enum under another name",
        ),
        pytest.param(
            state(sequences=(COUNTER,)),
            state(sequences=(replace(COUNTER, name=name("ticket"), renamed_from=name("counter")),)),
            ["AlterSequence sequence public.ticket"],
            id="a sequence under another name",
        ),
        pytest.param(
            state(table("t", uniques=(UNIQUE,))),
            state(table("t", uniques=(replace(UNIQUE, name="v", renamed_from="u"),))),
            ["RenameConstraint constraint u -> v"],
            id="a constraint under another name where renamedFrom says so",
        ),
        pytest.param(
            state(table("t", indexes=(INDEX,))),
            state(table("t", indexes=(replace(INDEX, name="j", unique=True, renamed_from="i"),))),
            ["DropIndex index i (a)", "AddIndex unique index j (a)"],
            id="an index of another kind is built anew",
        ),
        pytest.param(
            state(table("t", uniques=(UNIQUE,))),
            state(table("t", uniques=(replace(UNIQUE, renamed_from="gone"),))),
            [],
            id="a renamedFrom that points at nothing",
        ),
    ],
)
def test_what_differs(actual: State, desired: State, expected: list[str]) -> None:
    assert said(actual, desired) == expected


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        pytest.param({"comment": "x"}, {}, ["SetTableComment comment: none"], id="comment"),
        pytest.param(
            {"options": (("fillfactor", "70"),)}, {}, ["SetTableOptions options: fillfactor=70 -> none"], id="options"
        ),
        pytest.param(
            {"primary_key": PrimaryKey(name="x", columns=("a",))},
            {"primary_key": PrimaryKey(name="y", columns=("a",))},
            ["RenameConstraint constraint x -> y"],
            id="name of the primary key",
        ),
        pytest.param(
            {"checks": (CHECK,)},
            {"checks": (replace(CHECK, name="l"),)},
            ["RenameConstraint constraint k -> l"],
            id="name of a check",
        ),
        pytest.param(
            {"uniques": (UNIQUE,)},
            {"indexes": (replace(INDEX, unique=True),)},
            ["DropUnique unique u (a)", "AddIndex unique index i (a)"],
            id="a unique index is no unique constraint",
        ),
        pytest.param(
            {"columns": (replace(A, collation="C"), B)},
            {},
            ["AlterColumn column a: collation C -> none"],
            id="collation",
        ),
    ],
)
def test_all_counts_in_an_owned_namespace_and_none_of_it_outside(
    found: dict[str, object], wanted: dict[str, object], expected: list[str]
) -> None:
    actual, desired = state(replace(table("t"), **found)), state(replace(table("t"), **wanted))  # type: ignore[arg-type]
    assert said(actual, desired) == []
    assert said(actual, replace(desired, owns=("public",))) == expected
    assert said(actual, replace(desired, owns=("*",))) == expected


def test_a_primary_key_that_the_server_does_not_name_has_the_right_name() -> None:
    actual = state(table("t", primary_key=PrimaryKey(name=None, columns=("a",))))
    desired = state(table("t", primary_key=PrimaryKey(name="t_pkey", columns=("a",))), owns=("public",))
    assert said(actual, desired) == []


FULL = State(
    namespaces=("app", "public"),
    tables=(table("t"), table("_lbconf_history"), table("_removed_old_20260101")),
    enumerations=(MOOD,),
    domains=(YEAR,),
    composites=(PLACE,),
    sequences=(COUNTER, Sequence(name=name("ticket"), owned_by=(name("t"), "a"))),
    views=(SEEN,),
    opaque=(Opaque(kind="function", name="public.f()"),),
)


def test_what_nobody_asks_for_goes_from_owned_namespaces_only() -> None:
    assert said(FULL, State(namespaces=("public",))) == []
    assert said(FULL, State(namespaces=("public",), owns=("public",))) == [
        "DropTable table public.t",
        "DropDomain domain public.year integer",
        "DropComposite type public.place (a)",
        "DropEnumeration enum public.mood (sad, glad)",
        "DropSequence sequence public.counter",
    ]


def test_an_owned_namespace_goes_when_nothing_is_left_in_it() -> None:
    actual = State(namespaces=("app",), tables=(Table(name=QualifiedName("app", "t"), columns=(A,)),))
    held = replace(actual, opaque=(Opaque(kind="function", name="app.f()"),))
    assert said(actual, State(owns=("app",))) == ["DropTable table app.t", "DropNamespace schema app"]
    assert said(held, State(owns=("app",))) == ["DropTable table app.t"]


def test_types_and_sequences_that_something_needs_stay() -> None:
    moody = Column(name="m", type=ColumnType("mood", enumeration=name("mood")))
    counted = Column(name="n", type=INTEGER, default=Default("nextval('counter'::regclass)"))
    stranger = Table(name=QualifiedName("other", "t"), columns=(moody, counted))
    actual = replace(FULL, tables=(stranger,))
    found = said(actual, State(namespaces=("public",), owns=("public",)))
    assert found == ["DropDomain domain public.year integer", "DropComposite type public.place (a)"]


def test_what_lbconf_made_goes_without_owning_anything() -> None:
    made = Made(
        types=frozenset([name("mood")]), views=frozenset([name("seen")]), sequences=frozenset([name("counter")])
    )
    assert said(FULL, State(namespaces=("public",)), made) == [
        "DropView view public.seen",
        "DropEnumeration enum public.mood (sad, glad)",
        "DropSequence sequence public.counter",
    ]


def test_expressions_follow_renamed_columns() -> None:
    found = table(
        "t",
        checks=(Check(name="k", expression="((a > 0) AND (lower(b) <> 'a'::text))"),),
        indexes=(Index(name="i", parts=(IndexPart(expression="lower(b)"),), where="(a IS NOT NULL)"),),
    )
    wanted = Table(
        name=name("t"),
        columns=(replace(A, name="select", renamed_from="a"), replace(B, name="c", renamed_from="b")),
        checks=(Check(name="k", expression="((\"select\" > 0) AND (lower(c) <> 'a'::text))"),),
        indexes=(Index(name="i", parts=(IndexPart(expression="lower(c)"),), where='("select" IS NOT NULL)'),),
    )
    assert said(state(found), state(wanted)) == ["RenameColumn column a -> select", "RenameColumn column b -> c"]


def test_defaults_and_checks_follow_renamed_values() -> None:
    kind = ColumnType("mood", enumeration=name("mood"))
    found = table(
        "t",
        Column(name="m", type=kind, default=Default("'sad'")),
        checks=(Check(name="k", expression="(m <> 'sad'::mood)"),),
    )
    wanted = table(
        "t",
        Column(name="m", type=kind, default=Default("'blue'")),
        checks=(Check(name="k", expression="(m <> 'blue'::mood)"),),
    )
    renamed = replace(MOOD, values=("blue", "glad"), value_renames=(("sad", "blue"),))
    actual, desired = state(found, enumerations=(MOOD,)), state(wanted, enumerations=(renamed,))
    assert said(actual, desired) == ["RenameEnumeration enum public.mood: sad -> blue"]


def test_a_renamed_index_keeps_what_is_not_said_of_it() -> None:
    found = replace(INDEX, options=(("fillfactor", "70"),), comment="x")
    desired = state(table("t", indexes=(replace(INDEX, name="j"),)))
    assert said(state(table("t", indexes=(found,))), desired) == ["RenameIndex index i -> j"]


def test_names_of_indexes_are_swapped_instead_of_building_them() -> None:
    one, two = INDEX, Index(name="j", parts=(IndexPart(column="b"),))
    actual = state(table("t", indexes=(one, two)))
    desired = state(table("t", indexes=(replace(two, name="i"), replace(one, name="j"))))
    assert sorted(said(actual, desired)) == ["RenameIndex index i -> j", "RenameIndex index j -> i"]


def test_partitions_are_left_alone_unless_the_namespace_is_owned() -> None:
    part = Partition(name=name("t1"), bound="FOR VALUES IN (1)")
    actual = state(table("t", partition_by="LIST (a)", partitions=(part,)))
    assert said(actual, state(table("t"))) == []
    more = replace(part, name=name("t2"), bound="FOR VALUES IN (2)")
    desired = state(table("t", partition_by="LIST (a)", partitions=(more,)))
    assert said(actual, desired) == ["AddPartition partition public.t2 FOR VALUES IN (2)"]
    owning = replace(desired, owns=("public",))
    assert said(actual, owning) == [
        "AddPartition partition public.t2 FOR VALUES IN (2)",
        "DropPartition partition public.t1 FOR VALUES IN (1)",
    ]


def test_a_table_that_is_divided_otherwise_is_made_again_with_what_points_at_it() -> None:
    key = PrimaryKey(name="t_pkey", columns=("a",))
    pointing = ForeignKey(name="f", columns=("a",), target=name("t"), target_columns=("a",))
    other = table("u", foreign_keys=(pointing,))
    view = replace(SEEN, depends_on=(name("t"),))
    actual = state(table("t", primary_key=key), other, views=(view,))
    desired = state(table("t", primary_key=key, partition_by="HASH (a)"), other)
    assert said(actual, desired) == [
        "DropTable table public.t",
        "CreateTable table public.t",
        "DropView view public.seen",
        "CreateView view public.seen",
        "DropForeignKey foreign key f (a) to public.t (a)",
        "AddForeignKey foreign key f (a) to public.t (a)",
    ]


def test_foreign_keys_step_aside_for_a_key_that_is_made_anew() -> None:
    pointing = ForeignKey(name="f", columns=("a",), target=name("t"), target_columns=("a",))
    other = table("u", foreign_keys=(pointing,))
    actual = state(table("t", uniques=(UNIQUE,)), other)
    desired = state(table("t", uniques=(replace(UNIQUE, deferrable="deferred"),)), other)
    assert said(actual, desired) == [
        "DropUnique unique u (a)",
        "AddUnique unique u (a)",
        "DropForeignKey foreign key f (a) to public.t (a)",
        "AddForeignKey foreign key f (a) to public.t (a)",
    ]
