"""Each row of SQLite's table in docs/hazards.md, asked of a file: who waits, and what is written anew."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lbconf.state.hazards import HazardKind
from tests.integration.sqlite.hazard_cases import CASES, documented, planned, table
from tests.integration.sqlite.target import SqliteTarget

ROOT = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 't'"


def write(target: SqliteTarget) -> str:
    """How another connection that does not wait fares when it wants to write."""
    with closing(sqlite3.connect(target.path, timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return str(error)
        other.rollback()
        return "may write"


@pytest.mark.parametrize("name", CASES)
def test_row(tmp_path: Path, name: str) -> None:
    target, plan = planned(tmp_path, name)
    ((before,),) = target.run(ROOT)
    assert plan.steps
    assert {statement.lock for step in plan.steps for statement in (*step.statements, *step.undo)} == {"reserved"}

    with target.session(lock_timeout=1) as session, session.transaction():
        for step in plan.steps:
            for statement in step.statements:
                session.execute(statement)
            assert write(target) == "database is locked"
            assert target.run("SELECT count(*) FROM t") == [(1,)], "readers see what was there and do not wait"

    assert write(target) == "may write"
    ((after,),) = target.run(ROOT)
    rewritten = after != before
    assert any(step.rewrites for step in plan.steps) == rewritten
    assert any(one.rewrites for step in plan.steps for one in step.statements) == rewritten
    assert (HazardKind.REWRITES_TABLE in plan.hazards) == rewritten
    assert target.run("SELECT count(*) FROM t") == [(1,)]


def test_the_document_says_what_is_compiled() -> None:
    assert documented() == table(), "python -m tests.integration.sqlite.hazard_cases writes it anew"
