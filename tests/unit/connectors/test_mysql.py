"""MySQL and MariaDB without a server: settings, versions, names and types, errors by number."""

from typing import Any

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.connectors.capabilities import SupportLevel, questions
from lbconf.connectors.mysql.capabilities import capabilities
from lbconf.connectors.mysql.dialect import MysqlDialect
from lbconf.connectors.mysql.errors import connection_failed, translate
from lbconf.connectors.mysql.mapping import MysqlMapping, canonical_type
from lbconf.connectors.mysql.parameters import connection_parameters
from lbconf.connectors.mysql.server import Server, read_version
from lbconf.connectors.mysql.settings import MysqlSettings
from lbconf.connectors.sql.compile import Compiler
from lbconf.datatypes import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    GeoPointType,
    IntegerType,
    JsonType,
    NumberType,
    ObjectType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.diagnostics import Code
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind, TimedOutError
from lbconf.layers.secret import Secret
from lbconf.project.resolved import Layout, Property
from lbconf.query.nodes import Comparison, Operator, Query, Target
from lbconf.state.structure import ColumnType, Default, QualifiedName
from tests.strategies.rows import data_source, model

MYSQL_8 = Server(mariadb=False, version=(8, 0, 36))
MARIADB_11 = Server(mariadb=True, version=(11, 4, 2))
ORPHAN = (
    "Cannot add or update a child row: a foreign key constraint fails (`d`.`Other`, CONSTRAINT `belongs` "
    "FOREIGN KEY (`a`, `b`) REFERENCES `Thing` (`x`, `y`))"
)
ALWAYS = {"program_name": "lbconf", "connect_timeout": 5}
WHERE = {"host": "h", "port": 3306, "user": "u", "database": "d"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"host": "h", "user": "u", "database": "d"}, WHERE),
        (
            {"hostname": "h", "port": "3307", "username": "u", "password": "pä", "db": "d", "socketPath": "/s"},
            {**WHERE, "port": 3307, "password": "pä".encode(), "unix_socket": "/s"},
        ),
        ({"url": "mysql://u@h/d", "host": "x", "user": "y", "database": "z"}, WHERE),
        (
            {"url": Secret("mysql+pymysql://a%40b:p%2Fw@h:1/d%20e?socketPath=/s&charset=utf8&ssl=true")},
            {
                "host": "h",
                "port": 1,
                "user": "a@b",
                "password": b"p/w",
                "database": "d e",
                "unix_socket": "/s",
                "ssl": {"check_hostname": False, "verify_mode": "none"},
            },
        ),
        ({"url": "mariadb://u@[::1]/d"}, {**WHERE, "host": "::1"}),
        ({"url": "mysql://u@h/d", "ssl": False}, {**WHERE, "ssl_disabled": True}),
        (
            {"url": "mysql://u@h/d", "ssl": {"ca": "ca.pem"}},
            {**WHERE, "ssl_ca": "ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True},
        ),
        (
            {"url": "mysql://u@h/d", "ssl": {"ca": "ca.pem", "rejectUnauthorized": False}},
            {**WHERE, "ssl_ca": "ca.pem", "ssl_verify_cert": False, "ssl_verify_identity": False},
        ),
        ({"url": "mysql://u@h/d", "connectTimeout": 1500, "timezone": "+02:00"}, {**WHERE, "connect_timeout": 2}),
    ],
)
def test_what_the_driver_is_told(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    assert connection_parameters(MysqlSettings.model_validate(settings)) == {**ALWAYS, **expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.11.19-MariaDB-0+deb12u1", Server(mariadb=True, version=(10, 11, 19))),
        ("5.5.5-10.6.1-MariaDB", Server(mariadb=True, version=(10, 6, 1))),
        ("8.0.36", MYSQL_8),
        ("8.4.3-commercial", Server(mariadb=False, version=(8, 4, 3))),
        ("9.1", Server(mariadb=False, version=(9, 1, 0))),
    ],
)
def test_which_server_a_version_is_of(text: str, expected: Server) -> None:
    assert read_version(text) == expected


