"""What is claimed of each kind of change, said to the server, which refuses a claim that is not true."""

from collections.abc import Iterator

import pymysql
import pytest

from lbconf.connectors.mysql.algorithms import TABLE, Algorithm, Kind, algorithm_clause, algorithm_of
from tests import servers_mysql
from tests.integration.mysql.target import MysqlTarget

SETUP = (
    "CREATE TABLE p (id int PRIMARY KEY)",
    """CREATE TABLE t (id int NOT NULL, a int, b varchar(20), c enum('x','y'), txt text, g point NOT NULL,
       nn int NOT NULL, PRIMARY KEY (id), KEY ib (b))""",
    "INSERT INTO p VALUES (1)",
    "INSERT INTO t VALUES (1, 1, 'b', 'x', 't', POINT(1, 1), 1), (2, 1, 'c', 'y', 'u', POINT(1, 2), 2)",
)
PARTED = "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10)"
CHANGES: dict[Kind, tuple[str, str]] = {
    Kind.ADD_COLUMN: ("", "ADD COLUMN z varchar(9) NOT NULL DEFAULT 'x'"),
    Kind.ADD_COLUMN_COMPUTED: ("", "ADD COLUMN z varchar(40) DEFAULT (uuid())"),
    Kind.ADD_COLUMN_COUNTED: ("", "ADD COLUMN z int NOT NULL AUTO_INCREMENT, ADD UNIQUE (z)"),
    Kind.ADD_COLUMN_STORED: ("", "ADD COLUMN z int AS (a + 1) STORED"),
    Kind.ADD_COLUMN_VIRTUAL: ("", "ADD COLUMN z int AS (a + 1) VIRTUAL"),
    Kind.ADD_COLUMN_CHECKED: ("", "ADD COLUMN z int CHECK (z > 0)"),
    Kind.DROP_COLUMN: ("", "DROP COLUMN a"),
    Kind.DROP_COLUMN_INDEXED: ("", "DROP COLUMN b"),
    Kind.DROP_COLUMN_VIRTUAL: ("ALTER TABLE t ADD v int AS (a + 1) VIRTUAL", "DROP COLUMN v"),
    Kind.DROP_COLUMN_STORED: ("ALTER TABLE t ADD v int AS (a + 1) STORED", "DROP COLUMN v"),
    Kind.RENAME_COLUMN: ("", "RENAME COLUMN a TO z"),
    Kind.COLUMN_DEFAULT: ("", "MODIFY COLUMN a int DEFAULT 5"),
    Kind.COLUMN_COMMENT: ("", "MODIFY COLUMN a int COMMENT 'x'"),
    Kind.COLUMN_VISIBLE: ("", "MODIFY COLUMN a int INVISIBLE"),
    Kind.COLUMN_NULLABLE: ("", "MODIFY COLUMN nn int NULL"),
    Kind.COLUMN_NOT_NULL: ("", "MODIFY COLUMN a int NOT NULL"),
    Kind.COLUMN_NOT_NULL_MOVING: (
        "ALTER TABLE t ADD m timestamp NULL DEFAULT '2020-01-01'",
        "MODIFY COLUMN m timestamp NOT NULL DEFAULT current_timestamp()",
    ),
    Kind.COLUMN_LONGER: ("", "MODIFY COLUMN b varchar(60)"),
    Kind.COLUMN_LONGER_PREFIX: ("", "MODIFY COLUMN b varchar(300)"),
    Kind.COLUMN_VALUES: ("", "MODIFY COLUMN c enum('x','y','z')"),
    Kind.COLUMN_COUNTED: ("", "MODIFY COLUMN id int NOT NULL AUTO_INCREMENT"),
    Kind.COLUMN_UNCOUNTED: ("ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT", "MODIFY COLUMN id int NOT NULL"),
    Kind.COLUMN_TYPE: ("", "MODIFY COLUMN a bigint"),
    Kind.COLUMN_CHECK: ("", "MODIFY COLUMN a int CHECK (a > 0)"),
    Kind.ADD_INDEX: ("", "ADD KEY ia (a)"),
    Kind.ADD_UNIQUE: ("", "ADD UNIQUE KEY ia (nn)"),
    Kind.ADD_UNIQUE_HASHED: ("", "ADD UNIQUE KEY ia (txt)"),
    Kind.ADD_FULLTEXT: ("", "ADD FULLTEXT KEY ia (txt)"),
    Kind.ADD_SPATIAL: ("", "ADD SPATIAL KEY ia (g)"),
    Kind.DROP_INDEX: ("", "DROP KEY ib"),
    Kind.RENAME_INDEX: ("", "RENAME INDEX ib TO ic"),
    Kind.INDEX_VISIBLE: ("", "ALTER INDEX ib IGNORED"),
    Kind.ADD_PRIMARY: ("ALTER TABLE t DROP PRIMARY KEY", "ADD PRIMARY KEY (id)"),
    Kind.DROP_PRIMARY: ("", "DROP PRIMARY KEY"),
    Kind.SWAP_PRIMARY: ("", "DROP PRIMARY KEY, ADD PRIMARY KEY (nn)"),
    Kind.ADD_FOREIGN_KEY: ("", "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)"),
    Kind.ADD_FOREIGN_KEY_UNCHECKED: (
        "SET foreign_key_checks = 0",
        "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)",
    ),
    Kind.DROP_FOREIGN_KEY: (
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)",
        "DROP FOREIGN KEY f",
    ),
    Kind.ADD_CHECK: ("", "ADD CONSTRAINT k CHECK (a > 0)"),
    Kind.DROP_CHECK: ("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)", "DROP CONSTRAINT k"),
    Kind.TABLE_COMMENT: ("", "COMMENT='x'"),
    Kind.TABLE_STORAGE: ("", "ROW_FORMAT=COMPACT"),
    Kind.TABLE_ENGINE: ("", "ENGINE=Aria"),
    Kind.TABLE_CHARSET: ("", "DEFAULT CHARACTER SET latin1, COLLATE=latin1_swedish_ci"),
    Kind.TABLE_HINT: ("", "STATS_PERSISTENT=1"),
    Kind.ADD_PARTITION: (f"{PARTED})", "ADD PARTITION (PARTITION p1 VALUES LESS THAN (20))"),
    Kind.DROP_PARTITION: (f"{PARTED}, PARTITION p1 VALUES LESS THAN (20))", "DROP PARTITION p1"),
}
MYSQL = {
    Kind.ADD_COLUMN_COMPUTED: "ADD COLUMN z varchar(40) DEFAULT (concat(1, 2))",
    Kind.INDEX_VISIBLE: "ALTER INDEX ib INVISIBLE",
    Kind.TABLE_ENGINE: "ENGINE=MyISAM",
}
"""Where MySQL says it otherwise."""
MARIADB_ALONE = {Kind.ADD_UNIQUE_HASHED}
CHEAPER_IN_9_7 = {
    Kind.COLUMN_NOT_NULL_MOVING,
    *(Kind.DROP_COLUMN_STORED, Kind.COLUMN_COMMENT, Kind.COLUMN_VISIBLE, Kind.DROP_CHECK),
}
"""What MySQL 9.7 does with less than is claimed for all of MySQL 8.0 and after."""
WITHOUT_CLAUSE = {Kind.ADD_PARTITION, Kind.DROP_PARTITION}
"""Changes beside which the server takes no clause."""
SAID_TOO_DEAR = {Kind.TABLE_ENGINE}
"""The server takes a cheaper claim and copies the table all the same."""
CHEAPER = {
    Algorithm.INPLACE: ("ALGORITHM=INSTANT",),
    Algorithm.REBUILD: ("ALGORITHM=NOCOPY, LOCK=NONE",),
    Algorithm.SHARED: ("ALGORITHM=INPLACE, LOCK=NONE",),
    Algorithm.COPY: ("ALGORITHM=INPLACE, LOCK=SHARED", "ALGORITHM=INSTANT"),
}


