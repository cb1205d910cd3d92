"""Run as a program: apply a plan to a database and die by SIGKILL before or after one of its steps.

python -m tests.integration.postgresql.killed_apply URL before|after STEP
"""

import os
import signal
import sys
from dataclasses import replace

from lbconf.plan.executor import Moment
from lbconf.state.steps import Step
from lbconf.state.structure import (
    Column,
    ColumnType,
    Default,
    Enumeration,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
)
from tests.integration.postgresql.target import PostgresqlTarget

MOOD = Enumeration(name=QualifiedName("public", "mood"), values=("sad", "ok"))
ID = Column(name="id", type=ColumnType("bigint"), nullable=False, identity=Identity(kind="identity-by-default"))
NAME = Column(name="name", type=ColumnType("text"))
FEELS = Column(name="feels", type=ColumnType("mood", enumeration=MOOD.name))
ONE = Table(
    name=QualifiedName("public", "one"),
    columns=(ID, NAME, FEELS),
    primary_key=PrimaryKey(name="one_pkey", columns=("id",)),
)
GOES = Table(name=QualifiedName("public", "goes"), columns=(ID,))
BEFORE = State(namespaces=("public",), tables=(GOES, ONE), enumerations=(MOOD,))

UNO = replace(
    ONE,
    name=QualifiedName("public", "uno"),
    renamed_from=ONE.name,
    columns=(ID, replace(NAME, nullable=False, default=Default("'x'")), replace(FEELS, default=Default("'great'"))),
    indexes=(Index(name="uno_name_idx", parts=(IndexPart(column="name"),)),),
)
TWO = Table(
    name=QualifiedName("public", "two"),
    columns=(ID, Column(name="oneId", type=ColumnType("bigint"))),
    primary_key=PrimaryKey(name="two_pkey", columns=("id",)),
    foreign_keys=(ForeignKey(name="two_fkey", columns=("oneId",), target=UNO.name, target_columns=("id",)),),
)
AFTER = State(namespaces=("public",), tables=(TWO, UNO), enumerations=(replace(MOOD, values=("sad", "ok", "great")),))


def main() -> None:
    url, moment, number = sys.argv[1:]
    target = PostgresqlTarget(url)

    def die(now: Moment, step_number: int, step: Step) -> None:
        if now == moment and step_number == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    target.apply(target.plan(AFTER), die)


if __name__ == "__main__":
    main()
