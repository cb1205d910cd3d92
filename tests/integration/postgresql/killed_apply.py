"""Run as a program: apply a plan to a database and die by SIGKILL before or after one of its steps or statements.

python -m tests.integration.postgresql.killed_apply URL online|offline before|after STEP
python -m tests.integration.postgresql.killed_apply URL online|offline begins|rows|ends STEP STATEMENT
"""

import os
import signal
import sys
from dataclasses import replace

from lbconf.plan.progress import Moment, Notice
from lbconf.state.steps import Step
from lbconf.state.structure import (
    Check,
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
    Unique,
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
MANY = Table(
    name=QualifiedName("public", "many"),
    columns=(ID, NAME, Column(name="one", type=ColumnType("bigint"))),
    primary_key=PrimaryKey(name="many_pkey", columns=("id",)),
    indexes=(Index(name="many_old_idx", parts=(IndexPart(column="name"),)),),
)
BEFORE = State(namespaces=("public",), tables=(GOES, MANY, ONE), enumerations=(MOOD,))

UNO = replace(
    ONE,
    name=QualifiedName("public", "uno"),
    renamed_from=ONE.name,
    columns=(
        ID,
        replace(NAME, nullable=False, default=Default("'x'"), backfill="'nobody'"),
        replace(FEELS, default=Default("'great'")),
    ),
    indexes=(Index(name="uno_name_idx", parts=(IndexPart(column="name"),)),),
)
TWO = Table(
    name=QualifiedName("public", "two"),
    columns=(ID, Column(name="oneId", type=ColumnType("bigint"))),
    primary_key=PrimaryKey(name="two_pkey", columns=("id",)),
    foreign_keys=(ForeignKey(name="two_fkey", columns=("oneId",), target=UNO.name, target_columns=("id",)),),
)
MANIFOLD = replace(
    MANY,
    columns=(
        *MANY.columns,
        Column(name="token", type=ColumnType("uuid"), nullable=False, default=Default("gen_random_uuid()")),
    ),
    indexes=(Index(name="many_one_idx", parts=(IndexPart(column="one"),)),),
    uniques=(Unique(name="many_name_key", columns=("name",)),),
    checks=(Check(name="many_name_check", expression="name <> ''"),),
    foreign_keys=(ForeignKey(name="many_one_fkey", columns=("one",), target=UNO.name, target_columns=("id",)),),
)
AFTER = State(
    namespaces=("public",), tables=(MANIFOLD, TWO, UNO), enumerations=(replace(MOOD, values=("sad", "ok", "great")),)
)


def main() -> None:
    url, way, when, *numbers = sys.argv[1:]
    at = tuple(map(int, numbers))
    target = PostgresqlTarget(url)

    def step(now: Moment, number: int, what: Step) -> None:
        die((now, number) == (when, *at))

    def notice(told: Notice) -> None:
        die((told.event, told.step, told.statement) == (when, *at))

    target.apply(target.plan(AFTER, online=way == "online"), step, watcher=notice)


def die(now: bool) -> None:  # noqa: FBT001
    if now:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
