"""Structure in the words of MySQL and MariaDB, as far as it needs no server."""

import pytest

from lbconf.connectors.mysql.algorithms import Algorithm, Kind, algorithm_of
from lbconf.connectors.mysql.ddl import compile_changes
from lbconf.connectors.mysql.defaults import canonical_default, literal, printed_default, without_parentheses
from lbconf.connectors.mysql.implied import implied_indexes, without_implied
from lbconf.connectors.mysql.partitions import partition_clause
from lbconf.connectors.mysql.probe import items_of, printed_column
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.mysql.spelling import check_clause, column_clause, create_table, index_clause
from lbconf.connectors.mysql.type_changes import failing, loses
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Partition,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

MARIADB = Server(mariadb=True, version=(10, 11, 6))
MYSQL = Server(mariadb=False, version=(8, 0, 36))
T = QualifiedName("", "t")
ID = Column(name="id", type=ColumnType("bigint"), nullable=False, identity=Identity(kind="autoincrement"))
A = Column(name="a", type=ColumnType("int"))
TABLE = Table(name=T, columns=(ID, A), primary_key=PrimaryKey(name=None, columns=("id",)))


@pytest.mark.parametrize(
    ("text", "kind", "extra", "expected"),
    [
        ("1", ColumnType("int"), "", "1"),
        ("it's", ColumnType("varchar", (9,)), "", "'it''s'"),
        ("1", ColumnType("varchar", (9,)), "", "'1'"),
        ("uuid()", ColumnType("char", (36,)), "DEFAULT_GENERATED", "(uuid())"),
        ("_utf8mb4\\'x\\'", ColumnType("json"), "DEFAULT_GENERATED", "(_utf8mb4'x')"),
        (
            "CURRENT_TIMESTAMP(3)",
            ColumnType("datetime", (3,)),
            "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)",
            "CURRENT_TIMESTAMP(3)",
        ),
        ("b'101'", ColumnType("bit", (3,)), "", "b'101'"),
        ("1.50", ColumnType("decimal", (5, 2)), "", "1.50"),
    ],
)
def test_mysql_prints_literals_bare_and_marks_expressions(
    text: str, kind: ColumnType, extra: str, expected: str
) -> None:
    assert printed_default(text, kind, mariadb=False, extra=extra) == Default(expected)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("NULL", ColumnType("int"), None),
        ("'x'", ColumnType("varchar", (9,)), "'x'"),
        ("current_timestamp()", ColumnType("datetime"), "CURRENT_TIMESTAMP"),
        ("now(6)", ColumnType("datetime", (6,)), "CURRENT_TIMESTAMP(6)"),
        ("uuid()", ColumnType("char", (36,)), "(uuid())"),
        ("(1 + 2)", ColumnType("int"), "(1 + 2)"),
        ("(1) + (2)", ColumnType("int"), "((1) + (2))"),
        ("TRUE", ColumnType("tinyint", (1,)), "1"),
        ("'007'", ColumnType("int"), "7"),
        ("'1.5'", ColumnType("decimal", (5, 2)), "1.50"),
        ("1.555", ColumnType("decimal", (5, 2)), "1.555"),
    ],
)
def test_what_means_the_same_default_is_spelt_the_same(text: str, kind: ColumnType, expected: str | None) -> None:
    found = canonical_default(text, kind)
    assert (found and found.expression) == expected
    assert found is None or canonical_default(found.expression, kind) == found


def test_parentheses_in_texts_are_no_parentheses() -> None:
    assert without_parentheses("(concat('(', `a)`))") == "concat('(', `a)`)"
    assert without_parentheses("('\\'')") == "'\\''"
    assert without_parentheses("(a) or (b)") is None


def test_a_backslash_means_itself_in_a_literal() -> None:
    assert literal("it's \\ x") == "'it''s \\\\ x'"


def test_each_server_has_its_own_words() -> None:
    hidden = Index(name="i", parts=(IndexPart(column="a", length=5),), options=(("invisible", "true"),))
    assert index_clause(hidden, MARIADB) == "KEY `i` (`a`(5)) IGNORED"
    assert index_clause(hidden, MYSQL) == "KEY `i` (`a`(5)) INVISIBLE"
    loose = Check(name="k", expression="(`a` > 0)", enforced=False)
    assert check_clause(loose, MYSQL) == "CONSTRAINT `k` CHECK ((`a` > 0)) NOT ENFORCED"
    place = Column(name="g", type=ColumnType("point"), nullable=False, options=(("srid", "4326"),))
    assert column_clause(place, MYSQL) == "`g` point SRID 4326 NOT NULL"


