"""The repository over memory: reading, writing, validation, includes, relations."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from lbconf.connectors.capabilities import FULL, Capabilities, impossible
from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.datatypes import DateTimeType, IntegerType, NumberType, StringType
from lbconf.errors import ConstraintError
from lbconf.project.resolved import DataSource, Layout, Model, Polymorphic, Project, Property, RelationKind, Strict
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Condition, Query, Row
from lbconf.query.parse import parse_filter
from lbconf.repository import NotFoundError, Repository, ValidationFailedError
from tests.strategies.shop import model, project, relation, shop


class Tabular:
    """A store that keeps no unknown properties and counts its queries: memory behind a table's manners."""

    def __init__(self, layout: Layout, source: str = "db") -> None:
        self.inner = MemoryConnector(
            DataSource(name=source, connector="memory", settings=MappingProxyType({}), layout=Layout.NATIVE)
        )
        self.queries: list[Query] = []
        self.layout = layout

    @property
    def data_source(self) -> DataSource:
        return replace(self.inner.data_source, layout=self.layout)

    @property
    def capabilities(self) -> Capabilities:
        known = self.inner.capabilities
        none = impossible("tables have columns")
        return replace(
            known, write=replace(known.write, unknown_properties=none), query=replace(known.query, near=none)
        )

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def ping(self) -> None:
        pass

    def find(self, query: Query) -> list[Row]:
        self.queries.append(query)
        names = tuple(prop.name for prop in query.fields or query.model.properties.values())
        return [{name: row.get(name) for name in names} for row in self.inner.find(query)]

    def count(self, model: Model, where: Condition | None) -> int:
        return self.inner.count(model, where)

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        assert all(set(row) <= set(model.properties) for row in rows)
        return self.inner.insert(model, rows)

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        assert set(values) <= set(model.properties)
        return self.inner.update(model, where, values)

    def delete(self, model: Model, where: Condition | None) -> int:
        return self.inner.delete(model, where)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.inner.transaction():
            yield


class World:
    """A project over one store, its models by name."""

    def __init__(self, models: Mapping[str, Model], *, tabular: bool = False) -> None:
        found = project(models)
        source = found.data_sources["db"]
        self.store = Tabular(source.layout) if tabular else MemoryConnector(source)
        self.project: Project = found
        self.repository = Repository(found, {"db": self.store})
        self.models = models

    def __getitem__(self, name: str) -> Model:
        return self.models[name]

    def create(self, name: str, *rows: Mapping[str, Any]) -> None:
        for row in rows:
            self.repository.create(self[name], row)


def filled(layout: Layout = Layout.LOOPBACK, *, tabular: bool = False) -> World:
    world = World(shop(layout), tabular=tabular)
    world.create("Category", {"name": "Books"}, {"name": "Games"}, {"name": "Empty"})
    world.create(
        "Product",
        {"name": "Red Book", "price": 12.5, "categoryId": 1},
        {"name": "Blue Book", "price": 15, "categoryId": 1},
        {"name": "Chess", "price": 30, "categoryId": 2, "cost": 1},
        {"name": "Lost", "categoryId": 99},
    )
    world.create("Cover", {"url": "/books.png", "categoryId": 1})
    world.create("Supplier", {"name": "Acme"}, {"name": "Best"})
    world.create(
        "Delivery",
        {"productId": 1, "supplierId": 1},
        {"productId": 1, "supplierId": 2},
        {"productId": 3, "supplierId": 2},
    )
    return world


EVERY_STORE = pytest.mark.parametrize(
    ("layout", "tabular"),
    [(Layout.LOOPBACK, False), (Layout.LOOPBACK, True), (Layout.NATIVE, False), (Layout.NATIVE, True)],
)


