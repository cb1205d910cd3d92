"""The lock that each statement of ours takes on a table with users, and whether it writes rows anew.

Told from the statement's own words: they are all ours. tests/integration/postgresql/test_hazards.py asks the server.

Source: PostgreSQL manual, section 13.3.1 (which statement takes which lock), page ALTER TABLE.
"""

from collections.abc import Collection, Sequence
from typing import Final

from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName

__all__ = ["lock_of", "with_locks"]

STRENGTH: Final = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""Table locks, the weakest first."""
QUOTED: Final = pattern(r'"(?:[^"]|"")*"')
SHARE_UPDATE: Final = "SHARE UPDATE EXCLUSIVE"
LOCKS: Final[tuple[tuple[str, str | None], ...]] = (
    (r"CREATE (UNIQUE )?INDEX CONCURRENTLY ", SHARE_UPDATE),
    (r"DROP INDEX CONCURRENTLY ", SHARE_UPDATE),
    (r"CREATE (UNIQUE )?INDEX ", "SHARE"),
    (r"DROP INDEX ", "ACCESS EXCLUSIVE"),
    (r"ALTER INDEX \S+ ATTACH ", None),
    (r"ALTER INDEX ", SHARE_UPDATE),
    (r"ALTER TABLE \S+ VALIDATE CONSTRAINT ", SHARE_UPDATE),
    (r"ALTER TABLE \S+ ADD (CONSTRAINT \S+ )?FOREIGN KEY ", "SHARE ROW EXCLUSIVE"),
    (r"ALTER TABLE \S+ ALTER COLUMN \S+ SET STATISTICS ", SHARE_UPDATE),
    (r"ALTER TABLE \S+ (SET|RESET) \((?!.*user_catalog_table)", SHARE_UPDATE),
    (r"ALTER TABLE \S+ (CLUSTER ON|SET WITHOUT CLUSTER)", SHARE_UPDATE),
    (r"ALTER TABLE \S+ ATTACH PARTITION ", SHARE_UPDATE),
    (r"ALTER TABLE ", "ACCESS EXCLUSIVE"),
    (r"DROP TABLE ", "ACCESS EXCLUSIVE"),
    (r"COMMENT ON (TABLE|COLUMN|CONSTRAINT|INDEX) ", SHARE_UPDATE),
    (r"(WITH|UPDATE|INSERT|DELETE) ", "ROW EXCLUSIVE"),
)
PATTERNS: Final = tuple((pattern(text), lock) for text, lock in LOCKS)
MAY_REWRITE: Final = pattern(r"ALTER TABLE \S+ (ALTER COLUMN \S+ TYPE|ADD COLUMN|SET (UN)?LOGGED|SET TABLESPACE) ?")


def lock_of(sql: str) -> str | None:
    """The strongest lock that a statement takes on a table that was there before; None where it takes none."""
    words = QUOTED.sub("name", sql)
    return next((lock for found, lock in PATTERNS if found.match(words)), None)


def with_locks(steps: Sequence[Step], made: Collection[QualifiedName]) -> tuple[Step, ...]:
    """The steps with the locks of their statements, and which of them write a table anew.

    Nobody waits for a table that the same plan makes, only for one that a foreign key of it points at.
    """
    return tuple(step if step.table in made and not _points(step) else _with_locks(step) for step in steps)


def _points(step: Step) -> bool:
    return any(lock_of(statement.sql) == "SHARE ROW EXCLUSIVE" for statement in step.statements)


def _with_locks(step: Step) -> Step:
    anew = any(hazard.kind is HazardKind.REWRITES_TABLE for hazard in step.hazards)
    statements = tuple(_told(statement, anew=anew) for statement in step.statements)
    locks = [statement.lock for statement in statements if statement.lock is not None]
    strongest = max(locks, key=STRENGTH.index, default=None)
    return replace(
        step,
        statements=statements,
        lock=strongest if step.table is not None else step.lock,
        rewrites=any(statement.rewrites for statement in statements),
    )


def _told(statement: Statement, *, anew: bool) -> Statement:
    rewrites = anew and MAY_REWRITE.match(QUOTED.sub("name", statement.sql)) is not None
    return replace(statement, lock=statement.lock or lock_of(statement.sql), rewrites=statement.rewrites or rewrites)