def test_an_expression_of_an_index_stands_in_parentheses() -> None:
    index = Index(name="i", parts=(IndexPart(expression="lower(`a`)", descending=True),))
    assert index_clause(index, MYSQL) == "KEY `i` ((lower(`a`)) DESC)"


def test_a_table_is_made_with_everything_at_once() -> None:
    table = replace(
        TABLE,
        uniques=(Unique(name="u", columns=("a",)),),
        comment="it's",
        options=(("charset", "latin1"), ("collation", "latin1_bin"), ("engine", "Aria")),
    )
    assert create_table(table, MYSQL) == (
        "CREATE TABLE `t` (\n  `id` bigint NOT NULL AUTO_INCREMENT,\n  `a` int NULL,\n  PRIMARY KEY (`id`),\n"
        "  UNIQUE KEY `u` (`a`)\n) DEFAULT CHARACTER SET latin1 COLLATE=latin1_bin ENGINE=Aria COMMENT='it''s'"
    )


def test_ranges_are_made_in_their_order_whatever_their_names() -> None:
    parts = [("p10", "VALUES LESS THAN MAXVALUE"), ("p2", "VALUES LESS THAN (20)"), ("p9", "VALUES LESS THAN (3)")]
    table = replace(
        TABLE,
        partition_by="RANGE (`id`)",
        partitions=tuple(Partition(name=QualifiedName("", name), bound=bound) for name, bound in parts),
    )
    text = partition_clause(table)
    assert text.index("`p9`") < text.index("`p2`") < text.index("`p10`")


def test_an_index_of_a_foreign_key_alone_is_no_part_of_a_table() -> None:
    key = ForeignKey(name="f", columns=("a",), target=T, target_columns=("id",))
    made = Index(name="f", parts=(IndexPart(column="a"),))
    table = replace(TABLE, foreign_keys=(key,), indexes=(made,))
    assert without_implied(table).indexes == ()
    assert implied_indexes(without_implied(table)) == (made,)
    other = Index(name="other", parts=(IndexPart(column="a"), IndexPart(column="id")))
    both = replace(table, indexes=(made, other))
    assert without_implied(both).indexes == (made, other), "it was made by hand: another one serves the key"


@pytest.mark.parametrize(
    ("before", "after", "condition"),
    [
        (ColumnType("int"), ColumnType("bigint"), None),
        (ColumnType("int", unsigned=True), ColumnType("int"), "(`a` < -2147483648 OR `a` > 2147483647)"),
        (ColumnType("varchar", (9,)), ColumnType("varchar", (5,)), "CHAR_LENGTH(`a`) > 5"),
        (ColumnType("varchar", (5,)), ColumnType("varchar", (9,)), None),
        (ColumnType("enum", values=("x", "y")), ColumnType("enum", values=("y", "z")), "`a` IN ('x')"),
        (ColumnType("decimal", (5, 2)), ColumnType("decimal", (9, 2)), None),
        (ColumnType("decimal", (9, 2)), ColumnType("decimal", (5, 2)), "(ABS(`a`) >= 1e3)"),
        (ColumnType("text"), ColumnType("longtext"), None),
        (ColumnType("varchar", (9,)), ColumnType("date"), "FALSE"),
    ],
)
def test_which_values_a_type_refuses(before: ColumnType, after: ColumnType, condition: str | None) -> None:
    assert failing("a", before, after) == condition


def test_what_values_lose_without_an_error() -> None:
    assert loses(ColumnType("datetime", (3,)), ColumnType("datetime")) == "fractions of a second"
    assert loses(ColumnType("decimal", (5, 2)), ColumnType("int")) == "their digits after the point"
    assert loses(ColumnType("int"), ColumnType("bigint")) is None


def test_claims_follow_the_version() -> None:
    older = Server(mariadb=False, version=(8, 0, 20))
    assert algorithm_of(Kind.ADD_COLUMN, MYSQL) is Algorithm.INSTANT
    assert algorithm_of(Kind.DROP_COLUMN, older) is Algorithm.REBUILD
    assert algorithm_of(Kind.ADD_COLUMN, MARIADB) is Algorithm.INSTANT


def compiled(*changes: c.Change, server: Server, desired: Table = TABLE, online: bool = True) -> list[tuple[str, ...]]:
    steps = compile_changes(
        changes, actual=State(tables=(TABLE,)), desired=State(tables=(desired,)), online=online, server=server
    )
    return [tuple(statement.sql for statement in step.statements) for step in steps]


