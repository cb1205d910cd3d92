"""Models with a property of every kind, rows for them, and conditions over those rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from lbconf.connectors.contract import Connector, Inspector, Migrator, ModelMapping, Reader, Writer
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
    NumberType,
    ObjectType,
    StringType,
    TimeType,
    UuidType,
)
from lbconf.plan.desired import desired_state
from lbconf.project.resolved import DataSource, Layout, Model, Project, Property, ServerSettings
from lbconf.query.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    NoneOf,
    Operator,
    Order,
    Query,
    Row,
    Target,
)
from lbconf.state.diff import diff

__all__ = [
    "SqlConnector",
    "conditions",
    "create_tables",
    "data_source",
    "every_type",
    "hostile_text",
    "model",
    "orders",
    "project_of",
    "queries",
    "rows",
    "samples",
]


class SqlConnector(Connector, Inspector, Migrator, Reader, Writer):
    """What the tests ask of a connector."""


NATIVE: dict[str, DataType] = {
    "text": StringType(),
    "short": StringType(20),
    "whole": IntegerType(32),
    "big": IntegerType(64),
    "float": NumberType(),
    "exact": DecimalType(30, 10),
    "flag": BooleanType(),
    "moment": DateTimeType(),
    "day": DateOnlyType(),
    "clock": TimeType(),
    "uuid": UuidType(),
    "object": ObjectType(),
    "json": JsonType(),
    "list": ArrayType(StringType()),
    "bytes": BinaryType(),
    "place": GeoPointType(),
    "choice": EnumType(("red", "green", "blue")),
}
LOOPBACK: dict[str, DataType] = {
    "text": StringType(),
    "whole": NumberType(),
    "flag": BooleanType(),
    "moment": DateTimeType(),
    "object": ObjectType(),
    "any": AnyType(),
    "list": ArrayType(NumberType()),
    "place": GeoPointType(),
    "bytes": BinaryType(),
}


def model(
    properties: dict[str, DataType], *, layout: Layout = Layout.NATIVE, name: str = "Thing", **changes: Any
) -> Model:
    """A model with a generated numeric id and these properties; `changes` are attributes of properties by name."""
    key: DataType = NumberType() if layout.is_loopback else IntegerType(64)
    found = {"id": Property(name="id", type=key, id=1, generated=True, nullable=False)}
    found |= {
        prop: Property(name=prop, type=datatype, **changes.get(prop, {})) for prop, datatype in properties.items()
    }
    return Model(
        name=name,
        plural=f"{name}s",
        path=f"/{name}s",
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        layout=layout,
        data_source="db",
        public=True,
        properties=found,
    )


def every_type(layout: Layout) -> Model:
    """A model with a property of every type the layout has."""
    return model(LOOPBACK if layout.is_loopback else NATIVE, layout=layout)


def data_source(connector: str, settings: dict[str, Any], *, layout: Layout = Layout.NATIVE) -> DataSource:
    """The data source `db`."""
    return DataSource(name="db", connector=connector, settings=settings, layout=layout)


def project_of(source: DataSource, models: Mapping[str, Model]) -> Project:
    """A project of these models in this data source."""
    return Project(
        root=Path(),
        environment="test",
        layout=source.layout,
        data_sources={source.name: source},
        models=models,
        server=ServerSettings(),
    )


def create_tables(connector: Any, mapping: ModelMapping, *models: Model) -> None:
    """Make the tables of these models through the connector's own state side."""
    source = connector.data_source
    project = project_of(source, {one.name: one for one in models})
    actual = connector.inspect()
    desired = connector.normalize(desired_state(project, source, mapping).state)
    steps = connector.compile(diff(actual, desired), actual=actual, desired=desired)
    with connector.session(lock_timeout=5) as session, session.transaction():
        for step in steps:
            for statement in step.statements:
                session.execute(statement)


plain_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
hostile_text = st.one_of(
    plain_text,
    st.sampled_from(
        ["'", '"', "';--", '"; drop table "thing"; --', "$1", "%s", "?1", "{}", "\\", "%", "_", "\\%", "a'b\"c", "/*"]
    ),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), plain_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(plain_text, inner, max_size=3)),
    max_leaves=6,
)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - made UTC below
    lambda moment: moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
)
points = st.fixed_dictionaries(
    {"lat": st.floats(-90, 90, allow_subnormal=False), "lng": st.floats(-180, 180, allow_subnormal=False)}
)