@EVERY_STORE
def test_reads(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    assert [
        row["name"] for row in repository.find(product, {"where": {"price": {"gt": 13}}, "order": "price DESC"})
    ] == [
        "Chess",
        "Blue Book",
    ]
    assert repository.find(product, '{"fields": ["name"], "limit": 1}') == [{"name": "Red Book"}]
    assert repository.find_one(product, {"where": {"name": "Chess"}})["id"] == 3
    assert repository.find_by_id(product, "2")["name"] == "Blue Book"
    assert repository.find_by_id(product, 2, parse_filter({"fields": ["id"]})) == {"id": 2}
    assert repository.count(product, {"categoryId": 1}) == 2
    assert repository.count(product) == 4
    assert repository.exists(product, "4")
    assert not repository.exists(product, "5")
    assert repository.find_json(product) is None


@EVERY_STORE
@pytest.mark.parametrize("id", ["999", "abc", "{}", 0, "3000000000"])
def test_what_is_not_there(layout: Layout, tabular: bool, id: Any) -> None:  # noqa: A002, FBT001
    world = filled(layout, tabular=tabular)

    with pytest.raises(NotFoundError) as missing:
        world.repository.find_by_id(world["Product"], id)

    error = missing.value
    assert (error.status, error.error_code, error.message) == (404, "MODEL_NOT_FOUND", f'Unknown "Product" id "{id}".')
    assert world.repository.delete_by_id(world["Product"], id) == 0


def test_find_one_without_a_row() -> None:
    world = filled()

    with pytest.raises(NotFoundError, match='Unknown "Product" id "undefined"'):
        world.repository.find_one(world["Product"], {"where": {"name": "none"}})


def test_distances_are_worked_out_where_the_store_cannot() -> None:
    world = World(shop(), tabular=True)
    world.create(
        "Product",
        {"name": "far", "place": "35.7,139.7"},
        {"name": "near", "place": "48.9,2.3"},
        {"name": "nowhere"},
    )
    near: dict[str, Any] = {"where": {"place": {"near": "48.8,2.3"}, "active": True}, "fields": ["name"]}

    assert world.repository.find(world["Product"], near) == [{"name": "near"}, {"name": "far"}]
    assert world.repository.count(world["Product"], near["where"]) == 2


@EVERY_STORE
def test_creates_with_defaults(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = World(shop(layout), tabular=tabular)

    assert world.repository.create(world["Product"], {"name": "x"}) == {"name": "x", "active": True, "id": 1}
    assert world.repository.create(world["Product"], {"name": "y", "active": None})["active"] is None
    assert world.repository.create(world["Product"], []) == []


def test_default_functions() -> None:
    document = model(
        "Document",
        Property(name="id", type=StringType(), id=1, default_fn="guid"),
        Property(name="short", type=StringType(), default_fn="shortid"),
        Property(name="nano", type=StringType(), default_fn="nanoid"),
        Property(name="made", type=DateTimeType(), default_fn="now"),
        Property(name="seen", type=DateTimeType(), default="$now"),
    )
    world = World({"Document": document})

    first, second = world.repository.create(document, [{}, {}])

    assert first["id"] != second["id"]
    assert (len(first["id"]), len(first["short"]), len(first["nano"])) == (36, 9, 21)
    assert first["made"].microsecond % 1000 == 0
    assert first["seen"].tzinfo is not None


@pytest.mark.parametrize("layout", [Layout.LOOPBACK, Layout.NATIVE])
@pytest.mark.parametrize("data", [{}, {"name": None}, {"name": ""}])
def test_required(layout: Layout, data: Mapping[str, Any]) -> None:
    world = World(shop(layout))

    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(world["Product"], data)

    error = refused.value
    told = "undefined" if not data else '""' if data["name"] == "" else "null"
    assert (error.status, error.name) == (422, "ValidationError")
    assert error.message == f"The `Product` instance is not valid. Details: `name` can't be blank (value: {told})."
    assert error.details == {
        "context": "Product",
        "codes": {"name": ["presence"]},
        "messages": {"name": ["can't be blank"]},
    }


def codes(error: RequestError) -> Any:
    assert isinstance(error.details, Mapping)
    return error.details["codes"]


def test_a_bad_date_is_a_flaw() -> None:
    world = World(shop())

    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(world["Product"], {"name": "x", "released": "never"})

    assert codes(refused.value) == {"released": ["date"]}


def test_types_are_exact_in_the_native_layout() -> None:
    world = World(shop(Layout.NATIVE))

    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(world["Product"], {"name": 5, "price": "x", "active": 1, "tags": "no"})

    assert codes(refused.value) == {
        "name": ["type"],
        "price": ["type"],
        "active": ["type"],
        "tags": ["type"],
    }
    assert "`price` is not a number" in refused.value.message


def test_bounds_in_the_native_layout() -> None:
    settings = MappingProxyType({"min": 1, "max": 3, "pattern": "^[ab]+$"})
    bounded = model(
        "Bounded",
        Property(name="number", type=IntegerType(), settings=settings),
        Property(name="text", type=StringType(), settings=settings),
        layout=Layout.NATIVE,
    )
    world = World({**shop(Layout.NATIVE), "Bounded": bounded})

    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(bounded, {"number": 5, "text": "abac"})
    assert codes(refused.value) == {"number": ["max"], "text": ["length.max", "format"]}
    with pytest.raises(ValidationFailedError) as strange:
        world.repository.create(world["Strange"], {"size": "huge", "code": "12345", "what": 1})
    assert codes(strange.value) == {"what": ["unknown-property"], "size": ["inclusion"], "code": ["length.max"]}
    assert world.repository.create(bounded, {"number": 3, "text": "ab"})["id"] == 1


@pytest.mark.parametrize(
    ("strict", "expected"), [(Strict.KEEP, {"id": 1, "extra": "e"}), (Strict.FILTER, {"id": 1}), (Strict.REJECT, None)]
)
def test_unknown_properties(strict: Strict, expected: Row | None) -> None:
    thing = model("Thing", strict=strict)
    world = World({"Thing": thing})

    if expected is None:
        with pytest.raises(ValidationFailedError) as refused:
            world.repository.create(thing, {"extra": "e"})
        assert codes(refused.value) == {"extra": ["unknown-property"]}
    else:
        assert world.repository.create(thing, {"extra": "e"}) == expected
        assert world.repository.find(thing) == [expected]


def test_dots_in_names_are_refused() -> None:
    world = World({"Thing": model("Thing")})

    with pytest.raises(RequestError, match="names with dots") as refused:
        world.repository.create(world["Thing"], {"a.b": 1})

    assert refused.value.status == 400


def test_json_comes_from_stores_that_build_it() -> None:
    world = filled(tabular=True)
    product, store = world["Product"], world.store
    answers = {True: b'[{"id":1}]', False: b"[ ]"}

    class Building(Tabular):
        @property
        def capabilities(self) -> Capabilities:
            known = super().capabilities
            return replace(known, query=replace(known.query, json_result=FULL))

        def find_json(self, query: Query) -> bytes:
            return answers[bool(self.inner.find(query))]

        def find_json_included(self, _: object) -> None:
            return None

        def find_json_rows(self, *_: object, **__: object) -> None:
            return None

    building = Building(Layout.LOOPBACK)
    building.inner = store.inner if isinstance(store, Tabular) else building.inner
    repository = Repository(world.project, {"db": building})

    assert repository.find_json(product) == b'[{"id":1}]'
    assert repository.find_json(product, {"include": "category"}) is None
    assert repository.find_json(product, {"where": {"place": {"near": "1,2"}}}) is None
    assert repository.find_by_id_json(product, "1") == b'{"id":1}'
    assert repository.find_by_id_json(product, 1, {"include": "category"}) is None
    assert repository.related(world["Category"], 1, "products").find_json() == b'[{"id":1}]'
    for id_ in ("99", "abc"):
        with pytest.raises(NotFoundError):
            repository.find_by_id_json(product, id_)
    assert world.repository.find_by_id_json(product, 1) is None


def test_a_table_answers_what_was_sent_and_stores_what_it_has() -> None:
    thing = model("Thing", Property(name="size", type=NumberType()))
    world = World({"Thing": thing}, tabular=True)

    assert world.repository.create(thing, {"extra": "e"}) == {"id": 1, "extra": "e"}
    assert world.repository.find(thing) == [{"id": 1, "size": None}]
    assert world.repository.patch_by_id(thing, 1, {"extra": "f"}) == {"id": 1, "size": None, "extra": "f"}


def test_force_id() -> None:
    forced = replace(shop()["Category"], force_id=True)
    world = World({**shop(), "Category": forced})

    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(forced, {"id": 7, "name": "x"})

    assert codes(refused.value) == {"id": ["absence"]}
    assert world.repository.create(forced, {"name": "x"})["id"] == 1
    assert world.repository.patch_or_create(forced, {"id": 1, "name": "y"}) == {"id": 1, "name": "y"}
    with pytest.raises(NotFoundError):
        world.repository.patch_or_create(forced, {"id": 9, "name": "y"})
    with pytest.raises(NotFoundError):
        world.repository.replace_or_create(forced, {"id": 9, "name": "y"})


def test_a_list_keeps_the_good_rows_in_loopback() -> None:
    world = World(shop())

    with pytest.raises(RequestError) as refused:
        world.repository.create(world["Product"], [{"name": "good"}, {}])

    assert refused.value.status == 500
    assert isinstance(refused.value.details, list)
    assert refused.value.details[0] is None
    assert isinstance(refused.value.details[1], ValidationFailedError)
    assert world.repository.count(world["Product"]) == 1


def test_a_list_is_all_or_nothing_in_the_native_layout() -> None:
    world = World(shop(Layout.NATIVE))

    with pytest.raises(RequestError) as refused:
        world.repository.create(world["Product"], [{"name": "good"}, {}])
    with pytest.raises(ConstraintError):
        world.repository.create(world["Product"], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])

    assert refused.value.status == 422
    assert world.repository.count(world["Product"]) == 0


def test_duplicates_in_a_list_in_loopback() -> None:
    world = World(shop())

    with pytest.raises(RequestError) as refused:
        world.repository.create(
            world["Product"], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}, {"id": 2, "name": "c"}]
        )

    assert isinstance(refused.value.details, list)
    assert [isinstance(found, ConstraintError) for found in refused.value.details] == [False, True]
    assert world.repository.count(world["Product"]) == 2


