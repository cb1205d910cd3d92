"""Validations over memory: LoopBack's answers, conditions, uniqueness, and patterns that cost little."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.datatypes import (
    AnyType,
    BooleanType,
    DateOnlyType,
    DecimalType,
    IntegerType,
    NumberType,
    ObjectType,
    StringType,
)
from lbconf.project.resolved import Layout, Model, Property
from lbconf.query.allowance import allowance
from lbconf.query.errors import RequestError
from lbconf.repository import Repository, ValidationFailedError
from tests.strategies.shop import model, project

RECORDED = json.loads((Path(__file__).parents[2] / "data/validations/loopback.json").read_text())


def things(*properties: Property, validations: Any = (), layout: Layout = Layout.NATIVE) -> tuple[Repository, Model]:
    thing = model("Thing", *properties, layout=layout, settings=MappingProxyType({"validations": validations}))
    found = project({"Thing": thing})
    return Repository(found, {"db": MemoryConnector(found.data_sources["db"])}), thing


def prop(name: str, of: Any, **settings: Any) -> Property:
    return Property(name=name, type=of, settings=MappingProxyType(settings))


def codes_of(error: ValidationFailedError) -> Mapping[str, list[str]]:
    found = error.details
    assert isinstance(found, dict)
    return {name: list(codes) for name, codes in found["codes"].items()}


def refused(repository: Repository, thing: Model, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The codes of what is wrong with a new row; None where it was created."""
    try:
        repository.create(thing, data)
    except ValidationFailedError as error:
        return codes_of(error)
    return None


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda one: json.dumps(one["validation"]))
def test_answers_are_loopbacks(recorded: Mapping[str, Any]) -> None:
    repository, thing = things(
        prop("p", AnyType()),
        prop("flag", BooleanType()),
        validations=[recorded["validation"]],
        layout=Layout.LOOPBACK,
    )

    for row, expected in recorded["cases"]:
        if expected is None:
            repository.create(thing, row)
            continue
        with pytest.raises(ValidationFailedError) as refusal:
            repository.create(thing, row)
        error = refusal.value
        assert (error.message, error.details, error.status) == (expected["message"], expected["details"], 422), row


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        (prop("p", StringType(), minLength=2, maxLength=3), ["ab", "abc", None], {"a": "length.min", "": "length.min"}),
        (prop("p", StringType(), min=2), ["ab"], {"a": "length.min"}),
        (prop("p", IntegerType(), min=1, max=3), [1, 3, None], {0: "min", 4: "max"}),
        (prop("p", NumberType(), min=0.1), [0.1, 1], {0.09: "min"}),
        (prop("p", DecimalType(), min=0.1), ["0.1", 1], {"0.09": "min"}),
        (prop("p", StringType(), pattern="^a+$"), ["a", None], {"b": "format"}),
        (prop("p", StringType(), format="email"), ["a@b.org", None], {"a": "format", "": "format"}),
        (prop("p", StringType(), enum=["a", "b"]), ["a", None], {"c": "inclusion"}),
        (prop("p", DateOnlyType(), enum=["2020-01-31"]), ["2020-01-31"], {"2020-02-01": "inclusion"}),
        (prop("p", StringType(3)), ["abc"], {"abcd": "length.max"}),
    ],
)
def test_attributes_in_the_native_layout(declared: Property, good: list[Any], bad: Mapping[Any, str]) -> None:
    repository, thing = things(declared)

    for value in good:
        repository.create(thing, {"p": value})
    repository.create(thing, {})
    for value, code in bad.items():
        assert refused(repository, thing, {"p": value}) == {"p": [code]}


def test_attributes_say_nothing_in_loopback_layouts() -> None:
    repository, thing = things(prop("p", StringType(2), pattern="^a", minLength=2), layout=Layout.LOOPBACK)

    assert refused(repository, thing, {"p": "bbb"}) is None


def test_a_json_schema_holds_forms_and_closed_objects() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "required": ["city"],
        "properties": {"city": {"type": "string"}, "mail": {"type": "string", "format": "email"}},
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": False,
    }
    repository, thing = things(prop("address", ObjectType(), schema=schema))

    assert refused(repository, thing, {"address": {"city": "Rome", "mail": "a@b.org", "x-a": 1}}) is None
    with pytest.raises(ValidationFailedError) as error:
        repository.create(thing, {"address": {"mail": "no", "x-a": "1", "street": "s"}})
    told = error.value.details
    assert isinstance(told, dict)
    assert told["codes"] == {"address": ["schema"] * 4}
    assert sorted(told["messages"]["address"]) == [
        "does not fit its schema at /mail: 'no' is not a 'email'",
        "does not fit its schema at /x-a: '1' is not of type 'integer'",
        "does not fit its schema: 'city' is a required property",
        "does not fit its schema: it has no property street",
    ]


def test_a_reference_out_of_a_schema_is_not_followed() -> None:
    repository, thing = things(prop("p", ObjectType(), schema={"$ref": "http://127.0.0.1:9/x"}))

    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        repository.create(thing, {"p": {}})


