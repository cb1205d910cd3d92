"""A table of a million rows is changed while others read and write it all the time.

What they measure is how long each of their statements takes. Online that stays below the lock timeout that apply was
given; the same changes offline hold them up for longer, which shows that the measurement can fail.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

import psycopg
import pytest

from lbconf.plan.executor import Limits
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
from tests.integration.postgresql.target import PostgresqlTarget

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROWS = 1_000_000
OWNERS = 1000
LOCK_TIMEOUT = 2.0
"""Seconds: given to apply, and the most that a statement of the others may take."""

ID = Column(name="id", type=ColumnType("bigint"), nullable=False, identity=Identity(kind="identity-by-default"))
OWNER = Table(
    name=QualifiedName("public", "owner"),
    columns=(ID,),
    primary_key=PrimaryKey(name="owner_pkey", columns=("id",)),
)
STATE = Column(name="state", type=ColumnType("text"))
BIG = Table(
    name=QualifiedName("public", "big"),
    columns=(
        ID,
        Column(name="owner", type=ColumnType("bigint")),
        Column(name="code", type=ColumnType("text")),
        Column(name="amount", type=ColumnType("integer")),
        STATE,
    ),
    primary_key=PrimaryKey(name="big_pkey", columns=("id",)),
    indexes=(Index(name="big_old_idx", parts=(IndexPart(column="amount"),)),),
)
BEFORE = State(namespaces=("public",), tables=(BIG, OWNER))
AFTER = State(
    namespaces=("public",),
    tables=(
        replace(
            BIG,
            columns=(
                *BIG.columns[:-1],
                replace(STATE, nullable=False, default=Default("'new'"), backfill="'old'"),
                Column(name="token", type=ColumnType("uuid"), nullable=False, default=Default("gen_random_uuid()")),
            ),
            indexes=(Index(name="big_owner_idx", parts=(IndexPart(column="owner"),)),),
            uniques=(Unique(name="big_code_key", columns=("code",)),),
            checks=(Check(name="big_amount_check", expression="amount >= 0"),),
            foreign_keys=(
                ForeignKey(name="big_owner_fkey", columns=("owner",), target=OWNER.name, target_columns=("id",)),
            ),
        ),
        OWNER,
    ),
)
STATEMENTS = (
    "SELECT code, amount FROM big WHERE id = {id}",
    "SELECT count(*) FROM big WHERE id BETWEEN {id} AND {id} + 100",
    "UPDATE big SET amount = amount + 1 WHERE id = {id}",
    "UPDATE big SET owner = 1 + {id} % 1000 WHERE id = {id}",
    "INSERT INTO big (owner, code, amount) VALUES (1 + {id} % 1000, 'c' || gen_random_uuid(), 1)",
    "DELETE FROM big WHERE id = (SELECT max(id) FROM big WHERE id > 1000000) AND {id} % 2 = 0",
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
    """Readers and writers, each with a connection and a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.seen = [Measured() for _ in range(4)]
        self._threads = [threading.Thread(target=self._work, args=(n, seen)) for n, seen in enumerate(self.seen)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def _work(self, number: int, seen: Measured) -> None:
        chance = random.Random(number)
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.is_set():
                statement = chance.choice(STATEMENTS).format(id=chance.randint(1, ROWS))
                begun = time.monotonic()
                try:
                    connection.execute(statement.encode())
                except psycopg.Error as error:
                    seen.failures.append(f"{statement}: {error}")
                took = time.monotonic() - begun
                seen.statements += 1
                if took > seen.longest:
                    seen.longest, seen.slowest = took, statement
                time.sleep(0.002)

    @property
    def longest(self) -> float:
        return max(seen.longest for seen in self.seen)


@contextmanager
def big_table(url: str) -> Iterator[PostgresqlTarget]:
    target = PostgresqlTarget(url)
    target.apply(target.plan(BEFORE))
    target.run(
        f"INSERT INTO owner SELECT i FROM generate_series(1, {OWNERS}) AS i",
        "INSERT INTO big (owner, code, amount, state)"
        f" SELECT 1 + i % {OWNERS}, 'c' || i, i % 100, CASE WHEN i % 3 = 0 THEN 'here' END"
        f" FROM generate_series(1, {ROWS}) AS i",
        "ANALYZE big",
    )
    try:
        yield target
    finally:
        target.close()


def test_online_nobody_fails_or_waits_longer_than_the_lock_timeout(postgresql_url: str) -> None:
    with big_table(postgresql_url) as target:
        plan = target.plan(AFTER)
        with Users(postgresql_url) as users:
            target.apply(plan, lock_timeout=LOCK_TIMEOUT, limits=Limits(retries=20))
        assert [failure for seen in users.seen for failure in seen.failures] == []
        assert all(seen.statements for seen in users.seen)
        assert users.longest < LOCK_TIMEOUT, [(seen.longest, seen.slowest) for seen in users.seen]
        assert target.plan(AFTER).empty
        rows, tokens, without, old = target.run(
            "SELECT count(*), count(DISTINCT token), count(*) FILTER (WHERE state IS NULL),"
            " count(*) FILTER (WHERE state = 'old') FROM big"
        )[0]
        assert rows >= ROWS * 0.9
        assert (tokens, without) == (rows, 0)
        assert old >= ROWS * 0.6


def test_offline_the_same_changes_hold_them_up_for_longer(postgresql_url: str) -> None:
    with big_table(postgresql_url) as target:
        plan = target.plan(AFTER, online=False)
        with Users(postgresql_url) as users:
            target.apply(plan, lock_timeout=LOCK_TIMEOUT, limits=Limits(retries=20))
        assert users.longest > LOCK_TIMEOUT
