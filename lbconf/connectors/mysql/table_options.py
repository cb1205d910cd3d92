"""How new tables are stored, where the data source says so and the model does not."""

from typing import TYPE_CHECKING

from lbconf.records import replace
from lbconf.state.structure import State, Table

if TYPE_CHECKING:
    from lbconf.connectors.mysql.settings import MysqlSettings

__all__ = ["with_table_options"]


def with_table_options(desired: State, actual: State, settings: "MysqlSettings") -> State:
    """The desired state, its new tables with the data source's `engine`, `charset` and `collation`.

    Tables that are there stay as they are: a setting says nothing about them.
    """
    said = {"engine": settings.engine, "charset": settings.charset, "collation": settings.collation}
    usual = {name: value.lower() if name != "engine" else value for name, value in said.items() if value}
    if not usual:
        return desired
    if "collation" in usual and not usual["collation"].startswith(usual.get("charset", "")):
        # LoopBack's connector takes the character set from the collation.
        del usual["charset"]
    there = {table.name for table in actual.tables}
    tables = tuple(table if table.name in there else _told(table, usual) for table in desired.tables)
    return replace(desired, tables=tables)


def _told(table: Table, usual: dict[str, str]) -> Table:
    said = dict(table.options)
    texts = "charset" in said or "collation" in said
    more = {name: value for name, value in usual.items() if name not in said and (name == "engine" or not texts)}
    return replace(table, options=tuple(sorted({**said, **more}.items())))
