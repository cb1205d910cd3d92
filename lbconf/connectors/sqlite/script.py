"""Steps as a script for sqlite3.

As an apply it is one transaction of the file, with foreign keys off and checked before the end.

Source: sqlite.org/cli.html, sqlite.org/lang_altertable.html section 7.
"""

from collections.abc import Iterator
from typing import Final

from lbconf.connectors.contract import LedgerStart, Script
from lbconf.connectors.sql.ledger import LEDGER
from lbconf.connectors.sql.script import heading, step_comments, terminated, text_literal
from lbconf.connectors.sqlite.migrate import CREATE_LEDGER

__all__ = ["script_text"]

CLIENT: Final = "sqlite3 FILE.db < FILE.sql"
BEGINNING: Final = """\
.bail on
.timeout 30000
PRAGMA foreign_keys = OFF;
CREATE TEMP TABLE _lbconf_dangling AS SELECT "table", rowid, parent, fkid FROM pragma_foreign_key_check;
CREATE TEMP TABLE _lbconf_none (child CONSTRAINT "rows would point at rows that are not there" CHECK (0));
CREATE TEMP TABLE _lbconf_entry (id);
BEGIN IMMEDIATE;"""
CHECKING: Final = """\
-- fails where a row points at nothing that did not before
INSERT INTO _lbconf_none SELECT "table" FROM (
  SELECT "table", rowid, parent, fkid FROM pragma_foreign_key_check EXCEPT SELECT * FROM _lbconf_dangling);"""
END: Final = """\
COMMIT;
DROP TABLE _lbconf_dangling;
DROP TABLE _lbconf_none;
DROP TABLE _lbconf_entry;
PRAGMA foreign_keys = ON;"""
NOW: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


def script_text(script: Script) -> str:
    """The script."""
    return "\n".join(_lines(script)) + "\n"


def _lines(script: Script) -> Iterator[str]:
    yield from heading(script, CLIENT, on_error="nothing is changed then")
    yield BEGINNING
    yield from _entry(script.start)
    for step in (step for batch in script.batches for step in batch):
        yield ""
        yield from step_comments(step)
        yield from map(terminated, step.statements)
    yield ""
    yield CHECKING
    total = sum(map(len, script.batches))
    yield f"UPDATE {LEDGER} SET next_step = {total}, result = 'applied', finished_at = {NOW}"
    yield "  WHERE id = (SELECT id FROM _lbconf_entry);"
    yield END


def _entry(start: LedgerStart) -> Iterator[str]:
    yield "-- the ledger, and the entry of this plan in it"
    yield f"{CREATE_LEDGER};"
    values = (start.plan_digest, "running", start.environment, start.configuration, start.steps, start.state)
    texts = ", ".join(text_literal(value) for value in (*values, start.documents))
    yield f"INSERT INTO {LEDGER} (started_at, applied_by, plan_digest, result, environment, configuration, steps,"
    yield "  state, documents, next_step)"
    yield f"  VALUES ({NOW}, 'sqlite3', {texts}, 0);"
    yield "INSERT INTO _lbconf_entry VALUES (last_insert_rowid());"
