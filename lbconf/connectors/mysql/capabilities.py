"""What MySQL and MariaDB can do with lbconf, by server and version."""

from functools import cache

from lbconf.connectors.capabilities import (
    FULL,
    Capabilities,
    QueryCapabilities,
    StateCapabilities,
    Support,
    TypeCapabilities,
    WriteCapabilities,
    emulated,
    impossible,
    not_implemented,
    since,
)
from lbconf.connectors.mysql.server import NEWEST_MARIADB, Server

__all__ = ["capabilities"]


@cache
def capabilities(server: Server = NEWEST_MARIADB, *, loopback: bool = False) -> Capabilities:
    """Every answer for this server; `loopback`: with tables as LoopBack makes them."""
    return Capabilities(
        state=StateCapabilities(
            inspect=FULL,
            apply=FULL,
            transactional_ddl=impossible(
                "every statement that changes a table commits; the ledger says how far it got"
            ),
            namespaces=FULL,
            foreign_keys=FULL,
            checks=_since(server.enforced_checks, "8.0.16, MariaDB 10.2.1", "checks are enforced"),
            enum_types=emulated("each column lists its values"),
            partial_indexes=impossible("neither server has them"),
            expression_indexes=_expression_indexes(server),
            comments=FULL,
            alter_column=FULL,
            online_indexes=FULL,
            online_constraints=impossible(
                "a check holds up writers while rows are checked, in MySQL a foreign key too; NOT NULL does not"
            ),
            instant_columns=_since(server.instant_columns, "8.0.12, MariaDB 10.3.2", "ALGORITHM=INSTANT"),
            lock_clauses=FULL,
            generated_columns=FULL,
            expression_defaults=_since(server.expression_defaults, "8.0.13, MariaDB 10.2.1", "defaults by expression"),
            sequences=not_implemented("MariaDB's are kept, and not made from models; MySQL has none"),
            domains=impossible("neither server has them"),
            partitions=FULL,
            views=FULL,
        ),
        query=QueryCapabilities(
            json_paths=FULL,
            regexp=emulated("the server's own: PCRE in MariaDB, ICU in MySQL, with JavaScript's line rules"),
            ilike=emulated("both sides in lower case"),
            near=emulated("a distance on a sphere, computed for each row"),
            json_result=emulated(
                "one text a row; rows with bytes, or with texts that stand for numbers, are made by Python"
            ),
            case_sensitive_like=emulated("compared byte by byte, whatever the column's collation"),
            related=FULL,
            aggregate=FULL,
        ),
        write=WriteCapabilities(
            transactions=FULL,
            returning=FULL
            if server.returning
            else emulated("ids are worked out from the first one that was given, other values read again"),
            generated_ids=FULL,
            composite_ids=FULL,
            unique=FULL,
            unknown_properties=impossible("a table has the columns it has"),
            announced_changes=impossible("MySQL notifies no clients; streams tell what one process writes"),
        ),
        types=TypeCapabilities(
            decimal=emulated("65 digits at most, 30 of them after the point"),
            bigint=FULL,
            uuid=emulated("kept as text"),
            json=FULL if server.json_type else emulated("kept as text with a check"),
            enum=FULL,
            datetime_milliseconds=impossible("LoopBack's DATETIME columns have whole seconds")
            if loopback
            else emulated("DATETIME(3) in UTC; the DATETIME of a LoopBack layout has whole seconds only"),
            binary=FULL,
            geo_point=FULL,
            boolean=emulated("TINYINT(1)"),
        ),
    )


def _since(there: bool, version: str, reason: str) -> Support:  # noqa: FBT001 - an answer
    return FULL if there else since(version, reason)


def _expression_indexes(server: Server) -> Support:
    if server.mariadb:
        return impossible("MariaDB has none; an index on a generated column does the same")
    return _since(server.expression_indexes, "8.0.13", "indexes over expressions")
