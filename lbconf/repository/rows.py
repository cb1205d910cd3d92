"""Rows that clients write: values converted, defaults filled in, rules of the model checked."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeGuard

from lbconf.datatypes import EnumType, StringType
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Property, Strict
from lbconf.query.coerce import InvalidDateError, value_converter
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, json_text
from lbconf.query.nodes import Row
from lbconf.query.parse import check_size
from lbconf.query.pattern import compile_pattern
from lbconf.repository.errors import Flaw
from lbconf.repository.generate import default_values

__all__ = ["RowReader"]

_BLANK: Final = "can't be blank"


class RowReader:
    """Reads and checks the rows of one model. May be used from several threads."""

    def __init__(self, model: Model) -> None:
        """Look up once what every row needs."""
        self.model = model
        self._lenient = model.layout.is_loopback
        self._converters: dict[str, Callable[[Any], Any]] = {
            name: value_converter(prop.type, lenient=self._lenient) for name, prop in model.properties.items()
        }
        self._relations = frozenset(model.relations) - frozenset(model.properties)
        self._defaults = default_values(model)
        self._required = tuple(
            name for name, prop in model.properties.items() if prop.required and not (prop.id and prop.generated)
        )
        self._bounded = () if self._lenient else tuple(p for p in model.properties.values() if _bounds(p))
        self._ids = frozenset(prop.name for prop in model.ids)

    def read(self, data: Mapping[str, Any], *, drops_unknown: bool = False) -> tuple[Row, list[Flaw]]:
        """The data as a row, values converted, and what is wrong with it.

        Properties the model does not have are kept, dropped or reported as its
        `strict` says; `drops_unknown` drops what would be reported.

        Raises:
            RequestError: a value is of a kind that LoopBack refuses outright, or the data is too large.

        """
        check_size(data)
        row: Row = {}
        flaws: list[Flaw] = []
        for name, value in data.items():
            converter = self._converters.get(name)
            if converter is None:
                self._unknown(name, value, row, flaws, drops_unknown=drops_unknown)
            elif value is None:
                row[name] = None
            else:
                self._convert(name, value, converter, (row, flaws))
        return row, flaws

    def fill(self, row: Row) -> None:
        """Fill in the defaults of what is missing."""
        for name, make in self._defaults.items():
            if name not in row:
                row[name] = make()

    def check(self, row: Mapping[str, Any], *, new: bool) -> list[Flaw]:
        """What is wrong with a whole row. `new`: it is to be created, so its id may not be set under `forceId`."""
        flaws = [
            Flaw(name, "presence", _BLANK, row.get(name, UNDEFINED))
            for name in self._required
            if _is_blank(row.get(name)) and not (new and name in self._ids and self.model.force_id)
        ]
        if new and self.model.force_id:
            flaws.extend(
                Flaw(name, "absence", "can't be set", row[name]) for name in self._ids if not _is_blank(row.get(name))
            )
        return flaws + self._beyond_bounds(row)

    def check_given(self, changes: Mapping[str, Any]) -> list[Flaw]:
        """What is wrong with these properties alone, in the native layout; LoopBack sets them unchecked."""
        if self._lenient:
            return []
        flaws = [
            Flaw(name, "presence", _BLANK, changes[name])
            for name in self._required
            if name in changes and _is_blank(changes[name])
        ]
        return flaws + self._beyond_bounds(changes)

    def _beyond_bounds(self, row: Mapping[str, Any]) -> list[Flaw]:
        flaws: list[Flaw] = []
        for prop in self._bounded:
            value = row.get(prop.name)
            if value is not None:
                flaws.extend(_flaws_of(prop, value))
        return flaws

    def _unknown(self, name: str, value: Any, row: Row, flaws: list[Flaw], *, drops_unknown: bool) -> None:
        if name in self._relations:
            return
        if self.model.strict is Strict.KEEP:
            if "." in name:
                message = f"Property names with dots are not supported: {self.model.name} was sent {name}"
                raise RequestError(Code.PROPERTY_UNKNOWN, message)
            row[name] = value
        elif self.model.strict is Strict.REJECT and not drops_unknown:
            flaws.append(Flaw(name, "unknown-property", "is not defined in the model"))

    def _convert(self, name: str, value: Any, converter: Callable[[Any], Any], into: tuple[Row, list[Flaw]]) -> None:
        row, flaws = into
        try:
            row[name] = converter(value)
        except InvalidDateError:
            row[name] = None
            flaws.append(Flaw(name, "date", "is not a valid date", value))
        except RequestError as error:
            if self._lenient:
                raise
            row[name] = None
            flaws.append(Flaw(name, "type", error.message.removeprefix(f"{json_text(value)} "), value))


def _is_blank(value: Any) -> bool:
    return value is None or value in ("", [])


def _bounds(prop: Property) -> bool:
    limited = isinstance(prop.type, StringType) and prop.type.length is not None
    return limited or isinstance(prop.type, EnumType) or any(key in prop.settings for key in ("min", "max", "pattern"))


def _flaws_of(prop: Property, value: Any) -> list[Flaw]:
    flaws: list[Flaw] = []
    if isinstance(prop.type, EnumType) and value not in prop.type.values:
        flaws.append(Flaw(prop.name, "inclusion", f"is none of {', '.join(prop.type.values)}", value))
    if isinstance(prop.type, StringType) and prop.type.length is not None and len(value) > prop.type.length:
        flaws.append(Flaw(prop.name, "length.max", f"is longer than {prop.type.length} characters", value))
    size = len(value) if isinstance(value, str | list) else value
    least, most = prop.settings.get("min"), prop.settings.get("max")
    if _is_number(least) and _is_number(size) and size < least:
        flaws.append(Flaw(prop.name, "min", f"is less than {least}", value))
    if _is_number(most) and _is_number(size) and size > most:
        flaws.append(Flaw(prop.name, "max", f"is more than {most}", value))
    pattern = prop.settings.get("pattern")
    if isinstance(pattern, str) and isinstance(value, str) and not _matches(pattern, value):
        flaws.append(Flaw(prop.name, "format", "is invalid", value))
    return flaws


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _matches(pattern: str, value: str) -> bool:
    """Whether the text matches; patterns are the project's own, so one that needs backtracking is allowed too."""
    try:
        return compile_pattern(pattern, "").search(value)
    except RequestError:
        return re.search(pattern, value) is not None
