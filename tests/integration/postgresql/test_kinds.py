"""Everything beside plain tables: made from nothing, changed in place, left with nothing to plan, nothing lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lbconf.records import replace
from tests import discovery, servers

BEFORE = """
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'old');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE pair AS (a integer, b text);
CREATE SEQUENCE numbers AS integer INCREMENT 5;
CREATE TABLE t (
  id serial PRIMARY KEY, m mood DEFAULT 'ok', ms mood[], p positive, q pair, n integer, c citext,
  CONSTRAINT t_m_check CHECK (m <> 'sad'), CONSTRAINT u UNIQUE (n) DEFERRABLE);
CREATE INDEX t_m_idx ON t (id) WHERE m = 'ok';
CREATE VIEW v AS SELECT id, m, n FROM t;
COMMENT ON VIEW v IS 'seen';
CREATE VIEW w AS SELECT id FROM v WHERE m = 'ok';
GRANT SELECT ON v TO PUBLIC;
CREATE MATERIALIZED VIEW mv AS SELECT n, count(*) AS many FROM t GROUP BY n;
CREATE UNIQUE INDEX mv_n ON mv (n);
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER g BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (new.n > 3) EXECUTE FUNCTION stay();
CREATE POLICY po ON t USING (n > 1);
CREATE TABLE parts (id integer, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO t (m, ms, p, n) VALUES ('ok', '{ok}', 1, 1);
INSERT INTO parts VALUES (1, '2020-05-05');
SELECT nextval('numbers'), nextval('numbers');
"""
CHANGED = """
ALTER TABLE t ALTER COLUMN m DROP DEFAULT;
DROP VIEW w; DROP VIEW v; DROP MATERIALIZED VIEW mv; DROP TRIGGER g ON t; DROP POLICY po ON t; DROP INDEX t_m_idx;
ALTER TABLE t DROP CONSTRAINT t_m_check;
ALTER TYPE mood RENAME TO gone;
CREATE TYPE mood AS ENUM ('ok', 'sad', 'new');
ALTER TABLE t ALTER COLUMN m TYPE mood USING m::text::mood, ALTER COLUMN ms TYPE mood[] USING ms::text[]::mood[];
DROP TYPE gone;
ALTER TABLE t ALTER COLUMN m SET DEFAULT 'ok', ADD CONSTRAINT t_m_check CHECK (m <> 'sad');
CREATE INDEX t_m_idx ON t (id) WHERE m = 'ok';
ALTER TABLE t ALTER COLUMN n TYPE bigint;
CREATE VIEW v AS SELECT id, m, n FROM t;
COMMENT ON VIEW v IS 'seen';
GRANT SELECT ON v TO PUBLIC;
CREATE VIEW w AS SELECT id FROM v WHERE m = 'ok';
CREATE MATERIALIZED VIEW mv AS SELECT n, count(*) AS many FROM t GROUP BY n;
CREATE UNIQUE INDEX mv_n ON mv (n);
CREATE TRIGGER g BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (new.n > 3) EXECUTE FUNCTION stay();
CREATE POLICY po ON t USING (n > 1);
ALTER DOMAIN positive SET DEFAULT 7;
ALTER TYPE pair ADD ATTRIBUTE c date;
ALTER SEQUENCE numbers MAXVALUE 1000;
ALTER TABLE t SET (fillfactor = 70), ALTER COLUMN q SET STORAGE external;
ALTER TABLE t REPLICA IDENTITY FULL;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
"""


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(3))
    yield found[0], found[1], found[2]
    for url in found:
        postgresql_server.drop_database(url)


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def asked(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_every_kind_is_changed_in_place_with_all_that_stands_on_it(urls: tuple[str, str, str], tmp_path: Path) -> None:
    old, new, _ = urls
    run(old, BEFORE)
    run(new, BEFORE + CHANGED)
    discovery.discovered(new, tmp_path / "models")
    done = discovery.command(
        "--project", tmp_path / "models", "apply", "--url", old, "--auto-approve", "--accept", "all"
    )
    assert done[0] == 0, done
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", old))
    before, after = discovery.inspected(old), discovery.inspected(new)
    assert (before.tables, before.views) == (after.tables, after.views)
    assert (before.enumerations, before.domains, before.composites, before.sequences) == (
        after.enumerations,
        after.domains,
        after.composites,
        after.sequences,
    )
    assert asked(old, "SELECT m::text, ms::text, n FROM t") == [("ok", "{ok}", 1)]
    assert asked(old, "SELECT count(*) FROM parts") == [(1,)]
    assert asked(old, "SELECT nextval('numbers')") == [(11,)]


def test_what_was_discovered_makes_the_same_again(urls: tuple[str, str, str], tmp_path: Path) -> None:
    _, new, empty = urls
    run(new, BEFORE)
    discovery.discovered(new, tmp_path / "models")
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", new))
    again = discovery.made_again(tmp_path / "models", empty)
    there = discovery.inspected(new)
    assert [replace(table, opaque=()) for table in again.tables] == [
        replace(table, opaque=()) for table in there.tables
    ]
    assert (again.enumerations, again.domains, again.composites, again.sequences, again.extensions) == (
        there.enumerations,
        there.domains,
        there.composites,
        there.sequences,
        there.extensions,
    )
    assert [(view.name, view.definition, view.indexes, view.comment) for view in again.views] == [
        (view.name, view.definition, view.indexes, view.comment) for view in there.views
    ]


def test_a_view_in_the_way_of_a_drop_is_named_and_nothing_changes(urls: tuple[str, str, str], tmp_path: Path) -> None:
    old, new, _ = urls
    run(old, "CREATE TABLE t (id integer PRIMARY KEY, a text); CREATE VIEW v AS SELECT a FROM t")
    run(new, "CREATE TABLE t (id integer PRIMARY KEY)")
    discovery.discovered(new, tmp_path / "models")
    code, _, told = discovery.command("--project", tmp_path / "models", "plan", "--url", old)
    assert code == 1
    assert "error[LB4026]: view public.v needs column public.t.a, which would go" in told
