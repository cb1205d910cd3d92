"""Run as a program: apply a plan to a database and die by SIGKILL before or after one of its statements.

python -m tests.integration.mysql.killed_apply URL before|after STATEMENT

Statements are counted over the whole plan, each batch of a back-fill by itself.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lbconf.connectors.mysql.migrate import MysqlMigration
from lbconf.state.steps import Statement
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)
from tests.integration.mysql.target import MysqlTarget

__all__ = ["AFTER", "BEFORE", "counting"]

ID = Column(name="id", type=ColumnType("bigint"), nullable=False, identity=Identity(kind="autoincrement"))
KEY = PrimaryKey(name=None, columns=("id",))
NAME = Column(name="name", type=ColumnType("varchar", (20,)))
FEELS = Column(name="feels", type=ColumnType("enum", values=("sad", "ok")))
AGE = Column(name="age", type=ColumnType("int"))
OLD = Column(name="old", type=ColumnType("int"))
ONE = Table(
    name=QualifiedName("", "one"),
    columns=(ID, NAME, FEELS, AGE, OLD),
    primary_key=KEY,
    indexes=(Index(name="one_old", parts=(IndexPart(column="old"),)),),
    checks=(Check(name="one_age", expression="age < 1000"),),
)
GOES = Table(name=QualifiedName("", "goes"), columns=(ID,), primary_key=KEY)
LINKED = Table(
    name=QualifiedName("", "linked"),
    columns=(ID, Column(name="oneId", type=ColumnType("bigint"))),
    primary_key=KEY,
    foreign_keys=(
        ForeignKey(
            name="linked_fkey", columns=("oneId",), target=ONE.name, target_columns=("id",), on_delete="CASCADE"
        ),
    ),
)
BEFORE = State(tables=(GOES, LINKED, ONE))

UNO = replace(
    ONE,
    name=QualifiedName("", "uno"),
    renamed_from=ONE.name,
    columns=(
        ID,
        replace(NAME, nullable=False, backfill="'unknown'"),
        replace(FEELS, type=ColumnType("enum", values=("sad", "ok", "great")), default=Default("'great'")),
        replace(AGE, name="years", renamed_from="age", type=ColumnType("bigint")),
        Column(name="level", type=ColumnType("int"), nullable=False, backfill="7"),
    ),
    uniques=(Unique(name="uno_name_key", columns=("name",)),),
    indexes=(Index(name="uno_years", parts=(IndexPart(column="years", descending=True),)),),
    checks=(Check(name="uno_years", expression="years < 2000"),),
    comment="one, in Spanish",
)
TWO = Table(
    name=QualifiedName("", "two"),
    columns=(ID, Column(name="oneId", type=ColumnType("bigint"))),
    primary_key=KEY,
    foreign_keys=(ForeignKey(name="two_fkey", columns=("oneId",), target=UNO.name, target_columns=("id",)),),
)
LINKED_TWICE = replace(
    LINKED,
    columns=(*LINKED.columns, Column(name="twoId", type=ColumnType("bigint"))),
    foreign_keys=(
        ForeignKey(name="linked_two", columns=("twoId",), target=TWO.name, target_columns=("id",)),
        replace(LINKED.foreign_keys[0], target=UNO.name),
    ),
)
AFTER = State(tables=(LINKED_TWICE, TWO, UNO))


@contextmanager
def counting(moment: str, number: int) -> Iterator[list[str]]:
    """Dies before or after so many statements; gives the list of those that were executed."""
    told: list[str] = []
    execute = MysqlMigration.execute

    def watched(self: MysqlMigration, statement: Statement) -> int:
        if moment == "before" and len(told) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        rows = execute(self, statement)
        told.append(statement.sql)
        if moment == "after" and len(told) == number + 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    MysqlMigration.execute = watched  # type: ignore[method-assign]
    try:
        yield told
    finally:
        MysqlMigration.execute = execute  # type: ignore[method-assign]


def main() -> None:
    url, moment, number = sys.argv[1:]
    target = MysqlTarget(url)
    with counting(moment, int(number)):
        target.apply(target.plan(AFTER))


if __name__ == "__main__":
    main()
