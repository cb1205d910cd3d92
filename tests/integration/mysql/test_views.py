"""Views that others read are changed in their place, and no plan leaves one behind that can be read no more."""

from collections.abc import Iterator

import pytest

from lbconf.connectors.mysql.view_texts import columns_read
from lbconf.errors import ConnectorError, PlanError
from lbconf.records import replace
from lbconf.state.changes import CreateView
from lbconf.state.structure import QualifiedName, State
from tests.integration.mysql.target import MysqlTarget

T, V, W = (QualifiedName("", name) for name in "tvw")


@pytest.fixture
def target(mysql_url: str) -> Iterator[MysqlTarget]:
    target = MysqlTarget(mysql_url)
    target.run(
        "CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20))",
        "CREATE VIEW v AS SELECT id, b FROM t WHERE a > 0",
        "CREATE VIEW w AS SELECT x.b FROM v x",
    )
    yield target
    target.close()


def with_view(target: MysqlTarget, definition: str) -> State:
    """What is there, with another v, as a read-only model says it."""
    actual = target.connector.inspect()
    (view,) = (view for view in actual.views if view.name == V)
    return State(tables=actual.tables, views=(replace(view, definition=definition, in_place=False),))


def test_a_view_is_changed_in_its_place_and_those_that_read_it_are_left_alone(target: MysqlTarget) -> None:
    definer = target.run("SELECT definer FROM information_schema.views WHERE table_name = 'w'")
    plan = target.plan(with_view(target, "select `t`.`id` AS `id`,upper(`t`.`b`) AS `b` from `t`"))
    assert [type(found.change) for found in plan.changes] == [CreateView]
    target.run("INSERT INTO t VALUES (1, NULL, 'x')")
    target.apply(plan)
    assert target.run("SELECT b FROM w") == [("X",)]
    assert target.run("SELECT definer FROM information_schema.views WHERE table_name = 'w'") == definer


def test_a_text_that_the_server_refuses_leaves_the_view_as_it_was(target: MysqlTarget) -> None:
    plan = target.plan(with_view(target, "select `t`.`id` AS `id`,`t`.`nothing` AS `b` from `t`"))
    with pytest.raises(ConnectorError):
        target.apply(plan)
    assert target.run("SELECT * FROM v") == target.run("SELECT * FROM w") == []


def test_a_view_that_loses_a_column_another_reads_is_refused(target: MysqlTarget) -> None:
    with pytest.raises(PlanError, match="view w reads a column of view v that would go"):
        target.plan(with_view(target, "select `t`.`id` AS `id`,`t`.`a` AS `a` from `t`"))


@pytest.mark.parametrize("change", ["drop column", "rename column", "rename table", "drop table"])
def test_what_a_view_reads_does_not_go_from_under_it(target: MysqlTarget, change: str) -> None:
    actual = target.connector.inspect()
    (table,) = actual.tables
    ident, a, b = table.columns
    after = {
        "drop column": (replace(table, columns=(ident, b)),),
        "rename column": (replace(table, columns=(ident, replace(a, name="z", renamed_from="a"), b)),),
        "rename table": (replace(table, name=QualifiedName("", "u"), renamed_from=T),),
        "drop table": (),
    }[change]
    with pytest.raises(PlanError, match=r"view v reads (column a of t|table t), which would"):
        target.plan(State(tables=after, owns=("",)))
    assert target.run("SELECT * FROM w") == []


def test_what_no_view_reads_may_go(target: MysqlTarget) -> None:
    target.run("CREATE OR REPLACE VIEW v AS SELECT id, b, 't.a' AS text FROM t")
    (table,) = target.connector.inspect().tables
    target.apply(target.plan(State(tables=(replace(table, columns=(table.columns[0], table.columns[2])),))))
    assert target.run("SELECT * FROM w") == []


def test_columns_are_read_by_their_table_or_by_its_other_name() -> None:
    text = "select `d`.`t`.`a``b` AS `x`,`o`.`c` AS `y`,'`d`.`t`.`no`' AS `z` from `d`.`t` join `e`.`u` `o`"
    assert columns_read(text, QualifiedName) == ((QualifiedName("d", "t"), "a`b"), (QualifiedName("e", "u"), "c"))