def test_answers_follow_kind_and_version() -> None:
    for server in (MYSQL_8, MARIADB_11, Server(mariadb=False, version=(5, 7, 0)), read_version("10.1-MariaDB")):
        for _, question, support in questions(capabilities(server)):
            assert support.reason or support.level is SupportLevel.FULL, question
    assert capabilities(MYSQL_8).write.returning.level is SupportLevel.EMULATED
    assert capabilities(MARIADB_11).write.returning.level is SupportLevel.FULL
    assert capabilities(MYSQL_8).state.expression_indexes.level is SupportLevel.FULL
    assert capabilities(MARIADB_11).state.expression_indexes.level is SupportLevel.IMPOSSIBLE
    assert capabilities(Server(mariadb=False, version=(8, 0, 15))).state.checks.level is SupportLevel.SINCE
    assert not capabilities(loopback=True).types.datetime_milliseconds
    assert capabilities().types.datetime_milliseconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("INT", ColumnType("int")),
        ("integer(11)  UNSIGNED", ColumnType("int", unsigned=True)),
        ("int unsigned zerofill", ColumnType("int", unsigned=True, zerofill=True)),
        ("TINYINT(1)", ColumnType("tinyint", (1,))),
        ("tinyint(4)", ColumnType("tinyint")),
        ("Boolean", ColumnType("tinyint", (1,))),
        ("double precision", ColumnType("double")),
        ("float(53)", ColumnType("double")),
        ("float(7,4)", ColumnType("float", (7, 4))),
        ("NUMERIC(9 , 2)", ColumnType("decimal", (9, 2))),
        ("dec", ColumnType("decimal", (10, 0))),
        ("decimal(5)", ColumnType("decimal", (5, 0))),
        ("character varying(20)", ColumnType("varchar", (20,))),
        ("char", ColumnType("char", (1,))),
        ("varchar(9) CHARACTER SET latin1", ColumnType("varchar", (9,))),
        ("datetime(3)", ColumnType("datetime", (3,))),
        ("timestamp(0)", ColumnType("timestamp")),
        ("TEXT(500)", ColumnType("text", (500,))),
        ("longtext", ColumnType("longtext")),
        ("Enum('A','it''s','b, c')", ColumnType("enum", values=("A", "it's", "b, c"))),
        ("set('x')", ColumnType("set", values=("x",))),
        ("serial", ColumnType("bigint", unsigned=True)),
        ("geometry", ColumnType("geometry")),
    ],
)
def test_types_in_the_words_of_the_server(written: str, expected: ColumnType) -> None:
    if written.startswith("TEXT"):
        expected = ColumnType("text")
    assert canonical_type(written) == expected


@given(st.text(max_size=30))
def test_any_text_is_read_as_a_type_without_an_error(written: str) -> None:
    assert isinstance(canonical_type(written), ColumnType)


def mapping(layout: Layout = Layout.NATIVE, **settings: Any) -> MysqlMapping:
    return MysqlMapping(data_source("mysql", {"url": "mysql://u@h/shop", **settings}, layout=layout))


@pytest.mark.parametrize(
    ("datatype", "native", "loopback"),
    [
        (StringType(), ColumnType("varchar", (255,)), ColumnType("varchar", (512,))),
        (StringType(40), ColumnType("varchar", (40,)), ColumnType("varchar", (40,))),
        (TextType(), ColumnType("longtext"), ColumnType("text")),
        (NumberType(), ColumnType("double"), ColumnType("int")),
        (IntegerType(64), ColumnType("bigint"), ColumnType("bigint")),
        (DecimalType(9, 2), ColumnType("decimal", (9, 2)), ColumnType("decimal", (9, 2))),
        (DecimalType(), ColumnType("decimal", (65, 30)), ColumnType("decimal", (65, 30))),
        (BooleanType(), ColumnType("tinyint", (1,)), ColumnType("tinyint", (1,))),
        (DateTimeType(), ColumnType("datetime", (3,)), ColumnType("datetime")),
        (DateOnlyType(), ColumnType("date"), ColumnType("date")),
        (TimeType(), ColumnType("time", (6,)), ColumnType("time", (6,))),
        (UuidType(), ColumnType("char", (36,)), ColumnType("char", (36,))),
        (ObjectType(), ColumnType("json"), ColumnType("text")),
        (JsonType(), ColumnType("json"), ColumnType("text")),
        (ArrayType(StringType()), ColumnType("json"), ColumnType("text")),
        (BinaryType(), ColumnType("longblob"), ColumnType("text")),
        (GeoPointType(), ColumnType("point"), ColumnType("point")),
        (EnumType(("a", "b")), ColumnType("enum", values=("a", "b")), ColumnType("enum", values=("a", "b"))),
    ],
)
def test_columns_of_properties(datatype: DataType, native: ColumnType, loopback: ColumnType) -> None:
    for layout, expected in ((Layout.NATIVE, native), (Layout.LOOPBACK, loopback)):
        kind = model({"value": datatype}, layout=layout)
        assert mapping(layout).column_type(kind, kind.properties["value"]) == expected


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"dataType": "decimal"}, ColumnType("decimal", (9, 2))),
        ({"dataType": "decimal", "dataPrecision": 12, "dataScale": 3}, ColumnType("decimal", (12, 3))),
        ({"dataType": "DECIMAL(10)"}, ColumnType("decimal", (10, 0))),
        ({"dataType": "double", "dataPrecision": 20, "dataScale": 5}, ColumnType("double", (20, 5))),
        ({"dataType": "float", "dataPrecision": 20}, ColumnType("float")),
        ({"dataType": "int", "dataPrecision": 11}, ColumnType("int")),
        ({"dataType": "int", "unsigned": True}, ColumnType("int", unsigned=True)),
        ({"dataType": "tinyint", "dataPrecision": 1}, ColumnType("tinyint", (1,))),
        ({"dataType": "VARCHAR", "dataLength": 80}, ColumnType("varchar", (80,))),
        ({"dataType": "varchar"}, ColumnType("varchar", (512,))),
        ({"dataType": "longtext", "dataLength": 4294967295}, ColumnType("longtext")),
        ({"dataType": "char", "dataLength": 2}, ColumnType("char", (2,))),
    ],
)
def test_data_types_as_loopback_files_say_them(section: dict[str, Any], expected: ColumnType) -> None:
    kind = model({"value": NumberType()}, layout=Layout.LOOPBACK, value={"settings": {"mysql": section}})
    assert mapping(Layout.LOOPBACK).column_type(kind, kind.properties["value"]) == expected


