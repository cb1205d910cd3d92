r"""Steps as a script for psql.

Source: the manual's page of psql (meta-commands, `\gset`, variables).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lbconf.connectors.contract import LedgerStart, Script
from lbconf.connectors.postgresql.ledger import ADD_COLUMNS, COLUMNS, FIND, LOCK_KEY, STATEMENT_LOCK_SECONDS
from lbconf.connectors.sql.ledger import LEDGER
from lbconf.connectors.sql.script import heading, step_comments, terminated, text_literal
from lbconf.state.steps import Statement, Step

__all__ = ["script_text"]

CLIENT: Final = 'psql -X -f FILE "postgresql://..."'
ON_ERROR: Final = "the ledger says then what is done, and `lbconf apply` with the file of this plan goes on from there"
BEGINNING: Final = f"""\
\\set ON_ERROR_STOP on
\\set ON_ERROR_ROLLBACK off
\\set AUTOCOMMIT on
\\set QUIET on
\\encoding UTF8
SET TIME ZONE 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'iso_8601';
SET standard_conforming_strings = on;
SET client_min_messages = warning;
-- no statement waits longer for a lock, for all who come after it wait behind it
SET lock_timeout = '{int(STATEMENT_LOCK_SECONDS)}s';
-- the lock that `lbconf apply` holds; it ends with the connection
DO $lbconf$ BEGIN
  IF NOT pg_catalog.pg_try_advisory_lock({LOCK_KEY}) THEN
    RAISE EXCEPTION 'another apply is at work in this database';
  END IF;
END $lbconf$;"""


def script_text(script: Script) -> str:
    """The script."""
    return "\n".join(_lines(script)) + "\n"


def _lines(script: Script) -> Iterator[str]:
    yield from heading(script, CLIENT, on_error=ON_ERROR)
    yield BEGINNING
    yield from _entry(script.start)
    total = sum(map(len, script.batches))
    done = 0
    for batch in script.batches:
        yield ""
        yield from _transaction(batch) if batch[0].transactional else _alone(batch[0], done)
        done += len(batch)
        yield _record(done, "applied" if done == total else "running")
        if batch[0].transactional:
            yield "COMMIT;"


def _transaction(batch: Sequence[Step]) -> Iterator[str]:
    yield "BEGIN;"
    for step in batch:
        yield from step_comments(step)
        yield from (_repeated(found, commit=False) if found.repeat else terminated(found) for found in step.statements)


def _alone(step: Step, done: int) -> Iterator[str]:
    """Statements outside transactions, each of them on record once it is done."""
    yield from step_comments(step)
    for number, statement in enumerate(step.statements, start=1):
        yield _repeated(statement, commit=True) if statement.repeat else terminated(statement)
        if number < len(step.statements):
            yield _record(done, "running", statement=number)


def _repeated(statement: Statement, *, commit: bool) -> str:
    """The statement again and again until it changes no row; outside transactions each time for itself."""
    text = statement.sql.rstrip().rstrip(";").rstrip()
    tag = "$lbconf$"
    while tag in text:
        tag = f"{tag[:-1]}_$"
    body = f"  LOOP\n{text}\n;\n    GET DIAGNOSTICS changed = ROW_COUNT;\n    EXIT WHEN changed = 0;\n"
    ending = "    COMMIT;\n  END LOOP;" if commit else "  END LOOP;"
    return f"DO {tag} DECLARE changed bigint; BEGIN\n{body}{ending}\nEND {tag};"


def _entry(start: LedgerStart) -> Iterator[str]:
    """The ledger, made or found, and the entry of this plan in it."""
    yield "-- the ledger: where it was made first, else in the first schema of the search path"
    yield "BEGIN;"
    yield f"SELECT coalesce((SELECT found.namespace FROM ({FIND.format(name=text_literal(LEDGER))}) AS found LIMIT 1),"
    yield f"  current_schema(), 'public') AS lbconf_home, {text_literal(LEDGER)} AS lbconf_name \\gset"
    table = ':"lbconf_home".:"lbconf_name"'
    yield f"CREATE TABLE IF NOT EXISTS {table} ({COLUMNS});"
    yield f"ALTER TABLE {table} {ADD_COLUMNS};"
    values = (start.plan_digest, "running", start.environment, start.configuration, start.steps, start.state)
    texts = ", ".join(text_literal(value) for value in (*values, start.documents))
    yield f"INSERT INTO {table}"
    yield "  (applied_by, plan_digest, result, environment, configuration, steps, state, documents)"
    yield f"  VALUES (session_user || ' (psql)', {texts})"
    yield "  RETURNING id AS lbconf_entry \\gset"
    yield "COMMIT;"


def _record(done: int, result: str, *, statement: int = 0) -> str:
    finished = "NULL" if result == "running" else "clock_timestamp()"
    return (
        f'UPDATE :"lbconf_home".:"lbconf_name" SET next_step = {done}, next_statement = {statement}, '
        f"result = '{result}', finished_at = {finished} WHERE id = :lbconf_entry;"
    )
