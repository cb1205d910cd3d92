"""From models to tables, in both layouts and on both dialects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lbconf.connectors.postgresql.mapping import PostgresqlMapping
from lbconf.connectors.sql.mapping import SqlMapping
from lbconf.connectors.sqlite.mapping import SqliteMapping
from lbconf.datatypes import (
    AnyType,
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
    ModelType,
    NumberType,
    ObjectType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.errors import PlanError
from lbconf.plan.desired import desired_state
from lbconf.project.resolved import (
    CheckSpec,
    DataSource,
    ForeignKeySpec,
    IndexSpec,
    Layout,
    Model,
    Project,
    Property,
    Relation,
    RelationKind,
    ServerSettings,
    UniqueSpec,
)
from lbconf.state.describe import column_words, foreign_key_words, index_words, type_words
from lbconf.state.structure import State, Table

ID = Property(name="id", type=NumberType(), id=1, generated=True, nullable=False)


def source(layout: Layout = Layout.NATIVE, **settings: Any) -> DataSource:
    return DataSource(name="db", connector="any", settings=settings, layout=layout)


def model(name: str, *properties: Property, layout: Layout = Layout.NATIVE, **more: Any) -> Model:
    return Model(
        name=name,
        plural=f"{name}s",
        path=f"/{name}s",
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        layout=layout,
        data_source="db",
        public=True,
        properties={prop.name: prop for prop in properties},
        **more,
    )


def state(mapping: SqlMapping, *models: Model) -> State:
    project = Project(
        root=Path(),
        environment="test",
        layout=models[0].layout,
        data_sources={"db": mapping.data_source},
        models={found.name: found for found in models},
        server=ServerSettings(),
    )
    return desired_state(project, mapping.data_source, mapping).state


def only(mapping: SqlMapping, *models: Model) -> Table:
    (table,) = state(mapping, *models).tables
    return table


TYPES: list[tuple[DataType, str, str, str, str]] = [
    # portable type, then native and LoopBack on PostgreSQL, native and LoopBack on SQLite
    (StringType(), "text", "text", "TEXT", "TEXT"),
    (StringType(length=20), "character varying(20)", "text", "VARCHAR(20)", "TEXT"),
    (TextType(), "text", "text", "TEXT", "TEXT"),
    (NumberType(), "double precision", "integer", "REAL", "REAL"),
    (IntegerType(bits=16), "smallint", "smallint", "SMALLINT", "SMALLINT"),
    (IntegerType(), "integer", "integer", "INTEGER", "INTEGER"),
    (IntegerType(bits=64), "bigint", "bigint", "BIGINT", "BIGINT"),
    (DecimalType(precision=10, scale=2), "numeric(10,2)", "numeric(10,2)", "DECIMAL_TEXT(10,2)", "DECIMAL_TEXT(10,2)"),
    (BooleanType(), "boolean", "boolean", "BOOLEAN", "INTEGER"),
    (DateTimeType(), "timestamp with time zone", "timestamp with time zone", "DATETIME", "INTEGER"),
    (DateOnlyType(), "date", "date", "DATE", "DATE"),
    (TimeType(), "time without time zone", "time without time zone", "TIME", "TIME"),
    (UuidType(), "uuid", "uuid", "UUID_TEXT", "UUID_TEXT"),
    (JsonType(), "jsonb", "text", "JSON_TEXT", "TEXT"),
    (ObjectType(), "jsonb", "text", "JSON_TEXT", "TEXT"),
    (AnyType(), "jsonb", "text", "JSON_TEXT", "TEXT"),
    (ArrayType(StringType()), "jsonb", "text", "JSON_TEXT", "TEXT"),
    (ModelType("Other"), "jsonb", "text", "JSON_TEXT", "TEXT"),
    (BinaryType(), "bytea", "text", "BLOB", "BLOB"),
    (GeoPointType(), "point", "point", "JSON_TEXT", "TEXT"),
    (EnumType(("a", "b")), "text", "text", "TEXT", "TEXT"),
]


@pytest.mark.parametrize(("datatype", "native", "loopback", "sqlite", "sqlite_loopback"), TYPES)
def test_types(datatype: DataType, native: str, loopback: str, sqlite: str, sqlite_loopback: str) -> None:
    found = []
    for mapping in (PostgresqlMapping, SqliteMapping):
        for layout in (Layout.NATIVE, Layout.LOOPBACK):
            table = only(mapping(source(layout)), model("M", Property(name="p", type=datatype), layout=layout))
            found.append(type_words(table.columns[0].type))
    assert found == [native, loopback, sqlite, sqlite_loopback]


@pytest.mark.parametrize(
    ("mapping", "layout", "expected"),
    [
        (PostgresqlMapping, Layout.NATIVE, ("public.LineItem", "bigint", "identity-by-default")),
        (PostgresqlMapping, Layout.LOOPBACK, ("public.lineitem", "integer", "serial")),
        (SqliteMapping, Layout.NATIVE, ("LineItem", "INTEGER", "autoincrement")),
        (SqliteMapping, Layout.LOOPBACK, ("lineitem", "INTEGER", "rowid")),
    ],
)
def test_names_and_counted_keys(mapping: type[SqlMapping], layout: Layout, expected: tuple[str, str, str]) -> None:
    table = only(mapping(source(layout)), model("LineItem", ID, layout=layout))
    column = table.columns[0]
    assert column.identity is not None
    assert (str(table.name), type_words(column.type), column.identity.kind) == expected
    assert not column.nullable


def test_sections_say_names_types_and_defaults() -> None:
    section: Mapping[str, Any] = {
        "columnName": "E_Mail",
        "dataType": "varchar",
        "dataLength": 80,
        "dbDefault": "lower('X')",
    }
    prop = Property(name="email", type=StringType(), settings={"postgresql": section})
    found = model("Account", prop, layout=Layout.LOOPBACK, settings={"postgresql": {"schema": "app", "table": "ACC"}})
    table = only(PostgresqlMapping(source(Layout.LOOPBACK)), found)
    assert str(table.name) == "app.ACC"
    assert column_words(table.columns[0]) == "E_Mail character varying(80) default lower('X')"


def test_the_data_source_says_the_namespace() -> None:
    found = state(PostgresqlMapping(source(schema="app")), model("T", ID))
    assert found.namespaces == ("app",)


@pytest.mark.parametrize(
    ("datatype", "default", "native", "loopback"),
    [
        (StringType(), "it's", "'it''s'", "'it''s'"),
        (NumberType(), 5, "5", "5"),
        (BooleanType(), True, "true", "true"),
        (NumberType(), "five", None, None),
        (DateTimeType(), "$now", "CURRENT_TIMESTAMP", None),
        (ObjectType(), {"a": 1}, "'{\"a\":1}'", "'{\"a\":1}'"),
        (DecimalType(), "1.50", "'1.50'", "'1.50'"),
    ],
)
def test_defaults(datatype: DataType, default: object, native: str | None, loopback: str | None) -> None:
    for layout, expected in ((Layout.NATIVE, native), (Layout.LOOPBACK, loopback)):
        prop = Property(name="p", type=datatype, default=default)
        column = only(PostgresqlMapping(source(layout)), model("M", prop, layout=layout)).columns[0]
        assert (column.default.expression if column.default else None) == expected


def test_generated_uuids_come_from_the_database() -> None:
    key = Property(name="id", type=UuidType(), id=1, generated=True, nullable=False)
    assert column_words(only(PostgresqlMapping(source()), model("M", key)).columns[0]) == (
        "id uuid not null default gen_random_uuid()"
    )
    assert "randomblob" in column_words(only(SqliteMapping(source()), model("M", key)).columns[0])


def test_indexes_uniques_and_checks() -> None:
    found = model(
        "M",
        Property(name="a", type=StringType(), unique=True),
        Property(name="b", type=StringType(), index={}),
        Property(name="c", type=EnumType(("x", "it's")), index={"unique": True, "name": "own"}),
        indexes=(
            IndexSpec(name=None, keys=(("a", False), ("b", True)), unique=True),
            IndexSpec(name="part", keys=(("b", False), ("a", False)), where="b IS NOT NULL", kind="GIN"),
        ),
        uniques=(UniqueSpec(name=None, properties=("b", "c")),),
        checks=(CheckSpec(name="sane", expression="a <> b"),),
    )
    table = only(PostgresqlMapping(source()), found)
    assert [index_words(index) for index in table.indexes] == [
        "unique index M_a_b_idx (a, b desc)",
        "index M_b_idx (b)",
        "unique index own (c)",
        "index part (b, a) where b IS NOT NULL",
    ]
    assert [(unique.name, unique.columns) for unique in table.uniques] == [
        ("M_a_key", ("a",)),
        ("M_b_c_key", ("b", "c")),
    ]
    assert [(check.name, check.expression) for check in table.checks] == [
        ("M_c_check", "\"c\" IN ('x', 'it''s')"),
        ("sane", "a <> b"),
    ]


def test_two_indexes_of_one_name_are_told_apart() -> None:
    index = Property(name="a", type=StringType(), index={"name": "same"})
    found = state(PostgresqlMapping(source()), model("One", index), model("Two", index))
    assert [table.indexes[0].name for table in found.tables] == ["same", "Two_same_idx"]


def relation(kind: RelationKind, holder: str, target: str, **more: Any) -> Relation:
    keys = ("customerId",), ("id",)
    key_from, key_to = keys if kind is RelationKind.BELONGS_TO else reversed(keys)
    return Relation(
        name="r", kind=kind, model=holder, target=target, key_from=key_from, key_to=key_to, constraint=True, **more
    )


def test_both_sides_of_a_relation_make_one_foreign_key_and_the_column_takes_the_keys_type() -> None:
    order = model(
        "Order",
        ID,
        Property(name="customerId", type=NumberType()),
        relations={"customer": relation(RelationKind.BELONGS_TO, "Order", "Customer")},
    )
    customer = model(
        "Customer", ID, relations={"orders": relation(RelationKind.HAS_MANY, "Customer", "Order", on_delete="CASCADE")}
    )
    found = state(PostgresqlMapping(source()), order, customer)
    table = next(table for table in found.tables if table.model == "Order")
    assert [foreign_key_words(key) for key in table.foreign_keys] == [
        "foreign key Order_customerId_fkey (customerId) to public.Customer (id), on delete cascade"
    ]
    assert type_words(table.columns[1].type) == "bigint"


def test_loopbacks_foreign_keys() -> None:
    spec = ForeignKeySpec(name="fk", columns=("customerId",), target="Customer", target_columns=("id",))
    order = model(
        "Order", ID, Property(name="customerId", type=NumberType()), layout=Layout.LOOPBACK, foreign_keys=(spec,)
    )
    found = state(PostgresqlMapping(source(Layout.LOOPBACK)), order, model("Customer", ID, layout=Layout.LOOPBACK))
    table = next(table for table in found.tables if table.model == "Order")
    assert [foreign_key_words(key) for key in table.foreign_keys] == [
        "foreign key fk (customerid) to public.customer (id)"
    ]


def test_views_and_models_without_storage_plan_nothing() -> None:
    view = model("View", ID, read_only=True)
    assert state(PostgresqlMapping(source()), view) == State()


def test_findings_are_collected() -> None:
    spec = ForeignKeySpec(name="fk", columns=("x",), target="Gone", target_columns=("id",))
    twice = model(
        "Twice",
        Property(name="a", type=StringType()),
        Property(name="b", type=StringType(), settings={"name": "a"}),
        indexes=(IndexSpec(name="i", keys=(("nothing", False),)),),
        foreign_keys=(spec,),
    )
    with pytest.raises(PlanError) as caught:
        state(PostgresqlMapping(source()), model("Empty"), twice)
    assert [str(found.code) for found in caught.value.diagnostics] == ["LB4002", "LB4004", "LB4005", "LB4006"]


def test_long_names_are_cut_the_same_way_each_time() -> None:
    table = only(PostgresqlMapping(source()), model("a" * 40, Property(name="b" * 40, type=StringType(), index={})))
    name = table.indexes[0].name
    assert len(name) == 63
    assert name.startswith("a" * 40)
    assert name.endswith("_idx")


@pytest.mark.parametrize(
    ("mapping", "day", "moment"),
    [
        (SqliteMapping(source()), "(date('now'))", "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"),
        (PostgresqlMapping(source()), "CURRENT_DATE", "CURRENT_TIMESTAMP"),
    ],
)
def test_now_is_the_day_of_the_row_not_of_the_plan(mapping: SqlMapping, day: str, moment: str) -> None:
    found = model(
        "A",
        ID,
        Property(name="day", type=DateOnlyType(), default="$now"),
        Property(name="at", type=DateTimeType(), default="$now"),
        Property(name="fixed", type=DateOnlyType(), default="2026-01-31"),
    )
    (table,) = state(mapping, found).tables
    defaults = [column.default.expression for column in table.columns if column.default is not None]
    assert defaults == [day, moment, "'2026-01-31'"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("price < 100", 'CAST("price" AS NUMERIC) < 100'),
        ("\"price\" < 100 AND label <> 'price'", "CAST(\"price\" AS NUMERIC) < 100 AND label <> 'price'"),
        ('CAST("price" AS NUMERIC) < 100', 'CAST("price" AS NUMERIC) < 100'),
        ("Price>rate", 'CAST("Price" AS NUMERIC)>rate'),
    ],
)
def test_a_check_on_an_exact_decimal_compares_numbers(written: str, expected: str) -> None:
    found = model(
        "A",
        ID,
        Property(name="price", type=DecimalType(precision=10, scale=2)),
        Property(name="rate", type=NumberType()),
        Property(name="label", type=StringType()),
        checks=(CheckSpec(name="c", expression=written),),
    )
    assert [check.expression for check in state(SqliteMapping(source()), found).tables[0].checks] == [expected]
    assert [check.expression for check in state(PostgresqlMapping(source()), found).tables[0].checks] == [written]