def samples(  # noqa: C901, PLR0912 - one branch a type
    datatype: DataType, *, loopback: bool
) -> st.SearchStrategy[Any]:
    """Values of a type that every database can keep."""
    match datatype:
        case StringType(length=length):
            return hostile_text if length is None else plain_text
        case NumberType() if loopback:
            return st.integers(-(2**31), 2**31 - 1)
        case NumberType():
            return st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).map(lambda n: n + 0.0)
        case IntegerType(bits=bits):
            return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        case DecimalType():
            return st.decimals(-(10**19), 10**19, allow_nan=False, places=10).map(lambda n: n + Decimal(0))
        case BooleanType():
            return st.booleans()
        case DateTimeType():
            return moments
        case DateOnlyType():
            return st.dates(date(1, 1, 2))
        case TimeType():
            return st.times().map(lambda clock: time(clock.hour, clock.minute, clock.second, clock.microsecond))
        case UuidType():
            return st.uuids().map(str)
        case EnumType(values=values):
            return st.sampled_from(values)
        case ArrayType(item=NumberType()):
            return st.lists(st.integers(-1000, 1000), max_size=3)
        case ArrayType():
            return st.lists(plain_text, max_size=3)
        case BinaryType():
            return st.binary(max_size=8)
        case GeoPointType():
            return points
        case ObjectType():
            return st.dictionaries(plain_text, json_values, max_size=3)
        case _:
            return json_values.filter(lambda value: value is not None)


def rows(kind: Model, *, whole_seconds: bool = False) -> st.SearchStrategy[Row]:
    """A row with every property but the id, some of them null; `whole_seconds`: no moment has milliseconds."""

    def values(datatype: DataType) -> st.SearchStrategy[Any]:
        if whole_seconds and isinstance(datatype, DateTimeType):
            return moments.map(lambda moment: moment.replace(microsecond=0))
        return samples(datatype, loopback=kind.layout.is_loopback)

    return st.fixed_dictionaries(
        {prop.name: st.one_of(st.none(), values(prop.type)) for prop in kind.properties.values() if not prop.id}
    )


COMPARABLE = (StringType, NumberType, IntegerType, DecimalType, DateTimeType, DateOnlyType, TimeType)
ORDERS = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
LIKES = (Operator.LIKE, Operator.NLIKE)
ASCII_LIKES = (Operator.ILIKE, Operator.NILIKE)


@st.composite
def comparisons(draw: st.DrawFn, kind: Model, known: list[Row]) -> Comparison:
    """A comparison of a property with a value, as a rule one that some row has."""
    prop = draw(st.sampled_from([one for one in kind.properties.values() if not isinstance(one.type, GeoPointType)]))
    there: list[Any] = [row[prop.name] for row in known if row.get(prop.name) is not None]
    fresh: st.SearchStrategy[Any] = (
        st.integers(1, 6) if prop.id else samples(prop.type, loopback=kind.layout.is_loopback)
    )
    values: st.SearchStrategy[Any] = st.one_of(st.sampled_from(there), fresh) if there else fresh
    operators = [Operator.EQ, Operator.NEQ, Operator.INQ, Operator.NIN]
    if isinstance(prop.type, COMPARABLE):
        operators += [*ORDERS, Operator.BETWEEN]
    if isinstance(prop.type, StringType):
        operators += [*LIKES, *ASCII_LIKES]
    operator = draw(st.sampled_from(operators))
    value: Any
    if operator in {Operator.INQ, Operator.NIN}:
        value = tuple(draw(st.lists(st.one_of(st.none(), values), max_size=4)))
    elif operator is Operator.BETWEEN:
        value = (draw(values), draw(values))
    elif operator in LIKES:
        value = draw(st.one_of(hostile_text, values.map(lambda text: text[:1] + "%"), values))
    elif operator in ASCII_LIKES:
        value = draw(st.text("abAB%_\\*?[]'\"", max_size=5))
    elif operator in {Operator.EQ, Operator.NEQ}:
        value = draw(st.one_of(st.none(), values))
    else:
        value = draw(values)
    return Comparison(Target(prop), operator, value)


def conditions(kind: Model, known: list[Row]) -> st.SearchStrategy[Condition]:
    """Conditions of any shape."""
    return st.recursive(
        comparisons(kind, known),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: NoneOf(tuple(parts))),
        ),
        max_leaves=4,
    )


@st.composite
def orders(draw: st.DrawFn, kind: Model) -> tuple[Order, ...]:
    """An order that leaves nothing open: the id comes last."""
    able = [prop for prop in kind.properties.values() if isinstance(prop.type, COMPARABLE) and not prop.id]
    chosen = draw(st.lists(st.sampled_from(able), max_size=2, unique_by=lambda prop: prop.name))
    keys = [Order(Target(prop), draw(st.booleans())) for prop in chosen]
    return (*keys, Order(Target(kind.properties["id"]), draw(st.booleans())))


def queries(kind: Model, known: list[Row]) -> st.SearchStrategy[Query]:
    """Queries over these rows."""
    return st.builds(
        Query,
        model=st.just(kind),
        where=st.one_of(st.none(), conditions(kind, known)),
        order=orders(kind),
        limit=st.one_of(st.none(), st.integers(0, 4)),
        skip=st.integers(0, 3),
    )
