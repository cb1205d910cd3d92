"""Rows that clients write: values converted, defaults filled in, rules of the model checked."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Strict
from lbconf.project.validations import Validation
from lbconf.query.coerce import InvalidDateError, value_converter
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, json_text
from lbconf.query.nodes import Row
from lbconf.query.oddities import OF_EVERY_OBJECT
from lbconf.query.parse import check_size
from lbconf.repository.errors import Flaw
from lbconf.repository.generate import default_values
from lbconf.repository.validators import RowCheck, Taken, checks_of, is_blank, within

__all__ = ["RowReader"]

_BLANK: Final = "can't be blank"


def _never(model: Model, validation: Validation, row: Mapping[str, Any]) -> bool:
    del model, validation, row
    return False


class RowReader:
    """Reads and checks the rows of one model. May be used from several threads."""

    custom: Callable[[Mapping[str, Any]], list[Flaw]] | None = None
    """What the project's own code finds wrong with a whole row."""
    embedded: Callable[[Mapping[str, Any]], list[Flaw]] | None = None
    """What is wrong with the instances that a whole row embeds."""
    completes: Callable[[Row], None] | None = None
    """Gives the instances that a row embeds their types, and fills in their defaults."""
    texts: Collection[str] = ()
    """Properties whose texts are not read as JSON: an embedsOne of LoopBack makes an instance of every value."""
    wholes: Callable[[Mapping[str, Any]], None] | None = None
    """Refuses what is no embedded instance in a change of many rows, which nothing else looks at."""

    def __init__(self, model: Model, taken: Taken = _never) -> None:
        """Look up once what every row needs.

        `taken` asks the store whether another row stands in the way of a row's value.
        """
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
        self._checks: tuple[RowCheck, ...] = checks_of(model, taken)
        self._ids = frozenset(prop.name for prop in model.ids)

    def read(self, data: Mapping[str, Any], *, drops_unknown: bool = False) -> tuple[Row, list[Flaw]]:
        """The data as a row, values converted, and what is wrong with it.

        Properties the model does not have are kept, dropped or reported as its
        `strict` says; `drops_unknown` drops what would be reported.

        Raises:
            RequestError: a value is of a kind that LoopBack refuses outright, or the data is too large.

        """
        check_size(data, "data")
        row: Row = {}
        flaws: list[Flaw] = []
        for name, value in data.items():
            converter = self._converters.get(name)
            if converter is None:
                self._unknown(name, value, row, flaws, drops_unknown=drops_unknown)
            elif value is None or (type(value) is str and name in self.texts):
                row[name] = value
            else:
                self._convert(name, value, converter, (row, flaws))
        if self.completes is not None:
            self.completes(row)
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
            if is_blank(row.get(name)) and not (new and name in self._ids and self.model.force_id)
        ]
        if new and self.model.force_id:
            flaws.extend(
                Flaw(name, "absence", "can't be set", row[name]) for name in self._ids if not is_blank(row.get(name))
            )
        elif new and not self._lenient:
            flaws.extend(Flaw(name, "presence", _BLANK, "") for name in self._ids if row.get(name) == "")
        for check in self._checks:
            flaws.extend(check.flaws(row))
        if self.embedded is not None:
            flaws.extend(self.embedded(row))
        if self.custom is not None:
            flaws.extend(self.custom(row))
        return flaws

    def check_given(self, changes: Mapping[str, Any]) -> list[Flaw]:
        """What is wrong with these properties alone, in the native layout; LoopBack sets them unchecked.

        What needs to know the rest of a row is left to the database.
        """
        if self._lenient:
            return []
        flaws = [
            Flaw(name, "presence", _BLANK, changes[name])
            for name in self._required
            if name in changes and is_blank(changes[name])
        ]
        for check in self._checks:
            if not check.asks_store and within(check, changes.keys()):
                flaws.extend(check.flaws(changes))
        return flaws

    @property
    def unique(self) -> tuple[str, ...]:
        """Properties of which no two rows may have the same value."""
        return tuple(check.property for check in self._checks if check.asks_store)

    def clashes(self, row: Mapping[str, Any], seen: set[object]) -> list[Flaw]:
        """What is wrong with a row beside those of the same request, whose keys were seen; its own are now, too."""
        found: list[Flaw] = []
        for place, check in enumerate(self._checks):
            key = check.key(row) if check.key is not None else None
            if key is None or check.flaw is None:
                continue
            if (place, key) in seen:
                found.append(check.flaw(row.get(check.property)))
            seen.add((place, key))
        return found

    def one_at_a_time(self, names: Collection[str]) -> bool:
        """Whether a change of these properties must look at other rows, so that only one row may get it."""
        return not self._lenient and any(
            check.asks_store and any(name in names for name in (check.property, *check.needs)) for check in self._checks
        )

    def _unknown(self, name: str, value: Any, row: Row, flaws: list[Flaw], *, drops_unknown: bool) -> None:
        if name in self._relations or (self._lenient and name in OF_EVERY_OBJECT):
            if name == "constructor":
                raise RequestError(Code.PROPERTY_UNKNOWN, f"{self.model.name} can have no property constructor")
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