def test_a_foreign_key_is_checked_afterwards_in_mariadb_only() -> None:
    key = ForeignKey(name="f", columns=("a",), target=T, target_columns=("id",))
    change = c.AddForeignKey(table=T, after=key)
    plain = "ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `t` (`id`)"
    clause = f"{plain} ON DELETE NO ACTION ON UPDATE NO ACTION, ALGORITHM="
    ((made, checked),) = compiled(change, server=MARIADB)
    assert made == f"SET STATEMENT foreign_key_checks = 0 FOR ALTER TABLE `t` {clause}INPLACE, LOCK=NONE"
    assert checked.startswith("DO /* rows of t have a that t does not have */ (SELECT IF(EXISTS (SELECT 1 FROM `t`")
    assert compiled(change, server=MYSQL) == [(f"ALTER TABLE `t` {plain}, ALGORITHM=COPY, LOCK=SHARED",)]
    assert compiled(change, server=MARIADB, online=False) == [(f"ALTER TABLE `t` {clause}COPY, LOCK=SHARED",)]


def test_what_writes_the_table_anew_is_one_statement() -> None:
    found = compiled(
        c.AlterColumn(table=T, before=A, after=replace(A, type=ColumnType("bigint"))),
        c.AddColumn(table=T, after=Column(name="b", type=ColumnType("int"))),
        c.AlterColumn(table=T, before=ID, after=replace(ID, type=ColumnType("int"))),
        c.AddIndex(table=T, after=Index(name="i", parts=(IndexPart(column="a"),))),
        server=MARIADB,
    )
    assert found == [
        (
            (
                "ALTER TABLE `t` MODIFY COLUMN `a` bigint NULL, ADD COLUMN `b` int NULL,"
                " MODIFY COLUMN `id` int NOT NULL AUTO_INCREMENT, ALGORITHM=COPY, LOCK=SHARED"
            ),
        ),
        ("ALTER TABLE `t` ADD KEY `i` (`a`), ALGORITHM=INPLACE, LOCK=NONE",),
    ]


def test_mysql_makes_checks_again_that_name_a_renamed_column() -> None:
    checked = replace(TABLE, checks=(Check(name="k", expression="(`a` > 0)"),))
    change = c.RenameColumn(table=T, before=A, after=replace(A, name="b"))
    made = {
        server: compile_changes(
            [change], actual=State(tables=(checked,)), desired=State(tables=(TABLE,)), online=True, server=server
        )[0]
        for server in (MARIADB, MYSQL)
    }
    assert made[MARIADB].statements[0].sql == "ALTER TABLE `t` RENAME COLUMN `a` TO `b`, ALGORITHM=INSTANT"
    assert made[MYSQL].statements[0].sql == (
        "ALTER TABLE `t` DROP CHECK `k`, RENAME COLUMN `a` TO `b`, ADD CONSTRAINT `k` CHECK ((`b` > 0)),"
        " ALGORITHM=COPY, LOCK=SHARED"
    )


def test_a_required_column_without_a_value_looks_for_rows_first() -> None:
    change = c.AddColumn(table=T, after=Column(name="b", type=ColumnType("int"), nullable=False))
    steps = compile_changes(
        [change], actual=State(tables=(TABLE,)), desired=State(tables=(TABLE,)), online=True, server=MARIADB
    )
    assert [hazard.kind for hazard in steps[0].hazards] == [HazardKind.MAY_FAIL_ON_DATA]
    assert steps[0].statements[0].sql.startswith("DO /* t has rows, and b no value for them */")
    assert steps[0].statements[1].sql == "ALTER TABLE `t` ADD COLUMN `b` int NOT NULL, ALGORITHM=INSTANT"


def test_printed_tables_are_read_back() -> None:
    text = (
        "CREATE TEMPORARY TABLE `t` (\n  `a,(` varchar(9) DEFAULT 'x,)' CHECK (`a,(` <> ')'),\n"
        "  `g` int(11) GENERATED ALWAYS AS (`a` + 1) STORED COMMENT 'DEFAULT 3',\n"
        "  CONSTRAINT `k` CHECK (`a` in (1,2))\n) ENGINE=InnoDB"
    )
    first, second, third = items_of(text)
    assert third == "CONSTRAINT `k` CHECK (`a` in (1,2))"
    told = printed_column(first.removeprefix("`a,(` "))
    assert (told.default, told.check) == ("'x,)'", "`a,(` <> ')'")
    other = printed_column(second.removeprefix("`g` "))
    assert (other.default, other.generated) == (None, "`a` + 1")