@pytest.mark.parametrize(
    "rule", [{"rule": "format", "with": "^(a+)+$"}, {"rule": "schema", "schema": {"pattern": "^(a+)+$"}}]
)
def test_a_pattern_that_stalls_others_costs_little(rule: Mapping[str, Any]) -> None:
    repository, thing = things(prop("p", StringType()), validations=[{"property": "p", **rule}])

    with allowance(2_000_000):
        assert refused(repository, thing, {"p": "a" * 20_000 + "!"}) is not None


def test_conditions() -> None:
    repository, thing = things(
        prop("p", StringType()),
        prop("state", StringType()),
        prop("draft", BooleanType()),
        validations=[
            {"property": "p", "rule": "presence", "if": {"state": {"inq": ["open", "late"]}}},
            {"property": "p", "rule": "length", "min": 2, "unless": "draft", "allowBlank": True, "allowNull": True},
        ],
    )

    assert refused(repository, thing, {"state": "open"}) == {"p": ["presence"]}
    assert refused(repository, thing, {"state": "shut"}) is None
    assert refused(repository, thing, {"p": "a"}) == {"p": ["length.min"]}
    assert refused(repository, thing, {"p": "a", "draft": True}) is None


class TestUniqueness:
    VALIDATIONS = (
        {"property": "name", "rule": "uniqueness", "scopedTo": ["realm"], "message": "is taken"},
        {"property": "mail", "rule": "uniqueness", "ignoreCase": True},
    )

    @pytest.fixture(params=[Layout.NATIVE, Layout.LOOPBACK])
    def world(self, request: pytest.FixtureRequest) -> tuple[Repository, Model]:
        return things(
            *(prop(name, StringType()) for name in ("name", "realm", "mail", "note")),
            validations=self.VALIDATIONS,
            layout=request.param,
        )

    def test_of_new_rows(self, world: tuple[Repository, Model]) -> None:
        repository, thing = world
        repository.create(thing, {"name": "a", "realm": "r", "mail": "A.b@x.org"})

        assert refused(repository, thing, {"name": "a", "realm": "r"}) == {"name": ["uniqueness"]}
        assert refused(repository, thing, {"name": "a", "realm": "s"}) is None
        assert refused(repository, thing, {"mail": "a.B@X.org"}) == {"mail": ["uniqueness"]}
        assert refused(repository, thing, {"mail": "aXb@x.org"}) is None
        assert [refused(repository, thing, {"name": "", "mail": None}) for _ in range(2)] == [None, None]

    def test_of_changed_rows(self, world: tuple[Repository, Model]) -> None:
        repository, thing = world
        one = repository.create(thing, {"name": "a", "realm": "r"})
        other = repository.create(thing, {"name": "b", "realm": "r"})

        assert repository.patch_by_id(thing, one["id"], {"note": "n"})["note"] == "n"
        with pytest.raises(ValidationFailedError, match="`name` is taken"):
            repository.patch_by_id(thing, other["id"], {"name": "a"})
        with pytest.raises(ValidationFailedError):
            repository.replace_by_id(thing, other["id"], {"name": "a", "realm": "r"})

    def test_of_a_list(self) -> None:
        repository, thing = things(
            *(prop(name, StringType()) for name in ("name", "realm", "mail")), validations=self.VALIDATIONS
        )
        rows = [{"name": "a", "mail": "x"}, {"name": "a", "realm": "r"}, {"name": "b", "mail": "X"}, {"name": "a"}]

        with pytest.raises(RequestError) as refusal:
            repository.create(thing, rows)

        told = refusal.value.details
        assert isinstance(told, list)
        assert told[:2] == [None, None]
        assert [codes_of(one) for one in told[2:]] == [{"mail": ["uniqueness"]}, {"name": ["uniqueness"]}]
        assert repository.count(thing) == 0

    def test_of_many_at_once(self) -> None:
        repository, thing = things(
            *(prop(name, StringType()) for name in ("name", "realm", "mail")), validations=self.VALIDATIONS
        )
        repository.create(thing, {"name": "a", "realm": "r"})
        repository.create(thing, {"name": "b", "realm": "r"})

        with pytest.raises(ValidationFailedError):
            repository.update_all(thing, {}, {"mail": "x"})
        with pytest.raises(ValidationFailedError):
            repository.update_all(thing, {"name": "b"}, {"name": "a"})
        assert repository.update_all(thing, {"name": "b"}, {"name": "c"}) == 1
        assert repository.update_all(thing, {}, {"mail": None}) == 2


def test_dates() -> None:
    repository, thing = things(prop("p", StringType()), validations=[{"property": "p", "rule": "date"}])

    assert [refused(repository, thing, {"p": value}) for value in ("2020-01-31", None)] == [None, None]
    assert refused(repository, thing, {"p": "someday"}) == {"p": ["date"]}


def test_several_rows_at_once_keep_the_rules_of_what_is_set() -> None:
    repository, thing = things(prop("p", IntegerType(), max=3), prop("q", IntegerType()))
    repository.create(thing, {"p": 1})

    with pytest.raises(ValidationFailedError):
        repository.update_all(thing, {}, {"p": 4})
    assert repository.update_all(thing, {}, {"q": 4}) == 1


def test_nothing_is_prepared_without_validations() -> None:
    repository, thing = things(prop("p", StringType()))

    assert repository.reader(thing)._checks == ()