@EVERY_STORE
def test_patches(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    assert repository.patch_by_id(product, "1", {"price": 1, "id": 1})["price"] == 1
    assert repository.find_by_id(product, 1)["price"] == 1
    assert repository.patch_by_id(product, 1, {})["name"] == "Red Book"
    with pytest.raises(RequestError, match="id cannot be updated from 1 to 2 when forceId is set to true"):
        repository.patch_by_id(product, 1, {"id": 2})
    with pytest.raises(ValidationFailedError):
        repository.patch_by_id(product, 1, {"name": ""})
    with pytest.raises(NotFoundError, match="could not find a model with id 99"):
        repository.patch_by_id(product, 99, {"price": 1})


@EVERY_STORE
def test_replaces(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    assert repository.replace_by_id(product, "1", {"name": "New"}) == {"id": 1, "name": "New", "active": True}
    assert repository.find_by_id(product, 1).get("price") is None
    assert ("price" in repository.find_by_id(product, 1)) is tabular
    with pytest.raises(RequestError, match=r"id property \(id\) cannot be updated from 1 to 2"):
        repository.replace_by_id(product, 1, {"id": 2, "name": "x"})
    with pytest.raises(ValidationFailedError):
        repository.replace_by_id(product, 99, {})
    with pytest.raises(NotFoundError, match="Object with id 99 does not exist!"):
        repository.replace_by_id(product, 99, {"name": "x"})
    assert repository.replace_or_create(product, {"id": 1, "name": "Again"})["name"] == "Again"
    assert repository.replace_or_create(product, {"id": 50, "name": "Fresh"})["active"] is True
    assert repository.replace_or_create(product, {"name": "Numbered"})["id"] == 51


def test_upserts_in_a_single_step() -> None:
    world = filled()
    repository, product = world.repository, world["Product"]
    checked = replace(product, validate_upsert=True)

    assert repository.patch_or_create(product, {"id": 20, "price": "5"}) == {"id": 20, "price": 5}
    assert repository.patch_or_create(product, {"id": 1, "price": 5})["name"] == "Red Book"
    assert repository.patch_or_create(product, {"name": "n"})["active"] is True
    with pytest.raises(ValidationFailedError):
        repository.patch_or_create(checked, {"id": 1, "price": 5})


def test_upserts_by_finding_first() -> None:
    world = filled(tabular=True)
    repository, product = world.repository, world["Product"]

    assert repository.patch_or_create(product, {"id": 20, "name": "n"}) == {"id": 20, "name": "n", "active": True}
    assert repository.patch_or_create(product, {"id": 1, "price": 5})["name"] == "Red Book"
    with pytest.raises(ValidationFailedError):
        repository.patch_or_create(product, {"id": 21, "price": 5})


@EVERY_STORE
def test_upserts_with_where(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    assert repository.upsert_with_where(product, {"name": "Chess"}, {"name": "Chess", "price": 1})["id"] == 3
    assert repository.find_by_id(product, 3)["price"] == 1
    assert repository.upsert_with_where(product, {"name": "Unseen"}, {"name": "Unseen"})["id"] == 5
    with pytest.raises(RequestError, match="There are multiple instances found") as refused:
        repository.upsert_with_where(product, {"categoryId": 1}, {"name": "n", "price": 1})
    assert refused.value.status == 400
    if layout.is_loopback and not tabular:  # LoopBack checks what was sent alone, with validateUpsert or without
        with pytest.raises(ValidationFailedError):
            repository.upsert_with_where(product, {"name": "Chess"}, {"price": 1})


@EVERY_STORE
def test_updates_and_deletes_many(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    changes = {"price": 7, "id": 9} if layout.is_loopback else {"price": 7}
    assert repository.update_all(product, {"categoryId": 1}, changes) == 2
    assert repository.count(product, {"price": 7}) == 2
    assert repository.update_all(product, {"id": 99}, {"price": 1}) == 0
    assert repository.delete_by_id(product, "1") == 1
    assert repository.delete_by_id(product, "1") == 0
    assert repository.delete_all(product, {"categoryId": {"gt": 1}}) == 2
    assert repository.delete_all(product) == 1


@pytest.mark.parametrize(
    ("layout", "tabular"), [(Layout.LOOPBACK, True), (Layout.NATIVE, False), (Layout.NATIVE, True)]
)
@pytest.mark.parametrize("clause", [{"bogus": 1}, {"nmae": "x"}, {"or": [{"bogus": 1}]}, {"cost": 1}])
def test_a_write_never_loses_its_condition(layout: Layout, tabular: bool, clause: Any) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository, product = world.repository, world["Product"]

    for write in (
        lambda: repository.update_all(product, clause, {"price": 0}),
        lambda: repository.delete_all(product, clause),
        lambda: repository.upsert_with_where(product, clause, {"name": "x"}),
    ):
        with pytest.raises(RequestError) as refused:
            write()
        assert refused.value.status == 400
    assert repository.count(product) == 4
    assert repository.count(product, {"price": 0}) == 0


def test_a_dropped_condition_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = filled(tabular=True)

    assert len(world.repository.find(world["Product"], {"where": {"bogus": 1}})) == 4

    assert caplog.messages == ['LB6014 Product has no property "bogus"; the condition on it was left out']


@EVERY_STORE
def test_includes(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    include = {"include": [{"relation": "products", "scope": {"include": "suppliers"}}, "cover"]}

    found = world.repository.find(world["Category"], include)

    assert [[product["name"] for product in row["products"]] for row in found] == [
        ["Red Book", "Blue Book"],
        ["Chess"],
        [],
    ]
    red, blue = found[0]["products"]
    assert [one["name"] for one in red["suppliers"]] == ["Acme", "Best"]
    # LoopBack leaves out a list through another model that is empty in an included row.
    assert blue.get("suppliers") == (None if layout.is_loopback else [])
    assert [row.get("cover", {}).get("url") for row in found] == ["/books.png", None, None]
    assert "cover" not in found[1]


@EVERY_STORE
def test_includes_one(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)

    found = world.repository.find(world["Product"], {"include": "category"})

    assert [row.get("category", {}).get("name") for row in found] == ["Books", "Books", "Games", None]
    assert "category" not in found[3]


def test_an_include_is_one_query_a_level() -> None:
    world = World(shop(), tabular=True)
    world.create("Category", *({"name": f"c{number}"} for number in range(600)))
    world.create("Product", *({"name": "p", "categoryId": number % 600 + 1} for number in range(1200)))
    assert isinstance(world.store, Tabular)
    world.store.queries.clear()

    found = world.repository.find(world["Category"], {"include": "products"})

    assert {len(row["products"]) for row in found} == {2}
    assert len(world.store.queries) == 1 + 3


def test_the_page_of_an_include_is_each_parents_own() -> None:
    world = filled(tabular=True)
    scope = {"include": {"relation": "products", "scope": {"limit": 1, "order": "price DESC", "fields": ["name"]}}}

    found = world.repository.find(world["Category"], scope)

    assert [row["products"] for row in found] == [
        [{"name": "Blue Book", "categoryId": 1}],
        [{"name": "Chess", "categoryId": 2}],
        [],
    ]


def test_fields_without_the_keys_of_an_include() -> None:
    world = filled()

    assert world.repository.find(world["Product"], {"fields": ["name"], "include": "category", "limit": 1}) == [
        {"name": "Red Book"}
    ]
    with pytest.raises(RequestError, match='ID property "id" is missing for included item'):
        world.repository.find(world["Category"], {"fields": ["name"], "include": "products"})


def test_the_native_layout_reads_the_keys_of_an_include() -> None:
    world = filled(Layout.NATIVE)

    (row,) = world.repository.find(world["Category"], {"fields": ["name"], "include": "products", "limit": 1})

    assert (row["id"], len(row["products"])) == (1, 2)


def test_an_include_crosses_data_sources() -> None:
    models = dict(shop())
    models["Product"] = replace(models["Product"], data_source="other")
    sources = [
        DataSource(name=name, connector="memory", settings=MappingProxyType({"inqLimit": 1}), layout=Layout.LOOPBACK)
        for name in ("db", "other")
    ]
    found = project(models, *sources)
    repository = Repository(found, {"db": MemoryConnector(sources[0]), "other": MemoryConnector(sources[1])})
    repository.create(models["Category"], [{"name": "a"}, {"name": "b"}])
    repository.create(models["Product"], [{"name": "p", "categoryId": 2}])

    rows = repository.find(models["Category"], {"include": "products"})

    assert [len(row["products"]) for row in rows] == [0, 1]


def polymorphic() -> World:
    ties = Polymorphic(selector="owner", foreign_key="ownerId", discriminator="ownerType")
    pictures = replace(
        relation("pictures", RelationKind.HAS_MANY, ("", "Picture"), ("id", "ownerId")), polymorphic=ties
    )
    author = model("Author", relations=(replace(pictures, model="Author"),))
    reader = model("Reader", relations=(replace(pictures, model="Reader"),))
    owner = replace(
        relation("owner", RelationKind.BELONGS_TO, ("Picture", ""), ("ownerId", "id")), target=None, polymorphic=ties
    )
    picture = model(
        "Picture",
        Property(name="url", type=StringType()),
        Property(name="ownerId", type=NumberType()),
        Property(name="ownerType", type=StringType()),
        relations=(owner,),
    )
    world = World({"Author": author, "Reader": reader, "Picture": picture})
    world.create("Author", {"n": "Le Guin"}, {"n": "Lem"})
    world.create("Reader", {"n": "Rhea"})
    return world


def test_polymorphic_relations() -> None:
    world = polymorphic()
    world.repository.related(world["Author"], 1, "pictures").create({"url": "/a"})
    world.repository.related(world["Reader"], 1, "pictures").create({"url": "/r"})
    world.create("Picture", {"url": "/none"})

    authors = world.repository.find(world["Author"], {"include": "pictures"})
    pictures = world.repository.find(world["Picture"], {"include": "owner"})

    assert [[one["url"] for one in row["pictures"]] for row in authors] == [["/a"], []]
    assert [row.get("owner", {}).get("n") for row in pictures] == ["Le Guin", "Rhea", None]
    assert world.repository.related(world["Picture"], 2, "owner").one() == {"id": 1, "n": "Rhea"}
    with pytest.raises(NotFoundError):
        world.repository.related(world["Picture"], 3, "owner").one()


@EVERY_STORE
def test_reads_relations(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository = world.repository
    products = repository.related(world["Category"], "1", "products")
    suppliers = repository.related(world["Product"], 1, "suppliers")

    assert [row["name"] for row in products.find()] == ["Red Book", "Blue Book"]
    assert products.find(parse_filter({"where": {"price": {"gt": 13}}, "fields": ["name"]})) == [{"name": "Blue Book"}]
    assert (products.count(), products.count({"price": 15})) == (2, 1)
    assert products.by_id("2")["name"] == "Blue Book"
    for id_ in ("3", "999", "abc"):
        with pytest.raises(NotFoundError, match=f"No instance with id {id_} found for Product"):
            products.by_id(id_)
    assert [row["name"] for row in suppliers.find()] == ["Acme", "Best"]
    assert suppliers.count() == 2
    assert suppliers.linked("2")
    assert not suppliers.linked("9")
    category = repository.related(world["Product"], 1, "category").one()
    assert category is not None
    assert category["name"] == "Books"
    assert repository.related(world["Product"], 4, "category").one() is None


def test_relations_that_lead_nowhere() -> None:
    world = filled()
    repository = world.repository

    with pytest.raises(NotFoundError, match="could not find a model with id 99"):
        repository.related(world["Category"], 99, "products")
    with pytest.raises(NotFoundError, match='Relation "bogus" is not defined'):
        repository.related(world["Category"], 1, "bogus")
    with pytest.raises(NotFoundError, match='No "Cover" instance') as missing:
        repository.related(world["Category"], 2, "cover").one()
    assert missing.value.error_code == "MODEL_NOT_FOUND"
    world.create("Product", {"name": "loose"})
    assert repository.related(world["Product"], 5, "category").one() == {}


@EVERY_STORE
def test_writes_relations(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    repository = world.repository
    products = repository.related(world["Category"], 3, "products")

    made = products.create({"name": "new", "categoryId": 1})
    assert made["categoryId"] == 3
    assert products.update({"price": 5}, made["id"])["price"] == 5
    with pytest.raises(NotFoundError):
        products.update({"price": 5}, 1)
    products.delete(made["id"])
    with pytest.raises(NotFoundError):
        products.delete(made["id"])
    products.create({"name": "a"})
    products.create({"name": "b"})
    assert products.delete_all() == 2
    assert repository.count(world["Product"]) == 4

    cover = repository.related(world["Category"], 2, "cover")
    assert cover.create({"url": "/g"})["categoryId"] == 2
    with pytest.raises(RequestError) as refused:
        cover.create({"url": "/h"})
    assert refused.value.status == 409
    assert cover.update({"url": "/i"})["url"] == "/i"
    cover.delete()
    with pytest.raises(NotFoundError):
        cover.delete()


@EVERY_STORE
def test_links(layout: Layout, tabular: bool) -> None:  # noqa: FBT001
    world = filled(layout, tabular=tabular)
    suppliers = world.repository.related(world["Product"], 2, "suppliers")

    link = suppliers.link("2")
    assert (link["productId"], link["supplierId"]) == (2, 2)
    assert suppliers.link(2)["id"] == link["id"]
    assert suppliers.unlink("2") == 1
    assert suppliers.unlink("2") == 0
    if layout.is_loopback:
        assert suppliers.link(99)["supplierId"] == 99
        assert (suppliers.unlink(99), suppliers.linked(99)) == (1, False)
    else:
        with pytest.raises(NotFoundError):
            suppliers.link(99)
    made = suppliers.create({"name": "Third"})
    assert suppliers.linked(made["id"])
    suppliers.delete(made["id"])
    assert suppliers.find() == []


def test_scopes() -> None:
    scoped = replace(
        shop()["Product"],
        default_scope=MappingProxyType({"where": {"active": True}, "order": "price DESC"}),
        scopes=MappingProxyType({"cheap": {"where": {"price": {"lt": 20}}, "limit": 1}}),
    )
    world = World({**shop(), "Product": scoped})
    world.create(
        "Product", {"name": "a", "price": 1, "active": False}, {"name": "b", "price": 5}, {"name": "c", "price": 50}
    )
    repository = world.repository

    assert [row["name"] for row in repository.find(scoped)] == ["c", "b", "a"]
    assert repository.find_by_id(scoped, 1)["active"] is True
    assert [row["name"] for row in repository.find(scoped, {"limit": 9}, scope="cheap")] == ["b"]
    assert repository.count(scoped, scope="cheap") == 2
    with pytest.raises(NotFoundError):
        repository.find(scoped, scope="dear")


def test_a_model_without_a_store() -> None:
    world = filled()
    lone = replace(world["Product"], data_source=None)

    with pytest.raises(RequestError) as refused:
        world.repository.find(lone)

    assert refused.value.status == 501


def test_a_view_cannot_be_written() -> None:
    world = filled()
    view = replace(world["Product"], read_only=True)

    with pytest.raises(RequestError) as refused:
        world.repository.create(view, {"name": "x"})

    assert refused.value.status == 405


def test_composite_ids() -> None:
    seat = model(
        "Seat",
        Property(name="row", type=NumberType(), id=1),
        Property(name="place", type=StringType(), id=2),
        Property(name="taken", type=StringType()),
    )
    world = World({"Seat": seat}, tabular=True)
    world.create("Seat", {"row": 1, "place": "a"}, {"row": 1, "place": "b"})
    repository = world.repository

    assert repository.find_by_id(seat, (1, "b"))["place"] == "b"
    assert repository.find_by_id(seat, "1,a")["place"] == "a"
    assert repository.patch_by_id(seat, ("1", "b"), {"taken": "x"})["taken"] == "x"
    assert repository.replace_or_create(seat, {"row": 1, "place": "a", "taken": "y"})["taken"] == "y"
    assert repository.delete_by_id(seat, (1, "a")) == 1
    assert not repository.exists(seat, 1)


def test_setting_many_rows_checks_what_is_set_in_the_native_layout() -> None:
    thing = model(
        "Thing",
        Property(name="name", type=StringType(5), required=True),
        Property(name="stars", type=IntegerType(), settings=MappingProxyType({"max": 5})),
        layout=Layout.NATIVE,
    )
    world = World({"Thing": thing})
    world.create("Thing", {"name": "a", "stars": 1})

    for data in ({"name": "longer"}, {"name": None}, {"name": ""}, {"stars": 6}, {"stars": 2**31}):
        with pytest.raises(ValidationFailedError):
            world.repository.update_all(thing, {}, data)

    assert world.repository.update_all(thing, {}, {"stars": 5}) == 1
    assert world.repository.find(thing) == [{"id": 1, "name": "a", "stars": 5}]


def test_ids_are_not_set_on_many_rows_in_the_native_layout() -> None:
    world = filled(Layout.NATIVE)
    with pytest.raises(RequestError):
        world.repository.update_all(world["Product"], {}, {"id": 777, "price": 1})


def test_what_a_hidden_property_was_sent_is_not_repeated() -> None:
    world = World(shop(Layout.NATIVE))
    with pytest.raises(ValidationFailedError) as refused:
        world.repository.create(world["Product"], {"name": "x", "cost": {"a": "TOPSECRET"}})
    assert "`cost` is not a number (value: ***)" in refused.value.message