def test_strings_that_are_keys_or_have_an_index_are_shorter_in_loopback() -> None:
    changes: tuple[dict[str, Any], ...] = ({"index": {}}, {"unique": True})
    for change in changes:
        kind = model({"value": StringType()}, layout=Layout.LOOPBACK, value=change)
        assert mapping(Layout.LOOPBACK).column_type(kind, kind.properties["value"]) == ColumnType("varchar", (255,))


def test_names_stay_and_the_own_database_is_the_namespace_without_a_name() -> None:
    kind = model({"firstName": StringType()}, layout=Layout.LOOPBACK, name="OrderLine")
    for settings in ({}, {"schema": "shop"}):
        assert mapping(Layout.LOOPBACK, **settings).table_name(kind) == QualifiedName("", "OrderLine")
    assert mapping(Layout.LOOPBACK, schema="other").table_name(kind) == QualifiedName("other", "OrderLine")
    loopback = mapping(Layout.LOOPBACK)
    assert loopback.column_name(kind, kind.properties["firstName"]) == "firstName"
    table = QualifiedName("", "OrderLine")
    assert loopback.index_name(table, ("firstName",), unique=False) == "firstName"
    assert mapping().index_name(table, ("firstName",), unique=False) == "OrderLine_firstName_idx"
    assert len(mapping().index_name(table, ("x" * 100,), unique=False)) == 64


@pytest.mark.parametrize(
    ("layout", "prop", "expected"),
    [
        (Layout.NATIVE, {"type": StringType(), "default": "it's"}, "'it''s'"),
        (Layout.NATIVE, {"type": TextType(), "default": "a"}, "('a')"),
        (Layout.NATIVE, {"type": BooleanType(), "default": True}, "1"),
        (Layout.NATIVE, {"type": JsonType(), "default": {"a": 1}}, "('{\"a\":1}')"),
        (Layout.NATIVE, {"type": DateTimeType(), "default": "$now"}, "CURRENT_TIMESTAMP(3)"),
        (Layout.NATIVE, {"type": DateOnlyType(), "default": "$now"}, "(curdate())"),
        (Layout.NATIVE, {"type": IntegerType(), "settings": {"mysql": {"dbDefault": "1 + 1"}}}, "1 + 1"),
        (Layout.LOOPBACK, {"type": StringType(), "default": "a"}, None),
        (Layout.LOOPBACK, {"type": StringType(), "settings": {"mysql": {"default": "a"}}}, "'a'"),
        (Layout.LOOPBACK, {"type": DateTimeType(), "settings": {"mysql": {"default": "now"}}}, "CURRENT_TIMESTAMP"),
        (Layout.LOOPBACK, {"type": NumberType(), "settings": {"mysql": {"default": 5}}}, "5"),
    ],
)
def test_defaults(layout: Layout, prop: dict[str, Any], expected: str | None) -> None:
    kind = model({}, layout=layout)
    found = mapping(layout).column_default(kind, Property(name="value", **prop))
    assert found == (None if expected is None else Default(expected))


def translated(number: int, text: str) -> ConnectorError:
    return translate(data_source("mysql", {}), pymysql.OperationalError(number, text))


