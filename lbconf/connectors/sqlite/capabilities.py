"""What SQLite can do with lbconf, by library version."""

from functools import cache
from typing import Final

from lbconf.connectors.capabilities import (
    FULL,
    Capabilities,
    QueryCapabilities,
    StateCapabilities,
    TypeCapabilities,
    WriteCapabilities,
    emulated,
    impossible,
    not_implemented,
    since,
)

__all__ = ["NEWEST", "capabilities"]

NEWEST: Final = (3, 51, 0)
"""The newest known version."""


@cache
def capabilities(version: tuple[int, int, int] = NEWEST) -> Capabilities:
    """Every answer for a library of this version."""
    returning = FULL if version >= (3, 35, 0) else since("3.35", "RETURNING")
    return Capabilities(
        state=StateCapabilities(
            inspect=FULL,
            apply=FULL,
            transactional_ddl=FULL,
            namespaces=impossible("a file is one namespace"),
            foreign_keys=FULL,
            checks=FULL,
            enum_types=emulated("text with a check"),
            partial_indexes=FULL,
            expression_indexes=FULL,
            comments=impossible("SQLite keeps no comments on tables and columns"),
            alter_column=emulated("the table is built anew with its rows, indexes and foreign keys"),
            online_indexes=impossible("a write locks the whole file"),
            online_constraints=impossible("a write locks the whole file"),
            instant_columns=FULL,
            lock_clauses=impossible("a write locks the whole file"),
            generated_columns=FULL,
            expression_defaults=FULL,
            sequences=impossible("SQLite has none"),
            domains=impossible("SQLite has none"),
            partitions=impossible("SQLite has none"),
            views=FULL,
        ),
        query=QueryCapabilities(
            json_paths=emulated("looked up by a function of ours in JSON text"),
            regexp=emulated("matched by a function of ours, in linear time"),
            ilike=emulated("both sides in lower case"),
            near=emulated("a distance on a sphere, computed for each row"),
            json_result=not_implemented("SQLite prints floating-point numbers with 15 digits only"),
            case_sensitive_like=emulated("by GLOB; SQLite's LIKE ignores the case of ASCII letters"),
            related=FULL,
            aggregate=FULL,
        ),
        write=WriteCapabilities(
            transactions=FULL,
            returning=returning,
            generated_ids=FULL,
            composite_ids=FULL,
            unique=FULL,
            unknown_properties=impossible("a table has the columns it has"),
            announced_changes=impossible("a file notifies nobody; streams tell what one process writes"),
        ),
        types=TypeCapabilities(
            decimal=emulated("kept as text, compared as numbers by a collation of ours"),
            bigint=FULL,
            uuid=emulated("kept as text"),
            json=emulated("kept as text"),
            enum=emulated("text with a check"),
            datetime_milliseconds=emulated("kept as text in the native layout, as milliseconds in LoopBack's"),
            binary=FULL,
            geo_point=emulated("kept as JSON text"),
            boolean=emulated("kept as 0 and 1"),
        ),
    )
