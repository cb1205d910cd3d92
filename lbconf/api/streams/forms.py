"""Rows as lines of JSON or as CSV.

Source: RFC 4180 (CSV); NDJSON has one JSON value on each line.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Protocol

from lbconf.api.present import encode
from lbconf.datatypes import AnyType, ArrayType, BinaryType, GeoPointType, JsonType, ModelType, ObjectType
from lbconf.patterns import pattern
from lbconf.project.resolved import Model
from lbconf.query.nodes import Query

__all__ = ["CSV_TYPE", "LINES_TYPE", "Form", "Written", "columns_of", "form_of", "is_json", "written"]

CSV_TYPE: Final = b"text/csv; charset=utf-8"
LINES_TYPE: Final = b"application/x-ndjson; charset=utf-8"

JSON_TYPES: Final = (AnyType, ArrayType, BinaryType, GeoPointType, JsonType, ModelType, ObjectType)
"""Types whose values stand in CSV as JSON text."""
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes spreadsheets take a text for a formula."""


class Form(StrEnum):
    """How a list is written."""

    LINES = "ndjson"
    CSV = "csv"
    SAFE_CSV = "csv; formulas=escape"
    """As CSV, but texts that a spreadsheet would calculate begin with an apostrophe."""


class Written(Protocol):
    """Writes the rows of one answer."""

    media: bytes
    ending: str
    """Of a file's name."""

    def head(self) -> bytes:
        """What comes before every row."""
        ...

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Rows in the forms of the API."""
        ...


@lru_cache(256)
def form_of(accept: bytes) -> Form | None:
    """The form that a client names, and does not want less than JSON by name; None for JSON.

    Source: RFC 9110, 12.5.1.
    """
    best: tuple[float, Form | None] = (0.0, None)
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        known = dict(piece.partition("=")[::2] for piece in parameters)
        try:
            weight = float(known.get("q", "1"))
        except ValueError:
            weight = 1.0
        form = _MEDIA.get(media)
        if form is Form.CSV and known.get("formulas") == "escape":
            form = Form.SAFE_CSV
        if (form is not None or media == "application/json") and weight > best[0]:
            best = (weight, form)
    return best[1]


def written(form: Form, model: Model, query: Query | None, hidden: frozenset[str]) -> Written:
    """What writes rows of the model in a form, for a query; None: every property."""
    match form:
        case Form.LINES:
            return _Lines()
        case Form.CSV | Form.SAFE_CSV:
            return _Csv(model, columns_of(model, query, hidden), escapes=form is Form.SAFE_CSV)


def columns_of(model: Model, query: Query | None, hidden: frozenset[str]) -> tuple[str, ...]:
    """Names of the columns: the properties that are asked for and not hidden, then what is included."""
    fields = None if query is None else query.fields
    chosen = [prop.name for prop in (model.properties.values() if fields is None else fields)]
    included = [] if query is None else [include.relation.name for include in query.include]
    return tuple(dict.fromkeys(name for name in (*chosen, *included) if name not in hidden))


def is_json(model: Model, name: str) -> bool:
    """Whether the values of a column are JSON text."""
    prop = model.properties.get(name)
    return prop is None or name in model.relations or isinstance(prop.type, JSON_TYPES)


class _Lines:
    media = LINES_TYPE
    ending = "ndjson"

    def head(self) -> bytes:
        return b""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        return b"".join([encode(row) + b"\n" for row in rows])


class _Csv:
    media = CSV_TYPE
    ending = "csv"

    def __init__(self, model: Model, columns: tuple[str, ...], *, escapes: bool) -> None:
        self._columns = [(name, is_json(model, name)) for name in columns]
        self._escapes = escapes

    def head(self) -> bytes:
        return (",".join(_quoted(name) for name, _ in self._columns) + "\r\n").encode()

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        columns, cell = self._columns, self._cell
        text = "".join([",".join([cell(row.get(name), json) for name, json in columns]) + "\r\n" for row in rows])
        return text.encode("utf-8", "replace")

    def _cell(self, value: Any, json: bool) -> str:  # noqa: FBT001 - called for every cell
        """Nothing is an empty cell, an empty text one of two quotes."""
        if value is None:
            return ""
        kind = type(value)
        if kind is str and not json:
            if self._escapes and value.startswith(FORMULA_STARTS):
                value = "'" + value
            return _quoted(value)
        if kind is bool:
            return "true" if value else "false"
        if kind is int:
            return str(value)
        if kind is float or isinstance(value, Decimal):
            return encode(value).decode()
        return _quoted(encode(value).decode())


def _quoted(text: str) -> str:
    if text and not _SPECIAL.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


_SPECIAL: Final = pattern(r'[",\r\n]|^[ \t\ufeff]|[ \t]$')
_MEDIA: Final[Mapping[str, Form]] = {
    "text/csv": Form.CSV,
    "application/x-ndjson": Form.LINES,
    "application/ndjson": Form.LINES,
    "application/jsonl": Form.LINES,
    "application/x-jsonlines": Form.LINES,
}