@pytest.mark.parametrize(
    ("number", "text", "kind", "constraint", "columns"),
    [
        (1062, "Duplicate entry 's3cret' for key 'Thing.by_name'", ConstraintKind.UNIQUE, "by_name", ()),
        (1062, "Duplicate entry 's3cret' for key 'by_name'", ConstraintKind.UNIQUE, "by_name", ()),
        (1062, "Duplicate entry 'for key 'x'' for key 'PRIMARY'", ConstraintKind.UNIQUE, "PRIMARY", ()),
        (3819, "Check constraint 'positive' is violated.", ConstraintKind.CHECK, "positive", ()),
        (4025, "CONSTRAINT `positive` failed for `d`.`Thing`", ConstraintKind.CHECK, "positive", ()),
        (4025, "CONSTRAINT `Thing.small` failed for `d`.`Thing`", ConstraintKind.CHECK, "small", ()),
        (1048, "Column 'a' cannot be null", ConstraintKind.NOT_NULL, None, ("a",)),
        (1364, "Field 'a' doesn't have a default value", ConstraintKind.NOT_NULL, None, ("a",)),
        (1406, "Data too long for column 'a' at row 1", ConstraintKind.TYPE, None, ("a",)),
        (
            1366,
            "Incorrect integer value: 's3cret for column 'x'' for column `d`.`Thing`.`a` at row 1",
            ConstraintKind.TYPE,
            None,
            ("a",),
        ),
        (
            1452,
            ORPHAN,
            ConstraintKind.FOREIGN_KEY,
            "belongs",
            ("a", "b"),
        ),
    ],
)
def test_broken_rules(
    number: int, text: str, kind: ConstraintKind, constraint: str | None, columns: tuple[str, ...]
) -> None:
    found = translated(number, text)
    assert isinstance(found, ConstraintError)
    assert (found.kind, found.constraint, found.columns) == (kind, constraint, columns)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (1205, TimedOutError, Code.STATEMENT_TIMED_OUT),
        (1969, TimedOutError, Code.STATEMENT_TIMED_OUT),
        (3024, TimedOutError, Code.STATEMENT_TIMED_OUT),
        (1213, ConnectorError, Code.WRITE_CONFLICT),
        (2013, ConnectionFailedError, Code.CONNECTION_LOST),
        (1053, ConnectionFailedError, Code.CONNECTION_LOST),
        (1146, ConnectorError, Code.TABLE_MISSING),
        (1142, ConnectorError, Code.PERMISSION_MISSING),
        (1290, ConnectorError, Code.PERMISSION_MISSING),
        (1021, ConnectorError, Code.STATEMENT_FAILED),
        (1114, ConnectorError, Code.STATEMENT_FAILED),
        (1040, ConnectionFailedError, Code.CONNECTION_FAILED),
        (1064, ConnectorError, Code.STATEMENT_FAILED),
    ],
)
def test_errors_by_number(number: int, kind: type[ConnectorError], code: Code) -> None:
    found = translated(number, "what the server said")
    assert type(found) is kind
    assert found.diagnostics[0].code is code
    if number in {1021, 1114}:
        assert found.diagnostics[0].hint == "make room on the server's disk"


def test_a_failed_attempt_repeats_nothing_the_server_said() -> None:
    problem = pymysql.OperationalError(1045, "Access denied for user 'xaver'@'h' (using password: topsecret)")
    found = connection_failed(data_source("mysql", {"url": "mysql://u@h/d"}), problem, "at h")
    assert "topsecret" not in str(found)
    assert "xaver" not in str(found)


def test_what_differs_without_returning_and_without_mariadbs_json() -> None:
    kind = model({"name": StringType(), "data": JsonType(), "place": GeoPointType()})
    table = mapping()
    mysql, mariadb = (Compiler(MysqlDialect(server)) for server in (MYSQL_8, MARIADB_11))
    first, second = (compiler.dialect.bind(table, kind) for compiler in (mysql, mariadb))
    assert "RETURNING" not in mysql.insert(first, ("name",), [{"name": "a"}], ("id",)).sql
    assert mariadb.insert(second, ("name",), [{"name": "a"}], ("id",)).sql.endswith(" RETURNING `id`")
    query = Query(model=kind, where=Comparison(Target(kind.properties["data"]), Operator.EQ, {"a": 1}))
    assert "CAST(`data` AS JSON) = CAST(%(p1)s AS JSON)" in mysql.find(first, query).sql
    assert "JSON_EQUALS(`data`, %(p1)s)" in mariadb.find(second, query).sql
    named = Query(model=kind, where=Comparison(Target(kind.properties["name"]), Operator.EQ, "a"), skip=3)
    assert "COLLATE utf8mb4_0900_bin = %(p1)s" in mysql.find(first, named).sql
    assert "COLLATE utf8mb4_nopad_bin = %(p1)s" in mariadb.find(second, named).sql
    assert mysql.find(first, named).sql.endswith(" LIMIT 9223372036854775807 OFFSET %(p2)s")
