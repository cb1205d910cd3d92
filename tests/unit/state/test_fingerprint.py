"""Digests of states."""

from dataclasses import replace

from lbconf.state.fingerprint import fingerprint
from lbconf.state.structure import Column, ColumnType, QualifiedName, State, Table

ONE = Table(
    name=QualifiedName("", "one"),
    columns=(Column(name="a", type=ColumnType("x")), Column(name="b", type=ColumnType("y"))),
)
OTHER = replace(ONE, name=QualifiedName("", "other"))


def test_tables_out_of_scope_do_not_count() -> None:
    assert fingerprint(State(tables=(ONE, OTHER)), [ONE.name]) == fingerprint(State(tables=(ONE,)), [ONE.name])


def test_the_order_of_columns_does_not_count() -> None:
    turned = replace(ONE, columns=tuple(reversed(ONE.columns)))
    assert fingerprint(State(tables=(turned,)), [ONE.name]) == fingerprint(State(tables=(ONE,)), [ONE.name])


def test_every_other_difference_counts() -> None:
    there = fingerprint(State(tables=(ONE,)), [ONE.name])
    changed = replace(ONE, columns=(*ONE.columns[:1], replace(ONE.columns[1], nullable=False)))
    assert fingerprint(State(tables=(changed,)), [ONE.name]) != there
    assert fingerprint(State(), [ONE.name]) != there
