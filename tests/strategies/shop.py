"""A small shop for tests of queries and rows: models in either layout, and a project around them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BooleanType,
    DateTimeType,
    EnumType,
    GeoPointType,
    NumberType,
    ObjectType,
    StringType,
)
from lbconf.project.resolved import (
    DataSource,
    Layout,
    Model,
    Project,
    Property,
    Relation,
    RelationKind,
    ServerSettings,
    Strict,
)

__all__ = ["model", "project", "relation", "shop"]

ID = Property(name="id", type=NumberType(), id=1, generated=True, nullable=False)


def model(name: str, *properties: Property, layout: Layout = Layout.LOOPBACK, **others: Any) -> Model:
    """A model with an id in front of these properties, unless one of them is an id."""
    found = properties if any(prop.id for prop in properties) else (ID, *properties)
    facts: dict[str, Any] = {
        "plural": f"{name}s",
        "path": f"/{name}s",
        "base": "PersistedModel",
        "ancestors": ("PersistedModel", "Model"),
        "data_source": "db",
        "public": True,
        "layout": layout,
    }
    relations = others.pop("relations", ())
    return Model(
        name=name,
        properties=MappingProxyType({prop.name: prop for prop in found}),
        relations=MappingProxyType({one.name: one for one in relations}),
        **{**facts, **others},
    )


def relation(name: str, kind: RelationKind, ends: tuple[str, str], keys: tuple[str, str], **others: Any) -> Relation:
    """A relation between (declaring model, target) over (property here, property there)."""
    return Relation(
        name=name, kind=kind, model=ends[0], target=ends[1], key_from=(keys[0],), key_to=(keys[1],), **others
    )


def shop(layout: Layout = Layout.LOOPBACK) -> Mapping[str, Model]:
    """Products in categories, with suppliers through a model in between."""
    models = (
        model(
            "Category",
            Property(name="name", type=StringType(), required=True),
            layout=layout,
            relations=(
                relation("products", RelationKind.HAS_MANY, ("Category", "Product"), ("id", "categoryId")),
                relation("cover", RelationKind.HAS_ONE, ("Category", "Cover"), ("id", "categoryId")),
            ),
        ),
        model(
            "Product",
            Property(name="name", type=StringType(), required=True),
            Property(name="price", type=NumberType()),
            Property(name="active", type=BooleanType(), default=True),
            Property(name="released", type=DateTimeType()),
            Property(name="tags", type=ArrayType(StringType())),
            Property(name="facts", type=ObjectType()),
            Property(name="place", type=GeoPointType()),
            Property(name="cost", type=NumberType(), hidden=True),
            Property(name="categoryId", type=NumberType()),
            layout=layout,
            relations=(
                relation("category", RelationKind.BELONGS_TO, ("Product", "Category"), ("categoryId", "id")),
                relation(
                    "suppliers",
                    RelationKind.HAS_MANY_THROUGH,
                    ("Product", "Supplier"),
                    ("id", "id"),
                    through="Delivery",
                    through_from=("productId",),
                    through_to=("supplierId",),
                ),
            ),
        ),
        model(
            "Cover",
            Property(name="url", type=StringType()),
            Property(name="categoryId", type=NumberType()),
            layout=layout,
        ),
        model("Supplier", Property(name="name", type=StringType()), layout=layout),
        model(
            "Delivery",
            Property(name="productId", type=NumberType()),
            Property(name="supplierId", type=NumberType()),
            layout=layout,
        ),
        model(
            "Strange",
            Property(name="any", type=AnyType()),
            Property(name="size", type=EnumType(("small", "large")), settings=MappingProxyType({})),
            Property(name="code", type=StringType(length=4)),
            layout=layout,
            strict=Strict.REJECT,
        ),
    )
    return MappingProxyType({one.name: one for one in models})


def project(models: Mapping[str, Model], *sources: DataSource) -> Project:
    """A project of these models."""
    layout = next(iter(models.values())).layout
    found = sources or (DataSource(name="db", connector="memory", settings=MappingProxyType({}), layout=layout),)
    return Project(
        root=Path(),
        environment="test",
        layout=layout,
        data_sources=MappingProxyType({one.name: one for one in found}),
        models=models,
        server=ServerSettings(),
    )
