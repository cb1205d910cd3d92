"""How the server makes a change of a table: what it costs, and what it holds up.

Every claim is handed to the server as a clause (`ALGORITHM=INSTANT`,
`ALGORITHM=INPLACE, LOCK=NONE`, ...): a server that cannot do it so refuses
the statement instead of doing something worse.

Source: MySQL 8.0 Reference Manual, section 17.12.1 (online DDL operations); MariaDB documentation, "InnoDB Online DDL
Operations with the INSTANT / NOCOPY / INPLACE Alter Algorithm".
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Final

from lbconf.connectors.mysql.server import Server

__all__ = ["Algorithm", "Kind", "algorithm_clause", "algorithm_of", "weakest"]


class Algorithm(IntEnum):
    """From the cheapest to the dearest."""

    INSTANT = 1
    """Only the dictionary changes."""
    INPLACE = 2
    """An index is built or dropped while others read and write."""
    REBUILD = 3
    """The table is written anew while others read and write."""
    SHARED = 4
    """Made in place, while others only read."""
    REBUILD_SHARED = 5
    """The table is written anew in place, while others only read."""
    COPY = 6
    """The table is copied row by row, while others only read."""


class Kind(StrEnum):
    """Kinds of change that differ in what the server can do."""

    ADD_COLUMN = "add column"
    ADD_COLUMN_COMPUTED = "add column with a default that is an expression"
    ADD_COLUMN_COUNTED = "add column AUTO_INCREMENT"
    ADD_COLUMN_STORED = "add generated column STORED"
    ADD_COLUMN_VIRTUAL = "add generated column VIRTUAL"
    ADD_COLUMN_CHECKED = "add column with a check of its own"
    DROP_COLUMN = "drop column"
    DROP_COLUMN_INDEXED = "drop column that an index has"
    DROP_COLUMN_VIRTUAL = "drop generated column VIRTUAL"
    DROP_COLUMN_STORED = "drop generated column STORED"
    RENAME_COLUMN = "rename column"
    COLUMN_DEFAULT = "change default"
    COLUMN_COMMENT = "change comment of column"
    COLUMN_VISIBLE = "change visibility of column"
    COLUMN_NULLABLE = "make column nullable"
    COLUMN_NOT_NULL = "make column not null"
    COLUMN_NOT_NULL_MOVING = "make column not null whose default is an expression or the moment"
    COLUMN_LONGER = "lengthen varchar"
    COLUMN_LONGER_PREFIX = "lengthen varchar beyond 255 bytes"
    COLUMN_VALUES = "add values at the end of enum or set"
    COLUMN_COUNTED = "add AUTO_INCREMENT"
    COLUMN_UNCOUNTED = "drop AUTO_INCREMENT"
    COLUMN_TYPE = "change type, character set or collation"
    COLUMN_CHECK = "change check of column"
    ADD_INDEX = "add index"
    ADD_UNIQUE = "add unique index"
    ADD_UNIQUE_HASHED = "add unique index over whole long texts"
    ADD_FULLTEXT = "add fulltext index"
    ADD_SPATIAL = "add spatial index"
    DROP_INDEX = "drop index"
    RENAME_INDEX = "rename index"
    INDEX_VISIBLE = "change visibility of index"
    ADD_PRIMARY = "add primary key"
    DROP_PRIMARY = "drop primary key"
    SWAP_PRIMARY = "drop and add primary key"
    ADD_FOREIGN_KEY = "add foreign key"
    ADD_FOREIGN_KEY_UNCHECKED = "add foreign key without checking rows"
    DROP_FOREIGN_KEY = "drop foreign key"
    ADD_CHECK = "add check"
    DROP_CHECK = "drop check"
    TABLE_COMMENT = "change comment of table"
    TABLE_STORAGE = "change row format"
    TABLE_ENGINE = "change engine"
    TABLE_CHARSET = "change default character set of table"
    TABLE_HINT = "change statistics options"
    ADD_PARTITION = "add partition"
    DROP_PARTITION = "drop partition"


INSTANT, INPLACE, REBUILD = Algorithm.INSTANT, Algorithm.INPLACE, Algorithm.REBUILD
SHARED, COPY = Algorithm.SHARED, Algorithm.COPY

Version = tuple[int, ...]
Row = tuple[Version, Algorithm]
"""From this version on, this algorithm."""

TABLE: Final[dict[Kind, tuple[tuple[Row, ...], tuple[Row, ...]]]] = {
    # kind: (MariaDB, MySQL), each from the newest version down
    Kind.ADD_COLUMN: ((((10, 4), INSTANT),), (((8, 0, 12), INSTANT), ((8, 0), REBUILD))),
    Kind.ADD_COLUMN_COMPUTED: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.ADD_COLUMN_COUNTED: ((((10, 2), SHARED),), (((8, 0), SHARED),)),
    Kind.ADD_COLUMN_STORED: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.ADD_COLUMN_VIRTUAL: ((((10, 4), INSTANT),), (((8, 0), INSTANT),)),
    Kind.ADD_COLUMN_CHECKED: ((((10, 2), INSTANT),), (((8, 0), COPY),)),
    Kind.DROP_COLUMN: ((((10, 4), INSTANT),), (((8, 0, 29), INSTANT), ((8, 0), REBUILD))),
    Kind.DROP_COLUMN_INDEXED: ((((10, 4), INPLACE),), (((8, 0), REBUILD),)),
    Kind.DROP_COLUMN_VIRTUAL: ((((10, 4), INSTANT),), (((8, 0), INSTANT),)),
    Kind.DROP_COLUMN_STORED: ((((10, 4), INSTANT),), (((8, 0), REBUILD),)),
    Kind.RENAME_COLUMN: ((((10, 4), INSTANT),), (((8, 0, 28), INSTANT), ((8, 0), INPLACE))),
    Kind.COLUMN_DEFAULT: ((((10, 2), INSTANT),), (((8, 0), INSTANT),)),
    Kind.COLUMN_COMMENT: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.COLUMN_VISIBLE: ((((10, 3), INSTANT),), (((8, 0), INPLACE),)),
    Kind.COLUMN_NULLABLE: ((((10, 2), REBUILD),), (((8, 0), REBUILD),)),
    Kind.COLUMN_NOT_NULL: ((((10, 2), REBUILD),), (((8, 0), REBUILD),)),
    Kind.COLUMN_NOT_NULL_MOVING: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.COLUMN_LONGER: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.COLUMN_LONGER_PREFIX: ((((10, 4, 3), INSTANT), ((10, 2), COPY)), (((8, 0), COPY),)),
    Kind.COLUMN_VALUES: ((((10, 2), INSTANT),), (((8, 0), INSTANT),)),
    Kind.COLUMN_COUNTED: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.COLUMN_UNCOUNTED: ((((10, 2), INSTANT),), (((8, 0), COPY),)),
    Kind.COLUMN_TYPE: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.COLUMN_CHECK: ((((10, 2), INSTANT),), (((8, 0), COPY),)),
    Kind.ADD_INDEX: ((((10, 2), INPLACE),), (((8, 0), INPLACE),)),
    Kind.ADD_UNIQUE: ((((10, 2), INPLACE),), (((8, 0), INPLACE),)),
    Kind.ADD_UNIQUE_HASHED: ((((10, 4), COPY),), (((8, 0), COPY),)),
    Kind.ADD_FULLTEXT: ((((10, 2), SHARED),), (((8, 0), SHARED),)),
    Kind.ADD_SPATIAL: ((((10, 2), SHARED),), (((8, 0), SHARED),)),
    Kind.DROP_INDEX: ((((10, 2), INPLACE),), (((8, 0), INPLACE),)),
    Kind.RENAME_INDEX: ((((10, 5), INSTANT),), (((8, 0), INPLACE),)),
    Kind.INDEX_VISIBLE: ((((10, 6), INSTANT),), (((8, 0), INPLACE),)),
    Kind.ADD_PRIMARY: ((((10, 2), REBUILD),), (((8, 0), REBUILD),)),
    Kind.DROP_PRIMARY: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.SWAP_PRIMARY: ((((10, 2), REBUILD),), (((8, 0), REBUILD),)),
    Kind.ADD_FOREIGN_KEY: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.ADD_FOREIGN_KEY_UNCHECKED: ((((10, 2), INPLACE),), (((8, 0), INPLACE),)),
    Kind.DROP_FOREIGN_KEY: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.ADD_CHECK: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.DROP_CHECK: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.TABLE_COMMENT: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.TABLE_STORAGE: ((((10, 2), REBUILD),), (((8, 0), REBUILD),)),
    Kind.TABLE_ENGINE: ((((10, 2), COPY),), (((8, 0), COPY),)),
    Kind.TABLE_CHARSET: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.TABLE_HINT: ((((10, 2), INSTANT),), (((8, 0), INPLACE),)),
    Kind.ADD_PARTITION: ((((10, 2), SHARED),), (((8, 0), SHARED),)),
    Kind.DROP_PARTITION: ((((10, 2), SHARED),), (((8, 0), SHARED),)),
}


def algorithm_of(kind: Kind, server: Server) -> Algorithm:
    """The cheapest way this server has for the kind of change, on a usual InnoDB table."""
    for since, algorithm in TABLE[kind][0 if server.mariadb else 1]:
        if server.version >= since:
            return algorithm
    return COPY


def weakest(algorithms: Iterable[Algorithm]) -> Algorithm:
    """What a statement needs that makes several changes."""
    return max(algorithms, default=INSTANT)


def algorithm_clause(algorithm: Algorithm) -> str:
    """The clause that lets the server refuse what would cost more."""
    match algorithm:
        case Algorithm.INSTANT:
            return "ALGORITHM=INSTANT"
        case Algorithm.INPLACE | Algorithm.REBUILD:
            return "ALGORITHM=INPLACE, LOCK=NONE"
        case Algorithm.SHARED | Algorithm.REBUILD_SHARED:
            return "ALGORITHM=INPLACE, LOCK=SHARED"
        case Algorithm.COPY:
            return "ALGORITHM=COPY, LOCK=SHARED"
