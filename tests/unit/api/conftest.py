"""A small shop as a resolved project: enough models to route, present and describe."""

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lbconf.datatypes import BooleanType, DataType, DateTimeType, NumberType, StringType
from lbconf.project.resolved import (
    DataSource,
    Layout,
    Model,
    Project,
    Property,
    Relation,
    RelationKind,
    ServerSettings,
)

MakeModel = Callable[..., Model]


def properties(**types: DataType) -> dict[str, Property]:
    found = {"id": Property(name="id", type=NumberType(), id=1, generated=True, nullable=False)}
    found.update({name: Property(name=name, type=kind) for name, kind in types.items()})
    return found


@pytest.fixture
def make_model() -> MakeModel:
    def make(name: str, **changes: Any) -> Model:
        settings: dict[str, Any] = {
            "name": name,
            "plural": f"{name}s",
            "path": f"/{name}s",
            "base": "PersistedModel",
            "ancestors": ("PersistedModel", "Model"),
            "layout": Layout.LOOPBACK,
            "data_source": "db",
            "public": True,
            "properties": properties(name=StringType()),
        }
        return Model(**(settings | changes))

    return make


@pytest.fixture
def shop(make_model: MakeModel) -> Project:
    lines = Relation(
        name="lines",
        kind=RelationKind.HAS_MANY,
        model="Order",
        target="Line",
        key_from=("id",),
        key_to=("orderId",),
    )
    order = Relation(
        name="order", kind=RelationKind.BELONGS_TO, model="Line", target="Order", key_from=("orderId",), key_to=("id",)
    )
    secret = Property(name="secret", type=StringType(), hidden=True)
    guarded = Property(name="guarded", type=StringType(), protected=True)
    models = {
        "Order": make_model(
            "Order",
            properties=properties(number=StringType(), placedAt=DateTimeType())
            | {"secret": secret, "guarded": guarded},
            relations=MappingProxyType({"lines": lines}),
            scopes=MappingProxyType({"open": {"where": {"done": False}}}),
            description="What somebody wants to have.",
        ),
        "Line": make_model(
            "Line",
            properties=properties(quantity=NumberType(), gift=BooleanType()) | {"secret": secret, "guarded": guarded},
            relations=MappingProxyType({"order": order}),
        ),
        "Hidden": make_model("Hidden", public=False),
    }
    return Project(
        root=Path("/shop"),
        environment="test",
        layout=Layout.LOOPBACK,
        data_sources={
            "db": DataSource(name="db", connector="memory", settings=MappingProxyType({}), layout=Layout.LOOPBACK)
        },
        models=models,
        server=ServerSettings(),
    )
