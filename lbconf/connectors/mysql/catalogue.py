"""The catalogue queries of inspection: a fixed number, each over all tables at once.

Every query takes the names of databases as parameters, as many as `places`
were asked for. Columns that make MariaDB open each table's files (numbers of
rows, sizes, AUTO_INCREMENT, ROW_FORMAT) are left out.

Source: MySQL 8.0 Reference Manual, chapter 28 (INFORMATION_SCHEMA); MariaDB documentation, Information Schema tables.
"""

from typing import Final

from lbconf.connectors.mysql.server import Server
from lbconf.records import dataclass

__all__ = ["DATABASES", "DEFAULT_ENGINE", "OWN_PREFIX", "Queries", "queries"]

OWN_PREFIX: Final = "_lbconf_"
"""Tables whose name starts so are lbconf's own and are never part of a state."""
DATABASES: Final = "SELECT schema_name, default_collation_name FROM information_schema.schemata"
DEFAULT_ENGINE: Final = "SELECT @@default_storage_engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Every query of an inspection."""

    tables: str
    columns: str
    indexes: str
    foreign_keys: str
    """One row per column."""
    rules: str
    """The actions of foreign keys: MySQL keeps them apart from the columns."""
    checks: str
    partitions: str
    views: str
    triggers: str
    routines: str
    events: str


def queries(server: Server, databases: int) -> Queries:
    """The queries for so many databases, in the words of this server."""
    places = ", ".join(f"%(p{number})s" for number in range(1, databases + 1))
    own = OWN_PREFIX.replace("_", r"\_")

    def within(column: str, table: str | None = "table_name") -> str:
        unless = "" if table is None else f" AND {table} NOT LIKE '{own}%%'"
        return f"{column} IN ({places}){unless}"

    mariadb = server.mariadb
    hidden = "ignored = 'YES'" if server.since(mariadb=(10, 6), mysql=None) else "0"
    hidden = hidden if mariadb else "is_visible = 'NO'"
    expression = "expression" if server.expression_indexes else "NULL"
    srid = "NULL" if mariadb else "srs_id"
    return Queries(
        tables=f"""
SELECT table_schema, table_name, table_type, engine, table_collation, create_options, table_comment
FROM information_schema.tables WHERE {within("table_schema")} ORDER BY table_schema, table_name""",
        columns=f"""
SELECT table_schema, table_name, column_name, column_type, is_nullable, column_default, extra, character_set_name,
  collation_name, column_comment, generation_expression, {srid}
FROM information_schema.columns WHERE {within("table_schema")} ORDER BY table_schema, table_name, ordinal_position""",
        indexes=f"""
SELECT table_schema, table_name, index_name, non_unique, column_name, collation, sub_part, index_type,
  index_comment, {hidden}, {expression}
FROM information_schema.statistics WHERE {within("table_schema")}
ORDER BY table_schema, table_name, index_name, seq_in_index""",
        foreign_keys=f"""
SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
  referenced_column_name
FROM information_schema.key_column_usage
WHERE {within("table_schema")} AND referenced_table_name IS NOT NULL
ORDER BY table_schema, table_name, constraint_name, ordinal_position""",
        rules=f"""
SELECT constraint_schema, table_name, constraint_name, delete_rule, update_rule
FROM information_schema.referential_constraints WHERE {within("constraint_schema")}""",
        checks=_checks(server, within("tc.constraint_schema", "tc.table_name"), within("constraint_schema")),
        partitions=f"""
SELECT table_schema, table_name, partition_name, subpartition_name, partition_method, subpartition_method,
  partition_expression, subpartition_expression, partition_description, partition_comment
FROM information_schema.partitions WHERE {within("table_schema")} AND partition_name IS NOT NULL
ORDER BY table_schema, table_name, partition_ordinal_position, subpartition_ordinal_position""",
        views=f"""
SELECT table_schema, table_name, view_definition, check_option, security_type,
  {"algorithm" if mariadb else "'UNDEFINED'"}
FROM information_schema.views WHERE {within("table_schema")} ORDER BY table_schema, table_name""",
        triggers=f"""
SELECT trigger_schema, event_object_table, trigger_name, action_timing, event_manipulation, action_statement
FROM information_schema.triggers WHERE {within("trigger_schema", "event_object_table")}
ORDER BY trigger_schema, event_object_table, trigger_name""",
        routines=f"""
SELECT routine_schema, routine_name, routine_type
FROM information_schema.routines WHERE {within("routine_schema", None)} ORDER BY 1, 2, 3""",
        events=f"""
SELECT event_schema, event_name FROM information_schema.events WHERE {within("event_schema", None)} ORDER BY 1, 2""",
    )


def _checks(server: Server, joined: str, alone: str) -> str:
    """Database, table, name, level (`Column` or `Table`), expression, whether it is enforced."""
    if server.mariadb:
        return f"""
SELECT constraint_schema, table_name, constraint_name, level, check_clause, 1
FROM information_schema.check_constraints WHERE {alone}"""
    return f"""
SELECT tc.constraint_schema, tc.table_name, tc.constraint_name, 'Table', cc.check_clause, tc.enforced = 'YES'
FROM information_schema.table_constraints AS tc
JOIN information_schema.check_constraints AS cc
  ON cc.constraint_schema = tc.constraint_schema AND cc.constraint_name = tc.constraint_name
WHERE {joined} AND tc.constraint_type = 'CHECK'"""
