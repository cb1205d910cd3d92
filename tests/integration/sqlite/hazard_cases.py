"""Kinds of changes, each as two databases, and docs/hazards.md's table of what they do.

`python -m tests.integration.sqlite.hazard_cases` writes the table anew.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lbconf.plan.plan import Plan
from lbconf.records import replace
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import EVERYTHING
from tests.integration.sqlite.target import SqliteTarget

__all__ = ["CASES", "DOCUMENT", "documented", "planned", "table"]

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "hazards.md"
MARKS: Final = ("<!-- sqlite begin -->", "<!-- sqlite end -->")
HEAD: Final = ("| change | statements | rewrites | hazards | undone by | test |", "|---|---|---|---|---|---|")

T: Final = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)"
P: Final = "CREATE TABLE p (id INTEGER PRIMARY KEY)"
CASES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "create a table": ((T,), (T, P)),
    "drop a table": ((T, P), (T,)),
    "add a column": ((T,), (T.replace(")", ", c TEXT)"),)),
    "add a required column with a constant default": ((T,), (T.replace(")", ", c INTEGER NOT NULL DEFAULT 0)"),)),
    "add a virtual column": ((T,), (T.replace(")", ", c TEXT AS (a || 'x'))"),)),
    "add a stored column": ((T,), (T.replace(")", ", c TEXT AS (a || 'x') STORED)"),)),
    "add a column whose default is computed": ((T,), (T.replace(")", ", c TEXT DEFAULT (datetime('now')))"),)),
    "drop a column": ((T,), (T.replace(", b INTEGER", ""),)),
    "change a default": ((T,), (T.replace("a TEXT", "a TEXT DEFAULT 'x'"),)),
    "require a column": ((T,), (T.replace("a TEXT", "a TEXT NOT NULL"),)),
    "allow null": ((T.replace("a TEXT", "a TEXT NOT NULL"),), (T,)),
    "widen a type": ((T.replace("a TEXT", "a VARCHAR(5)"),), (T.replace("a TEXT", "a VARCHAR(9)"),)),
    "narrow a type": ((T.replace("a TEXT", "a VARCHAR(9)"),), (T.replace("a TEXT", "a VARCHAR(5)"),)),
    "change a type": ((T,), (T.replace("b INTEGER", "b TEXT"),)),
    "change a collation": ((T,), (T.replace("a TEXT", "a TEXT COLLATE NOCASE"),)),
    "create an index": ((T,), (T, "CREATE INDEX i ON t (a)")),
    "create a unique index": ((T,), (T, "CREATE UNIQUE INDEX i ON t (a)")),
    "drop an index": ((T, "CREATE INDEX i ON t (a)"), (T,)),
    "change an index": ((T, "CREATE INDEX i ON t (a)"), (T, "CREATE INDEX i ON t (a, b DESC)")),
    "rename an index": ((T, "CREATE INDEX i ON t (a)"), (T, "CREATE INDEX j ON t (a)")),
    "add a unique constraint": ((T,), (T.replace(")", ", UNIQUE (a))"),)),
    "drop a unique constraint": ((T.replace(")", ", UNIQUE (a))"),), (T,)),
    "change the primary key": ((T,), (T.replace(" PRIMARY KEY", "").replace(")", ", PRIMARY KEY (id, b))"),)),
    "add a foreign key": ((T, P), (T.replace(")", ", FOREIGN KEY (b) REFERENCES p (id))"), P)),
    "drop a foreign key": ((T.replace(")", ", FOREIGN KEY (b) REFERENCES p (id))"), P), (T, P)),
    "add a check": ((T,), (T.replace(")", ", CHECK (b > 0))"),)),
    "drop a check": ((T.replace(")", ", CHECK (b > 0))"),), (T,)),
    "make a table strict": ((T,), (T + " STRICT",)),
    "take the row ids away": ((T,), (T + " WITHOUT ROWID",)),
    "create a view": ((T,), (T, "CREATE VIEW v AS SELECT a FROM t")),
    "change a view": ((T, "CREATE VIEW v AS SELECT a FROM t"), (T, "CREATE VIEW v AS SELECT b FROM t")),
}


def planned(folder: Path, name: str) -> tuple[SqliteTarget, Plan]:
    """A database as it was with a row in it, and the plan to what it shall be."""
    before, after = CASES[name]
    target, other = SqliteTarget(folder / "before.db"), SqliteTarget(folder / "after.db")
    target.run("PRAGMA journal_mode = WAL", *before, "INSERT INTO t (id, a, b) VALUES (1, 'x', 1)")
    if P in before:
        target.run("INSERT INTO p VALUES (1)")
    other.run(*after)
    return target, target.plan(replace(other.inspect(), owns=(EVERYTHING,)))


def table() -> list[str]:
    """The lines of the document's table, from what lbconf compiles."""
    lines = list(HEAD)
    for name in CASES:
        with TemporaryDirectory() as folder:
            _, plan = planned(Path(folder), name)
        hazards = {hazard.kind for step in plan.steps for hazard in step.hazards}
        words = ", ".join(kind.value for kind in HazardKind if kind in hazards) or "none"
        statements = [statement.sql for step in plan.steps for statement in step.statements]
        undo = [statement.sql for step in plan.steps for statement in step.undo]
        cells = (name, _shown(statements), _yes(any(step.rewrites for step in plan.steps)), words, _shown(undo), name)
        lines.append("| " + " | ".join((*cells[:-1], f"`{cells[-1]}`")) + " |")
    return lines


def documented() -> list[str]:
    """The lines of the table as the document has it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(MARKS[0])[2].partition(MARKS[1])[0].strip().splitlines()


def _yes(found: bool) -> str:  # noqa: FBT001
    return "yes" if found else "no"


def _shown(statements: Iterable[str]) -> str:
    found = [f"`{_short(sql)}`" for sql in statements if not sql.startswith("PRAGMA")]
    return ", ".join(dict.fromkeys(found)) or "nothing"


def _short(sql: str) -> str:
    """The first words of a statement, with names left out."""
    text = re.sub(r'"[^"]*"', "x", " ".join(sql.split()))
    text = re.sub(r"VIEW v AS .*", "VIEW x AS ...", text)
    text = re.sub(r"\(.*\)", "(...)", text)
    return text.replace("|", "\\|")


if __name__ == "__main__":
    content = DOCUMENT.read_text(encoding="utf-8")
    start, _, rest = content.partition(MARKS[0])
    _, _, end = rest.partition(MARKS[1])
    DOCUMENT.write_text("\n".join((f"{start}{MARKS[0]}", *table(), f"{MARKS[1]}{end}")), encoding="utf-8")
    sys.exit(0)
