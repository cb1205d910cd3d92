"""What is known of a server's words without asking it, and that nothing is taken for equal that may differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.connectors.contract import Predicted, Unproved
from lbconf.plan.foresee import foreseen, same_text
from lbconf.records import replace
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    Index,
    IndexPart,
    QualifiedName,
    State,
    Table,
    View,
)

NAME = QualifiedName("public", "t")
INTEGER, TEXT = ColumnType("integer"), ColumnType("text")


def table(expression: str, *, kind: ColumnType = INTEGER, **others: Any) -> Table:
    made = Table(
        name=NAME,
        columns=(Column(name="a", type=kind), Column(name="b", type=INTEGER)),
        checks=(Check(name="c", expression=expression),),
    )
    return replace(made, **others)


def state(*tables: Table) -> State:
    return State(tables=tables)


PART = Unproved(NAME, "check", "c")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a > 0", "a>0"),
        ("(A > 0)", "a > 0"),
        ("((a > 0))", "( a\n> 0 )"),
        ("a = 'It''s  X'", "(a='It''s  X')"),
        ("(a > 0) AND (b > 0)", "(a>0) and (b>0)"),
    ],
)
def test_the_same_words_are_the_same(one: str, two: str) -> None:
    assert same_text(one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a = 'X'", "a = 'x'"),
        ("a = 'x y'", "a = 'x  y'"),
        ('"A" > 0', '"a" > 0'),
        ("a - -b > 0", "a --b > 0"),
        ("a b", "ab"),
        ("(a) OR (b)", "a) OR (b"),
        ("(a OR b) AND (c)", "a OR b) AND (c"),
        ("a ->> 'x'", "a - >> 'x'"),
        ("E'\\n' = a", "e'\\n' = a"),
        ("a > 0 /* x */", "a > 0"),
        ("a = ''", "a = '"),
        ("a > 1.5", "a > 1 .5"),
        ("a # b", "a #b"),
    ],
)
def test_others_are_not(one: str, two: str) -> None:
    assert not same_text(one, two)


@given(st.text(alphabet="aB1'\"() \n-/*#>=.,\\", max_size=20), st.text(alphabet="aB1'\"() \n-/*#>=.,\\", max_size=20))
def test_texts_that_are_the_same_have_the_same_letters_in_the_same_order(one: str, two: str) -> None:
    if same_text(one, two):
        bare = [[char for char in text.lower() if char not in "() \n"] for text in (one, two)]
        assert bare[0] == bare[1]


def test_what_the_server_printed_before_is_known() -> None:
    wanted = state(table("a > 0.5"))
    found = foreseen(
        Predicted(state=wanted, unproved=(PART,)),
        actual=state(table("((a)::numeric > 0.5)")),
        desired=wanted,
        written=wanted,
        reported=state(table("((a)::numeric > 0.5)")),
    )
    assert found == Predicted(state=state(table("((a)::numeric > 0.5)")))


@pytest.mark.parametrize("changed", [table("a > 0.5", kind=TEXT), table("a > 0.6")])
def test_what_was_said_otherwise_or_of_other_columns_is_not(changed: Table) -> None:
    wanted = state(changed)
    found = foreseen(
        Predicted(state=wanted, unproved=(PART,)),
        actual=state(table("((a)::numeric > 0.5)")),
        desired=wanted,
        written=state(table("a > 0.5")),
        reported=state(table("((a)::numeric > 0.5)")),
    )
    assert found == Predicted(state=wanted, unproved=(PART,))


def test_what_is_there_in_the_same_words_is_known_unless_its_columns_change() -> None:
    there = state(table("(a > 0)"))
    for wanted, left in ((table("A>0"), ()), (table("A>0", kind=TEXT), (PART,))):
        found = foreseen(
            Predicted(state=state(wanted), unproved=(PART,)),
            actual=there,
            desired=state(wanted),
            written=State(),
            reported=State(),
        )
        assert found.unproved == left
        assert (found.state.tables[0].checks == there.tables[0].checks) == (not left)


def test_only_words_are_taken_from_what_is_there() -> None:
    part = IndexPart(expression="lower( a )", descending=True)
    there = Index(name="i", parts=(IndexPart(expression="lower(a)"),), where="(b > 0)")
    wanted = replace(table("x"), checks=(), indexes=(Index(name="i", parts=(part,), unique=True, where="b > 0"),))
    column = Column(name="a", type=INTEGER, default=Default("( 1+1 )"), collation="de", nullable=False)
    wanted = replace(wanted, columns=(column, wanted.columns[1]))
    actual = replace(wanted, indexes=(there,), columns=(Column(name="a", type=INTEGER, default=Default("1 + 1")),))
    found = foreseen(
        Predicted(state=state(wanted), unproved=(Unproved(NAME, "column", "a"),)),
        actual=state(replace(actual, columns=(*actual.columns, wanted.columns[1]))),
        desired=state(wanted),
        written=State(),
        reported=State(),
    )
    assert found.unproved == ()
    (told,) = found.state.tables
    assert told.columns[0] == replace(column, default=Default("1 + 1"))
    found = foreseen(
        Predicted(state=state(wanted), unproved=(Unproved(NAME, "index", "i"),)),
        actual=state(replace(wanted, indexes=(there,))),
        desired=state(wanted),
        written=State(),
        reported=State(),
    )
    assert found.state.tables[0].indexes == (
        Index(name="i", parts=(replace(part, expression="lower(a)"),), unique=True, where="(b > 0)"),
    )


def test_views_that_say_what_they_said_are_as_they_were_printed() -> None:
    view = View(name=QualifiedName("public", "v"), columns=(), definition="select 1", model="V")
    printed = replace(view, definition=" SELECT 1;", model=None)
    for written, definition in ((view, " SELECT 1;"), (replace(view, definition="select 2"), "select 1")):
        found = foreseen(
            Predicted(state=State(views=(view,))),
            actual=State(),
            desired=State(views=(view,)),
            written=State(views=(written,)),
            reported=State(views=(printed,)),
        )
        assert (found.state.views[0].definition, found.state.views[0].model) == (definition, "V")
