"""Row security and policies: a new table has them from its first moment on, one that is there stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lbconf.diagnostics import Code
from tests import discovery, servers

POLICIES = """
SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2
"""
SECURED = """
SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_lbconf%' ORDER BY 1
"""
TABLES = """
CREATE TABLE t (a int PRIMARY KEY, who text);
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE a_later (a int);
CREATE POLICY "own AS rows" ON t FOR SELECT USING (who = current_user AND a IN (SELECT a FROM a_later));
CREATE POLICY p ON t AS RESTRICTIVE FOR INSERT WITH CHECK (a > 0);
CREATE TABLE ready (a int);
CREATE POLICY waits ON ready USING (a > 1);
"""


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(2))
    yield found[0], found[1]
    for url in found:
        postgresql_server.drop_database(url)


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def facts(url: str) -> list[list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        return [connection.execute(sql.encode()).fetchall() for sql in (POLICIES, SECURED)]


def test_a_new_table_has_its_policies(urls: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = urls
    run(wanted, TABLES)
    discovery.discovered(wanted, tmp_path / "models")
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", wanted))
    discovery.made_again(tmp_path / "models", there)
    assert facts(there) == facts(wanted)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))


def test_a_table_that_is_there_stays_open_and_the_plan_says_so(urls: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = urls
    run(there, "CREATE TABLE t (a int PRIMARY KEY, who text); CREATE TABLE a_later (a int); CREATE TABLE ready (a int)")
    run(wanted, TABLES)
    before = facts(there)
    discovery.discovered(wanted, tmp_path / "models")
    (plan,) = discovery.planned(tmp_path / "models", there)
    assert plan.empty
    assert [(found.code, found.message.partition(" ")[0]) for found in plan.diagnostics] == [
        (Code.ROW_SECURITY_LEFT, "public.t")
    ]
    assert facts(there) == before


def test_a_policy_that_calls_what_is_not_there_is_refused_in_the_plan(urls: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = urls
    run(wanted, "CREATE FUNCTION mine() RETURNS bool STABLE LANGUAGE sql AS 'SELECT true'; CREATE TABLE t (a int)")
    run(wanted, "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (mine())")
    discovery.discovered(wanted, tmp_path / "models")
    with pytest.raises(AssertionError, match=r"policy p of public\.t cannot be made: function public\.mine\(\)"):
        discovery.planned(tmp_path / "models", there)
