"""Random databases as people write them for MySQL and MariaDB: statements, some of which the server may refuse."""

from hypothesis import strategies as st

__all__ = ["scripts"]

COLUMNS = [
    "int(11) DEFAULT NULL",
    "int(3) NOT NULL DEFAULT '7'",
    "bigint(20) unsigned NOT NULL DEFAULT 0",
    "tinyint(1) NOT NULL DEFAULT '1'",
    "tinyint(4) DEFAULT NULL",
    "int(5) unsigned zerofill",
    "decimal(8,3) NOT NULL DEFAULT '1.5'",
    "numeric DEFAULT 3",
    "float(7,2)",
    "double unsigned DEFAULT 0.1",
    "year(4) DEFAULT '1999'",
    "bit(1) DEFAULT b'1'",
    "bit(7)",
    "char(2) NOT NULL DEFAULT ''",
    "varchar(30) CHARACTER SET latin1 DEFAULT 'it''s'",
    "varchar(30) COLLATE utf8mb4_bin NOT NULL DEFAULT 'a\\\\b'",
    "varchar(255) COMMENT 'what''s \\\\ it'",
    "text",
    "mediumtext COLLATE utf8mb4_unicode_ci",
    "longtext DEFAULT 'x'",
    "json",
    "json DEFAULT '{\"a\": 1}'",
    "longtext CHECK (json_valid(c))",
    "blob",
    "varbinary(16) DEFAULT 'ab'",
    "binary(2)",
    "enum('a','b c','it''s') DEFAULT 'it''s'",
    "set('x','y') NOT NULL DEFAULT 'x,y'",
    "date DEFAULT '2001-02-03'",
    "date DEFAULT (curdate())",
    "datetime DEFAULT current_timestamp() ON UPDATE current_timestamp()",
    "datetime(6) NOT NULL DEFAULT now(6)",
    "timestamp NULL DEFAULT NULL",
    "timestamp NOT NULL DEFAULT current_timestamp",
    "time DEFAULT '10:00:00'",
    "varchar(40) DEFAULT (uuid())",
    "int DEFAULT (1 + length('x,y'))",
    "int INVISIBLE DEFAULT 1",
    "int CHECK (c > 0 and c <> 7)",
    "int GENERATED ALWAYS AS (id * 2) STORED",
    "varchar(40) GENERATED ALWAYS AS (concat(id,'-','x')) VIRTUAL",
    "point NOT NULL",
    "geometry",
    "uuid",
]
PARTS = [
    "UNIQUE KEY uq (c)",
    "UNIQUE KEY uq_part (c(5))",
    "KEY k (c, id)",
    "KEY k_down (c DESC)",
    "KEY k_hidden (c) COMMENT 'why' IGNORED",
    "FULLTEXT KEY words (c)",
    "SPATIAL KEY places (c)",
    "CONSTRAINT positive CHECK (id > 0 or c is null)",
    "CHECK (c in ('a','b') or id between 1 and 9)",
    "CONSTRAINT up FOREIGN KEY (parent) REFERENCES t0 (id) ON DELETE CASCADE",
    "FOREIGN KEY (parent) REFERENCES t0 (id) ON UPDATE CASCADE ON DELETE SET NULL",
    "KEY own (parent), CONSTRAINT up FOREIGN KEY (parent) REFERENCES t0 (id) ON DELETE NO ACTION",
    "KEY up (parent, id), FOREIGN KEY up (parent) REFERENCES t0 (id)",
]
OPTIONS = [
    "",
    "ENGINE=MyISAM",
    "ENGINE=Aria",
    "ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
    "DEFAULT CHARSET=latin1",
    "DEFAULT CHARSET=utf8 COLLATE=utf8_bin COMMENT='it''s'",
    "STATS_PERSISTENT=0 AUTO_INCREMENT=50",
    "PARTITION BY HASH (id) PARTITIONS 3",
    "PARTITION BY RANGE (id) (PARTITION p9 VALUES LESS THAN (10), PARTITION p10 VALUES LESS THAN MAXVALUE)",
]
MORE = [
    "CREATE VIEW v AS SELECT id, 'x`.`y' AS lit FROM t0",
    "CREATE SQL SECURITY INVOKER VIEW w AS SELECT * FROM t0 WHERE id > 0 WITH CHECK OPTION",
    "CREATE TRIGGER tr BEFORE INSERT ON t0 FOR EACH ROW SET NEW.id = NEW.id",
    "CREATE FUNCTION f (a int) RETURNS int DETERMINISTIC RETURN a + 1",
    "ALTER TABLE t0 RENAME COLUMN c TO `new name`",
    "CREATE TABLE `order` (`select` int PRIMARY KEY, `Größe` varchar(3), `a``b` int, KEY `k` (`a``b`))",
]


@st.composite
def scripts(draw: st.DrawFn) -> list[str]:
    """Statements that make a few tables; the first one is there whenever the server takes it."""
    found = [draw(_table(number)) for number in range(draw(st.integers(1, 3)))]
    return found + draw(st.lists(st.sampled_from(MORE), max_size=3, unique=True))


@st.composite
def _table(draw: st.DrawFn, number: int) -> str:
    key = draw(st.sampled_from(["id int NOT NULL AUTO_INCREMENT PRIMARY KEY", "id int NOT NULL", "id int PRIMARY KEY"]))
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4))
    names = ["c", "d", "e", "f"]
    clauses = [key, "parent int", *(f"{name} {text}" for name, text in zip(names, columns, strict=False))]
    clauses += draw(st.lists(st.sampled_from(PARTS), max_size=2, unique=True))
    return f"CREATE TABLE t{number} ({', '.join(clauses)}) {draw(st.sampled_from(OPTIONS))}"
