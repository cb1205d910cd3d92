"""What a plan would break, tried on empty tables in memory: SQLite lets a column go that a trigger or a view needs.

It complains when these are used next. What cannot be made in memory, such as what reads a virtual table or calls a
function of an application, is broken there before, too, and so is no finding; an apply looks again at the file itself.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Final

from lbconf.connectors.sql.ddl import quote
from lbconf.connectors.sqlite.spelling import create_index, create_table
from lbconf.connectors.sqlite.views import create_view
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.state import changes as c
from lbconf.state.changes import Change
from lbconf.state.steps import Step
from lbconf.state.structure import State

__all__ = ["refuse_breaking", "unusable_definitions"]

TAKING: Final = (c.DropColumn, c.DropTable, c.ParkTable)
"""Changes after which something that is named elsewhere is not there any more."""


def refuse_breaking(steps: Sequence[Step], changes: Sequence[Change], actual: State) -> None:
    """Raise `PlanError` with each trigger and view of the actual state that would not work after the steps."""
    facts = any(fact.kind == "trigger" for table in actual.tables for fact in table.opaque)
    if not (facts or actual.views) or not any(isinstance(change, TAKING) for change in changes):
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in _making(actual):
            with suppress(sqlite3.Error):
                connection.execute(statement)
        before = unusable_definitions(connection)
        try:
            for step in steps:
                for done in step.statements:
                    connection.execute(done.sql)
        except sqlite3.Error:
            return  # not all of it can be made here
        after = unusable_definitions(connection)
    found = [
        Diagnostic(
            code=Code.CHANGE_IMPOSSIBLE,
            message=f"{kind} {name} would not work any more: {reason}",
            hint=f"change or drop the {kind} first, or keep what it needs",
        )
        for (kind, name), reason in after.items()
        if (kind, name) not in before
    ]
    if found:
        raise PlanError(found)


def unusable_definitions(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Kind and name of each view, and each trigger of a table, that SQLite cannot compile, and why."""
    found: dict[tuple[str, str], str] = {}
    rows = connection.execute(
        "SELECT type, name, tbl_name FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY type, name"
    ).fetchall()
    views = {name for kind, name, _ in rows if kind == "view"}
    for kind, name, table in rows:
        quoted = quote(table)
        uses = [f"SELECT * FROM {quoted}"]
        if kind == "trigger" and table not in views:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({quoted})")]
            own = ", ".join(f"{quote(column)} = {quote(column)}" for column in columns)
            uses = [f"INSERT INTO {quoted} DEFAULT VALUES", f"UPDATE {quoted} SET {own}", f"DELETE FROM {quoted}"]
        for use in uses:
            try:
                connection.execute(f"EXPLAIN {use}").close()
            except sqlite3.Error as error:
                found.setdefault((kind, name), str(error))
    return found


def _making(actual: State) -> Iterator[str]:
    for table in actual.tables:
        yield create_table(table)
        yield from (create_index(table.name, index) for index in table.indexes)
    for view in actual.views:
        yield from create_view(view)
    for table in actual.tables:
        yield from (fact.definition for fact in table.opaque if fact.kind == "trigger" and fact.definition)
