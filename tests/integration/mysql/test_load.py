"""A big table is changed while others read and write it all the time.

What they measure is how long each of their statements takes. Online that stays below the lock timeout that apply was
given; the same changes offline, copies of the table, hold writers up for longer than any statement online takes.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

import pymysql
import pytest

from lbconf.plan.executor import Limits
from lbconf.records import replace
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
from tests.integration.mysql.target import MysqlTarget

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROWS = 1 << 18
OWNERS = 1000
LOCK_TIMEOUT = 5.0
"""Seconds: given to apply, and the most that a statement of the others may take."""

ID = Column(name="id", type=ColumnType("bigint"), nullable=False, identity=Identity(kind="autoincrement"))
KEY = PrimaryKey(name=None, columns=("id",))
OWNER = Table(name=QualifiedName("", "owner"), columns=(ID,), primary_key=KEY)
STATE = Column(name="state", type=ColumnType("varchar", (20,)))
BIG = Table(
    name=QualifiedName("", "big"),
    columns=(
        ID,
        Column(name="owner", type=ColumnType("bigint")),
        Column(name="code", type=ColumnType("varchar", (40,))),
        Column(name="amount", type=ColumnType("int")),
        STATE,
    ),
    primary_key=KEY,
    indexes=(
        Index(name="big_old_idx", parts=(IndexPart(column="amount"),)),
        Index(name="big_owner_idx", parts=(IndexPart(column="owner"),)),
    ),
)
BEFORE = State(tables=(BIG, OWNER))
AFTER = State(
    tables=(
        replace(
            BIG,
            columns=(
                *BIG.columns[:-1],
                replace(STATE, nullable=False, default=Default("'new'"), backfill="'old'"),
                Column(name="grade", type=ColumnType("int"), nullable=False, default=Default("7")),
            ),
            indexes=(
                Index(name="big_code_idx", parts=(IndexPart(column="code"),)),
                Index(name="big_owner_idx", parts=(IndexPart(column="owner"),)),
            ),
            foreign_keys=(
                ForeignKey(name="big_owner_fkey", columns=("owner",), target=OWNER.name, target_columns=("id",)),
            ),
        ),
        OWNER,
    ),
)
READS = (
    "SELECT code, amount FROM big WHERE id = {id}",
    "SELECT count(*) FROM big WHERE id BETWEEN {id} AND {id} + 100",
)
WRITES = (
    "UPDATE big SET amount = amount + 1 WHERE id = {id}",
    "UPDATE big SET owner = 1 + {id} % 1000 WHERE id = {id}",
    "INSERT INTO big (owner, code, amount, state) VALUES (1 + {id} % 1000, uuid(), 1, 'here')",
    "DELETE FROM big WHERE id = {id} AND {id} % 7 = 0",
    "UPDATE owner SET id = id WHERE id = 1 + {id} % 1000",
)


@dataclass
class Measured:
    """What one user saw."""

    statements: int = 0
    longest: float = 0.0
    slowest: str = ""
    failures: list[str] = field(default_factory=list)


class Users:
    """Two readers and two writers, each with a connection and a thread of its own."""

    def __init__(self, target: MysqlTarget) -> None:
        self._target = target
        self._stop = threading.Event()
        self.readers, self.writers = ([Measured() for _ in range(2)] for _ in range(2))
        self._threads = [
            threading.Thread(target=self._work, args=(number, seen, statements))
            for seens, statements in ((self.readers, READS), (self.writers, WRITES))
            for number, seen in enumerate(seens)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, number: int, seen: Measured, statements: tuple[str, ...]) -> None:
        chance = random.Random(number)
        session = self._target.connect()
        while not self._stop.is_set():
            statement = chance.choice(statements).format(id=chance.randint(1, ROWS))
            begun = time.monotonic()
            try:
                session.rows(statement)
            except pymysql.Error as error:
                seen.failures.append(f"{statement}: {error}")
            took = time.monotonic() - begun
            seen.statements += 1
            if took > seen.longest:
                seen.longest, seen.slowest = took, statement
            time.sleep(0.002)
        session.close()

    @property
    def all(self) -> list[Measured]:
        return [*self.readers, *self.writers]


@contextmanager
def big_table(url: str) -> Iterator[MysqlTarget]:
    target = MysqlTarget(url)
    target.apply(target.plan(BEFORE))
    target.run(
        f"SET {'max_recursive_iterations' if target.connector.server.mariadb else 'cte_max_recursion_depth'} = 1000000",
        f"INSERT INTO owner WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {OWNERS})"
        " SELECT i FROM n",
        "INSERT INTO big (id, owner, code, amount, state)"
        f" WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
        f" SELECT i, 1 + i % {OWNERS}, concat('c', i), i % 100, IF(i % 3 = 0, 'here', NULL) FROM n",
    )
    try:
        yield target
    finally:
        target.close()


def test_online_nobody_fails_or_waits_longer_than_the_lock_timeout(mysql_url: str) -> None:
    with big_table(mysql_url) as target:
        plan = target.plan(AFTER)
        if not target.connector.server.mariadb:
            pytest.skip("MySQL copies a table for a check or a foreign key, and the plan says so")
        assert not any(statement.lock == "SHARED" for step in plan.steps for statement in step.statements)
        with Users(target) as users:
            target.apply(plan, lock_timeout=LOCK_TIMEOUT, limits=Limits(retries=20))
        assert [failure for seen in users.all for failure in seen.failures] == []
        assert all(seen.statements for seen in users.all)
        slowest = [(seen.longest, seen.slowest) for seen in users.all]
        assert max(slowest)[0] < LOCK_TIMEOUT, slowest
        assert target.plan(AFTER).empty
        rows, old, grades = target.run("SELECT count(*), sum(state = 'old'), sum(grade = 7) FROM big")[0]
        assert rows >= ROWS * 0.8
        assert old >= ROWS * 0.5
        assert grades == rows


def test_a_copy_of_the_table_holds_writers_up_until_it_is_done_and_readers_not(mysql_url: str) -> None:
    with big_table(mysql_url) as target:
        plan = target.plan(AFTER, online=False)
        copies = [s.sql for step in plan.steps for s in step.statements if s.lock == "SHARED"]
        assert copies
        assert all("ALGORITHM=COPY, LOCK=SHARED" in sql for sql in copies)
        with Users(target) as users:
            begun = time.monotonic()
            target.run(*copies)
            took = time.monotonic() - begun
        blocked = max(seen.longest for seen in users.writers)
        free = max(seen.longest for seen in users.readers)
        assert blocked > 0.5 * took / len(copies), (blocked, took)
        assert free < blocked, (free, blocked)
