"""Each row of docs/hazards.md, asked of the server: the locks each statement takes, and what it writes anew."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.locks import STRENGTH
from lbconf.state.steps import Statement
from tests.integration.postgresql.hazard_cases import CASES, DOCUMENT, Case, document, document_rows
from tests.integration.postgresql.target import PostgresqlTarget

ROWS = 500
MODES = {name.title().replace(" ", "") + "Lock": name for name in STRENGTH}
"""The names of the locks in pg_locks."""
RELATIONS = """
SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'i', 'I') AND c.relname NOT LIKE '%lbconf_history%'
"""
HELD = "SELECT mode FROM pg_locks WHERE pid = %s AND granted AND relation = ANY (%s)"
FILES = "SELECT oid, pg_relation_filenode(oid) FROM pg_class WHERE oid = ANY (%s) AND relkind IN ('r', 'i')"


@pytest.fixture
def target(postgresql_url: str) -> Iterator[PostgresqlTarget]:
    target = PostgresqlTarget(postgresql_url)
    yield target
    target.close()


def test_the_document_says_what_is_compiled() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(tuple(document_rows()))


@pytest.mark.parametrize(
    ("case", "way"), [pytest.param(case, way, id=f"{case.name}-{way}") for case in CASES for way in case.ways]
)
def test_row(target: PostgresqlTarget, case: Case, way: str) -> None:
    target.apply(target.plan(case.before))
    fill(target)
    plan = target.plan(case.after, online=way == "online")
    relations = [oid for (oid,) in target.run(RELATIONS)]
    with psycopg.connect(target.url, autocommit=True) as worker, psycopg.connect(target.url, autocommit=True) as other:
        for step in plan.steps:
            strongest: list[str] = []
            for statement in step.statements:
                before: dict[int, int] = dict(other.execute(FILES, (relations,)).fetchall())
                if "CONCURRENTLY" in statement.sql:
                    held = while_it_waits(worker, statement, other, relations, target)
                else:
                    held = while_it_is_open(worker, statement, relations)
                after: dict[int, int] = dict(other.execute(FILES, (relations,)).fetchall())
                anew = {oid for oid, file in after.items() if before[oid] != file}
                nothing_there = held is None and " IF EXISTS " in statement.sql
                assert nothing_there or held == statement.lock, statement.sql
                assert bool(anew) == statement.rewrites, statement.sql
                strongest += [held] if held else []
            if step.table is not None:
                assert step.lock == max(strongest, key=STRENGTH.index, default=None), step.summary
            assert step.rewrites == any(statement.rewrites for statement in step.statements)
    assert target.plan(case.after).empty


def fill(target: PostgresqlTarget) -> None:
    present = {name for (name,) in target.run("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')")}
    if "parent" in present:
        target.run(f"INSERT INTO parent SELECT i FROM generate_series(1, {ROWS}) AS i")
    if "t" in present:
        target.run(
            "INSERT INTO t (name, code, amount, parent_id, feels)"
            f" SELECT i::text, 'c' || i, i, i, 'ok' FROM generate_series(1, {ROWS}) AS i"
        )
        if target.run("SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'name'"):
            target.run("ANALYZE t")
    if "split" in present:
        target.run(f"INSERT INTO split SELECT i, i::text FROM generate_series(1, {ROWS}) AS i")


def while_it_is_open(worker: psycopg.Connection[Any], statement: Statement, relations: list[int]) -> str | None:
    """The strongest lock that the statement's transaction holds at its end."""
    with worker.transaction():
        worker.execute(statement.sql.encode(), prepare=False)
        return strongest_of(worker, worker.info.backend_pid, relations)


def while_it_waits(
    worker: psycopg.Connection[Any],
    statement: Statement,
    other: psycopg.Connection[Any],
    relations: list[int],
    target: PostgresqlTarget,
) -> str | None:
    """The strongest lock it holds while it waits for the end of a transaction that writes the table."""
    found: list[str] = []
    with psycopg.connect(target.url) as writer:
        writer.execute(
            "LOCK TABLE t IN ROW EXCLUSIVE MODE" if has_table(other, "t") else "LOCK TABLE split IN ROW EXCLUSIVE MODE"
        )
        thread = threading.Thread(target=lambda: worker.execute(statement.sql.encode(), prepare=False))
        thread.start()
        pid = worker.info.backend_pid
        end = time.monotonic() + 20
        while thread.is_alive() and time.monotonic() < end:
            waits = other.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
            now = strongest_of(other, pid, relations)
            found += [now] if now else []
            if waits == ("Lock",):
                break
            time.sleep(0.01)
    thread.join(20)
    return max(found, key=STRENGTH.index, default=None)


def has_table(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)::oid", (name,)).fetchone() != (None,)


def strongest_of(connection: psycopg.Connection[Any], pid: int, relations: list[int]) -> str | None:
    modes = [MODES[mode] for (mode,) in connection.execute(HELD, (pid, relations)).fetchall()]
    found = max(modes, key=STRENGTH.index, default=None)
    return None if found in {"ACCESS SHARE", "ROW SHARE"} else found
