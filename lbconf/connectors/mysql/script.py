"""Steps as a script for the clients `mariadb` and `mysql`, which end at the first error.

Source: MySQL 8.0 Reference Manual, sections 6.5.1 (the client), 14.14 (locking functions), 27.2 (stored routines).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lbconf.connectors.contract import LedgerStart, Script
from lbconf.connectors.mysql.inspect import STRUCTURE_MODE
from lbconf.connectors.mysql.migrate import CREATE_LEDGER, INSTANT, STATEMENT_LOCK_SECONDS
from lbconf.connectors.sql.ledger import LEDGER
from lbconf.connectors.sql.script import heading, step_comments, terminated, text_literal
from lbconf.records import replace
from lbconf.state.steps import Statement, Step

__all__ = ["script_text"]

CLIENT: Final = "mariadb --default-character-set=utf8mb4 DATABASE < FILE (or mysql)"
ON_ERROR: Final = "the ledger says then what is done, and `lbconf apply` with the file of this plan goes on from there"
SECONDS: Final = int(STATEMENT_LOCK_SECONDS)
LOOP: Final = "_lbconf_repeat"
BEGINNING: Final = f"""\
SET NAMES utf8mb4;
SET SESSION sql_mode = '{STRUCTURE_MODE}', SESSION time_zone = '+00:00', SESSION foreign_key_checks = 1;
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
-- no statement waits longer for a lock, for all who come after it wait behind it
SET SESSION lock_wait_timeout = {SECONDS}, SESSION innodb_lock_wait_timeout = {SECONDS};
-- the lock that `lbconf apply` holds; it ends with the connection. Without it: more than one row, on purpose
SET @lbconf_lock = CONCAT('_lbconf_apply.', DATABASE());
SET @lbconf_lock = IF(CHAR_LENGTH(@lbconf_lock) <= 64, @lbconf_lock,
  CONCAT('_lbconf_apply.', LEFT(SHA2(DATABASE(), 256), 40)));
SET @lbconf_got = GET_LOCK(@lbconf_lock, 0);
DO /* another apply is at work in this database */ (SELECT IF(@lbconf_got = 1, 0, (SELECT 1 UNION ALL SELECT 2)));"""


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
    yield "START TRANSACTION;"
    for step in batch:
        yield from step_comments(step)
        yield from map(_statement, step.statements)


def _alone(step: Step, done: int) -> Iterator[str]:
    """Statements that commit by themselves, each of them on record once it is done."""
    yield from step_comments(step)
    for number, statement in enumerate(step.statements, start=1):
        yield _statement(statement)
        if number < len(step.statements):
            yield _record(done, "running", statement=number)


def _statement(statement: Statement) -> str:
    if statement.repeat:
        return _repeated(statement)
    # What turns out not to be possible at once an apply does in place; here the server chooses the fastest way itself.
    return terminated(replace(statement, sql=statement.sql.removesuffix(INSTANT)))


def _repeated(statement: Statement) -> str:
    """The statement again and again until it changes no row; outside of a routine the clients know no loops."""
    end = "//"
    while end in statement.sql:
        end += "/"
    return (
        f"DROP PROCEDURE IF EXISTS {LOOP};\nDELIMITER {end}\n"
        f"CREATE PROCEDURE {LOOP}() BEGIN\n  DECLARE changed BIGINT DEFAULT 1;\n  WHILE changed > 0 DO\n"
        f"{terminated(statement)}\n    SET changed = ROW_COUNT();\n    COMMIT;\n  END WHILE;\nEND{end}\n"
        f"DELIMITER ;\nCALL {LOOP}();\nDROP PROCEDURE {LOOP};"
    )


def _entry(start: LedgerStart) -> Iterator[str]:
    yield "-- the ledger, and the entry of this plan in it"
    yield f"{CREATE_LEDGER};"
    values = (start.plan_digest, "running", start.environment, start.configuration, start.steps, start.state)
    texts = ", ".join(_literal(value) for value in (*values, start.documents))
    yield f"INSERT INTO `{LEDGER}` (started_at, applied_by, plan_digest, result, environment, configuration, steps,"
    yield "  state, documents)"
    yield f"  VALUES (UTC_TIMESTAMP(6), CONCAT(SUBSTRING_INDEX(USER(), '@', 1), ' (client)'), {texts});"
    yield "SET @lbconf_entry = LAST_INSERT_ID();"


def _record(done: int, result: str, *, statement: int = 0) -> str:
    finished = "NULL" if result == "running" else "UTC_TIMESTAMP(6)"
    return (
        f"UPDATE `{LEDGER}` SET next_step = {done}, next_statement = {statement}, result = '{result}', "
        f"finished_at = {finished} WHERE id = @lbconf_entry;"
    )


def _literal(text: str) -> str:
    """A text where backslashes count."""
    return text_literal(text.replace("\\", "\\\\"))
