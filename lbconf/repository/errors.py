"""What the repository refuses, with what LoopBack's error bodies say about it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from lbconf.datatypes import DateTimeType
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, json_text, to_text
from lbconf.records import dataclass

__all__ = [
    "LOOPBACK_STATUS",
    "Failure",
    "Flaw",
    "NotFoundError",
    "ValidationFailedError",
    "id_text",
    "no_model_with_id",
    "not_related",
    "several_failed",
    "unknown_id",
]

_LONGEST: Final = 32
"""Characters of a value that a message shows."""
LOOPBACK_STATUS: Final = 500
"""Of a list create that failed in part."""
_NOT_FOUND_CODE = "MODEL_NOT_FOUND"

Failure: TypeAlias = Exception | Mapping[str, Any] | None
"""Why one row of a list was not created: an error, or what to tell of it; None for a row that was."""


class NotFoundError(RequestError):
    """There is no such row (404)."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with one property of a row."""

    property: str
    code: str
    """LoopBack's name of the rule: `presence`, `absence`, `date`, `unknown-property`, ..."""
    message: str
    """What follows the property's name."""
    value: Any = UNDEFINED


class ValidationFailedError(RequestError):
    """A row breaks rules of its model (422)."""

    def __init__(self, model: Model, flaws: Sequence[Flaw]) -> None:
        """Take the flaws, of which there must be at least one, in the order they are told."""
        codes: dict[str, list[str]] = {}
        messages: dict[str, list[str]] = {}
        for flaw in flaws:
            codes.setdefault(flaw.property, []).append(flaw.code)
            messages.setdefault(flaw.property, []).append(flaw.message)
        places = {name: place for place, name in enumerate(codes)}
        told = "; ".join(
            f"`{flaw.property}` {flaw.message} (value: {_shown_flaw(model, flaw)})"
            for flaw in sorted(flaws, key=lambda flaw: places[flaw.property])
        )
        super().__init__(
            Code.ROW_INVALID,
            f"The `{model.name}` instance is not valid. Details: {told}.",
            status=422,
            name="ValidationError",
            details={"context": model.name, "codes": codes, "messages": messages},
        )
        self.flaws = tuple(flaws)


def unknown_id(model: Model, id: Any) -> NotFoundError:  # noqa: A002 - the word of the vocabulary
    """The error for reading a row that does not exist."""
    message = f'Unknown "{model.name}" id "{id_text(id)}".'
    return NotFoundError(Code.ROW_NOT_FOUND, message, status=404, error_code=_NOT_FOUND_CODE)


def no_model_with_id(id: Any) -> NotFoundError:  # noqa: A002 - the word of the vocabulary
    """The error for changing a row, or following its relations, that does not exist."""
    message = f"could not find a model with id {id_text(id)}"
    return NotFoundError(Code.ROW_NOT_FOUND, message, status=404, error_code=_NOT_FOUND_CODE)


def not_related(target: Model, id: Any) -> NotFoundError:  # noqa: A002 - the word of the vocabulary
    """The error for a row that does not belong to its supposed parent."""
    return NotFoundError(Code.ROW_NOT_FOUND, f"No instance with id {id_text(id)} found for {target.name}", status=404)


def several_failed(failures: Sequence[Failure], *, status: int) -> RequestError:
    """The error for a list of rows of which some were refused; `details` has an entry for each row.

    With status 500, LoopBack's, none for good rows after the last bad one, as LoopBack has it.
    """
    message = "Failed with multiple errors, see `details` for more information."
    told = list(failures)
    while status == LOOPBACK_STATUS and told and told[-1] is None:
        told.pop()
    return RequestError(Code.ROW_INVALID, message, status=status, details=told)


def id_text(id: Any) -> str:  # noqa: A002 - the word of the vocabulary
    """An id as a message shows it; the parts of a composite one joined by commas."""
    return ",".join(map(str, id)) if isinstance(id, tuple) else str(id)


def _shown_flaw(model: Model, flaw: Flaw) -> str:
    prop = model.properties.get(flaw.property)
    dated = flaw.code == "date" and prop is not None and isinstance(prop.type, DateTimeType)
    if dated and model.layout.is_loopback and not (prop is not None and prop.hidden):
        return "Invalid Date"
    return _shown(model, flaw.property, flaw.value)


def _shown(model: Model, name: str, value: Any) -> str:
    """The value as the message shows it; what a hidden property was sent is not repeated."""
    prop = model.properties.get(name)
    blank = value is UNDEFINED or value is None or value == ""
    return "***" if prop is not None and prop.hidden and not blank else _value_text(value)


def _value_text(value: Any) -> str:
    """The value as LoopBack's messages show it: the ends of long ones, no more than one level of an object."""
    if isinstance(value, str):
        return json_text(_ends(value))
    if isinstance(value, datetime):
        return _instant(value)
    return _ends(_inspected(value, 2 if isinstance(value, list | tuple) else 1))


def _inspected(value: Any, depth: int) -> str:
    """The value as Node.js shows one, on one line."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        return f"[ {', '.join(_inspected(item, depth - 1) for item in value)} ]" if depth > 0 else "[Array]"
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        inner = (f"{key}: {_inspected(item, depth - 1)}" for key, item in value.items())
        return f"{{ {', '.join(inner)} }}" if depth > 0 else "[Object]"
    return to_text(value)


def _instant(value: datetime) -> str:
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _ends(text: str) -> str:
    """The text, or its beginning and its last few characters."""
    if len(text) <= _LONGEST:
        return text
    closing = len(text) - len(text.rstrip(" \t})]"))
    tail = text[-min(closing or 3, 3) :]
    return f"{text[: _LONGEST - len(tail) - 4]}...{tail}"