@pytest.fixture(scope="module")
def target(mysql_server: servers_mysql.MysqlServer) -> Iterator[MysqlTarget]:
    url = mysql_server.create_database()
    found = MysqlTarget(url)
    yield found
    found.close()
    mysql_server.drop_database(url)


def altered(target: MysqlTarget, kind: Kind, clause: str) -> None:
    """Make the change with this clause, in a database that is ready for it."""
    setup, change = CHANGES[kind]
    if not target.connector.server.mariadb:
        change = MYSQL.get(kind, change)
    with target.emptied() as session:
        session.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
        for statement in (*SETUP, *(["DROP TABLE t"] if setup.startswith(PARTED) else []), setup):
            if statement:
                session.execute(statement)
        session.execute(f"ALTER TABLE t {change}{', ' if clause else ''}{clause}")


def needs(target: MysqlTarget, kind: Kind) -> None:
    if kind in MARIADB_ALONE and not target.connector.server.mariadb:
        pytest.skip("only MariaDB has it")


def test_every_kind_of_change_is_tried() -> None:
    assert set(CHANGES) == set(TABLE) == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_server_does_what_is_claimed(target: MysqlTarget, kind: Kind) -> None:
    needs(target, kind)
    claim = algorithm_clause(algorithm_of(kind, target.connector.server))
    altered(target, kind, "" if kind in WITHOUT_CLAUSE else claim)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in WITHOUT_CLAUSE | SAID_TOO_DEAR])
def test_the_server_can_do_it_no_cheaper(target: MysqlTarget, kind: Kind) -> None:
    needs(target, kind)
    server = target.connector.server
    if not server.mariadb and kind in CHEAPER_IN_9_7:
        pytest.skip("newer versions can do it cheaper than is claimed for MySQL 8.0")
    for clause in CHEAPER.get(algorithm_of(kind, server), ()):
        if not server.mariadb and "NOCOPY" in clause:
            clause = "ALGORITHM=INSTANT"  # noqa: PLW2901 - MySQL has nothing between
        with pytest.raises(pymysql.Error) as caught:
            altered(target, kind, clause)
        assert caught.value.args[0] in {1845, 1846}
