"""Bodies of forms, which hold nothing but text, in the native layout: numbers and truths as query strings have them."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.datatypes import ArrayType, BooleanType, DataType, NumberType
from lbconf.project.resolved import Model
from lbconf.query.coerce import Operands, operand_converter
from lbconf.query.errors import RequestError

__all__ = ["form_values"]


def form_values(model: Model, data: Any) -> Any:
    """The data with the texts of number and truth properties converted; what is none stays, to be refused by name."""
    if not isinstance(data, Mapping):
        return data
    return {
        name: _value(prop.type, value) if (prop := model.properties.get(name)) is not None else value
        for name, value in data.items()
    }


def _value(kind: DataType, value: Any) -> Any:
    if isinstance(kind, ArrayType) and kind.item is not None and isinstance(value, list):
        return [_value(kind.item, item) for item in value]
    if not isinstance(kind, _CONVERTED) or not isinstance(value, str):
        return value
    try:
        return operand_converter(kind, Operands.REFUSE)(value)
    except RequestError:
        return value


_CONVERTED: Final = NumberType | BooleanType
