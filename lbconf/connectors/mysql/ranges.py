"""Back-fills in ranges of the primary key, so that no batch looks at the rows of those before it.

The plan says one batch (`UPDATE /* by `id` */ t SET ... LIMIT 10000`), which any client can repeat until nothing
changes. A session that repeats it remembers how far it came, in variables of the server.
"""

import re
from collections.abc import Callable
from typing import Final

from lbconf.connectors.mysql.session import Session

__all__ = ["Ranges"]

BATCH: Final = re.compile(
    r"^UPDATE /\* by (?P<key>`(?:[^`]|``)+`) \*/ (?P<table>(?:`(?:[^`]|``)+`\.)?`(?:[^`]|``)+`) SET "
    r".* LIMIT (?P<rows>\d+)$",
    re.DOTALL,
)
FROM: Final = "@_lbconf_from"
UNTIL: Final = "@_lbconf_until"


class Ranges:
    """The back-fill that is under way in a session."""

    def __init__(self, session: Session, once: Callable[[str], int]) -> None:
        """`once` executes a statement and says how many rows it changed."""
        self._session = session
        self._once = once
        self._under_way: str | None = None

    def execute(self, sql: str) -> int | None:
        """The next batch with rows to change, and their number; None for what is no batch.

        After the last range come rows that others made behind it meanwhile: 0 says that there are none.
        """
        batch = BATCH.match(sql)
        if batch is None:
            return None
        key, table, rows = batch["key"], batch["table"], int(batch["rows"])
        bare = sql.removesuffix(f" LIMIT {rows}")
        if self._under_way != sql:
            self._session.execute(f"SET {FROM} = NULL")
            self._under_way = sql
        while self._under_way is not None:
            after = self._after(key)
            self._session.execute(
                f"SET {UNTIL} = (SELECT {key} FROM {table} WHERE {after} ORDER BY {key} LIMIT {rows - 1}, 1)"
            )
            ((more,),) = self._session.rows(f"SELECT {UNTIL} IS NOT NULL")
            until = f" AND {key} <= {UNTIL}" if more else ""
            changed = self._once(f"{bare} AND {after}{until}")
            self._session.execute(f"SET {FROM} = {UNTIL}")
            if not more:
                self._under_way = None
            if changed:
                return changed
        return self._once(sql)

    def _after(self, key: str) -> str:
        ((begun,),) = self._session.rows(f"SELECT {FROM} IS NOT NULL")
        return f"{key} > {FROM}" if begun else "TRUE"
