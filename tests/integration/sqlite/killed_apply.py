"""Run as a program: apply a plan to a file and die by SIGKILL before or after one of its steps or statements.

python -m tests.integration.sqlite.killed_apply FILE before|after STEP
python -m tests.integration.sqlite.killed_apply FILE begins|ends STEP STATEMENT
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from lbconf.plan.executor import Moment
from lbconf.plan.progress import Notice
from lbconf.state.steps import Step
from lbconf.state.structure import (
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
)
from tests.integration.sqlite.target import SqliteTarget

ID = Column(name="id", type=ColumnType("INTEGER"), nullable=False, identity=Identity(kind="autoincrement"))
NAME = Column(name="name", type=ColumnType("TEXT"))
KEY = PrimaryKey(name=None, columns=("id",))
ONE = Table(name=QualifiedName("", "one"), columns=(ID, NAME), primary_key=KEY)
GOES = Table(name=QualifiedName("", "goes"), columns=(ID,), primary_key=KEY)
BEFORE = State(tables=(GOES, ONE))

TWO = Table(
    name=QualifiedName("", "two"),
    columns=(ID, Column(name="oneId", type=ColumnType("INTEGER"))),
    primary_key=KEY,
    foreign_keys=(
        ForeignKey(name="two_fkey", columns=("oneId",), target=QualifiedName("", "uno"), target_columns=("id",)),
    ),
)
UNO = replace(
    ONE,
    name=QualifiedName("", "uno"),
    renamed_from=ONE.name,
    columns=(ID, replace(NAME, nullable=False, default=Default("'x'"))),
    indexes=(Index(name="uno_name_idx", parts=(IndexPart(column="name"),)),),
)
AFTER = State(tables=(TWO, UNO))


def main() -> None:
    path, moment, *numbers = sys.argv[1:]
    at = tuple(map(int, numbers))
    target = SqliteTarget(Path(path))

    def step(now: Moment, number: int, what: Step) -> None:
        die((now, number) == (moment, *at))

    def notice(told: Notice) -> None:
        die((told.event, told.step, told.statement) == (moment, *at))

    target.apply(target.plan(AFTER), step, watcher=notice)


def die(now: bool) -> None:  # noqa: FBT001
    if now:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
