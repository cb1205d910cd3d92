from typing import Any

import pytest

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BinaryType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    GeoPointType,
    IntegerType,
    ModelType,
    NumberType,
    ObjectType,
    StringType,
    UuidType,
)
from lbconf.project.property_types import TypeUnknownError, data_type


@pytest.mark.parametrize(
    ("written", "attributes", "expected"),
    [
        ("string", {}, StringType()),
        ("string", {"length": 40}, StringType(40)),
        ("string(40)", {}, StringType(40)),
        ("number", {}, NumberType()),
        ("integer", {}, IntegerType(32)),
        ("smallint", {}, IntegerType(16)),
        ("bigint", {}, IntegerType(64)),
        ("decimal(10,2)", {}, DecimalType(10, 2)),
        ("decimal", {"precision": 10, "scale": 2}, DecimalType(10, 2)),
        ("decimal", {}, DecimalType()),
        ("date", {}, DateTimeType()),
        ("datetime", {}, DateTimeType()),
        ("dateonly", {}, DateOnlyType()),
        ("uuid", {}, UuidType()),
        ("binary", {}, BinaryType()),
        ("geopoint", {}, GeoPointType()),
        ("array", {}, ArrayType()),
        (["string"], {}, ArrayType(StringType())),
        ([{"type": "string", "length": 3}], {}, ArrayType(StringType(3))),
        (["Address"], {}, ArrayType(ModelType("Address"))),
        ([], {}, ArrayType()),
        ("Address", {}, ModelType("Address")),
        ({"street": "string"}, {}, ObjectType()),
        ("enum", {"values": ["a", "b"], "enumName": "letter"}, EnumType(("a", "b"), "letter")),
    ],
)
def test_types(written: Any, attributes: dict[str, Any], expected: DataType) -> None:
    assert data_type(written, attributes, {"Address"}, loopback=False) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("String", StringType()), ("Date", DateTimeType()), ("GeoPoint", GeoPointType()), ("null", AnyType())],
)
def test_loopback_ignores_case(written: str, expected: DataType) -> None:
    assert data_type(written, {}, (), loopback=True) == expected


@pytest.mark.parametrize("written", ["strng", "varchar(3)", "Adress", 5, "string(1,2)"])
def test_unknown_types(written: Any) -> None:
    with pytest.raises(TypeUnknownError):
        data_type(written, {}, {"Address"}, loopback=False)


def test_an_enum_needs_values() -> None:
    with pytest.raises(TypeUnknownError, match="values"):
        data_type("enum", {}, (), loopback=False)
