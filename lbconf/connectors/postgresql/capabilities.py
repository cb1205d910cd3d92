"""What PostgreSQL can do with lbconf, by server version."""

from functools import cache
from typing import Final

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
    since,
)

__all__ = ["NEWEST", "capabilities"]

NEWEST: Final = 180000
"""The newest known `server_version_num`."""


@cache
def capabilities(version: int = NEWEST) -> Capabilities:
    """Every answer for a server of this version (`server_version_num`)."""
    return Capabilities(
        state=StateCapabilities(
            inspect=FULL,
            apply=FULL,
            transactional_ddl=FULL,
            namespaces=FULL,
            foreign_keys=FULL,
            checks=FULL,
            enum_types=FULL,
            partial_indexes=FULL,
            expression_indexes=FULL,
            comments=FULL,
            alter_column=FULL,
            online_indexes=FULL,
            online_constraints=FULL,
            instant_columns=FULL,
            lock_clauses=impossible("PostgreSQL has no such clause; every statement waits for its lock a bounded time"),
            generated_columns=FULL,
            expression_defaults=FULL,
            sequences=FULL,
            domains=FULL,
            partitions=FULL,
            views=FULL,
        ),
        query=QueryCapabilities(
            json_paths=FULL,
            regexp=emulated(
                "PostgreSQL's advanced regular expressions, with JavaScript's line rules and word boundaries"
            ),
            ilike=FULL,
            near=emulated("a distance on a sphere, computed for each row"),
            json_result=FULL,
            case_sensitive_like=FULL,
            related=FULL,
            aggregate=FULL,
        ),
        write=WriteCapabilities(
            transactions=FULL,
            returning=FULL,
            generated_ids=_since(version, 100000, "identity columns"),
            composite_ids=FULL,
            unique=FULL,
            unknown_properties=impossible("a table has the columns it has"),
            announced_changes=FULL,
        ),
        types=TypeCapabilities(
            decimal=FULL,
            bigint=FULL,
            uuid=_since(version, 130000, "gen_random_uuid() without an extension"),
            json=FULL,
            enum=FULL,
            datetime_milliseconds=FULL,
            binary=FULL,
            geo_point=FULL,
            boolean=FULL,
        ),
    )


def _since(version: int, needed: int, reason: str) -> Support:
    return FULL if version >= needed else since(str(needed // 10000), reason)
