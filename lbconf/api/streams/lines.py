"""Instances in an uploaded body: one line of JSON or one record of CSV each.

Source: RFC 4180 (CSV). A cell that is empty says null, one of two quotes an empty text.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from lbconf.api.bodies import parse_json
from lbconf.api.streams.forms import Form, is_json
from lbconf.datatypes import BooleanType, DecimalType, IntegerType, NumberType
from lbconf.diagnostics import Code
from lbconf.patterns import pattern
from lbconf.project.resolved import Model
from lbconf.query.coerce import Operands, operand_converter
from lbconf.query.errors import RequestError

__all__ = ["Line", "instances", "uploaded_form"]

Line: TypeAlias = tuple[int, Any]
"""Number of the line that something begins on, 1-based, and the data, or the `RequestError` it failed with."""
Record: TypeAlias = list[str | None]


@lru_cache(64)
def uploaded_form(content_type: bytes) -> Form | None:
    """What a body of this media type has on each line; None for other media types."""
    media = content_type.partition(b";")[0].strip().lower()
    return _MEDIA.get(media)


def instances(form: Form, chunks: Iterable[bytes], model: Model, longest: int) -> Iterator[Line]:
    """The data of each instance in a body; a line is at most `longest` bytes.

    Raises:
        RequestError: the body cannot be read on: a line is too long, or the first record of CSV names no columns.

    """
    exact = any(isinstance(prop.type, DecimalType) for prop in model.properties.values())
    if form is Form.LINES:
        yield from _json_lines(_filled_lines(chunks, longest), exact=exact)
    else:
        yield from _records(_texts(_lines(chunks, longest), longest), model, exact=exact)


def _lines(chunks: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """The lines without their ends, which are LF."""
    rest = b""
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if not others:
            rest += first
        else:
            yield rest + first
            yield from others[:-1]
            rest = others[-1]
        if len(rest) > longest:
            raise _too_long(longest)
    if rest:
        yield rest


def _filled_lines(chunks: Iterable[bytes], longest: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank with their numbers; many blank ones are passed over at once."""
    number = 1
    rest = b""
    for chunk in chunks:
        if not rest and (not chunk or chunk.isspace()):
            number += chunk.count(b"\n")
            continue
        first, *others = chunk.split(b"\n")
        rest += first
        for other in others:
            if rest and not rest.isspace():
                yield number, rest
            rest = other
            number += 1
        if len(rest) > longest:
            raise _too_long(longest)
        if rest.isspace():
            rest = b""
    if rest:
        yield number, rest


def _json_lines(lines: Iterable[tuple[int, bytes]], *, exact: bool) -> Iterator[Line]:
    for number, line in lines:
        text = _decoded(line).strip()
        if not text:
            continue
        try:
            yield number, parse_json(text, exact=exact)
        except RequestError as problem:
            yield number, problem


def _texts(lines: Iterable[bytes], longest: int) -> Iterator[tuple[int, str]]:
    """The records' texts, which may have several lines where a quoted cell has."""
    held: list[str] = []
    size = begun = quotes = number = 0
    for number, line in enumerate(lines, 1):
        text = _decoded(line)
        if not held:
            begun = number
        held.append(text)
        size += len(line) + 1
        quotes += text.count('"')
        if size > longest:
            raise _too_long(longest)
        if quotes % 2 == 0:
            yield begun, "\n".join(held).removesuffix("\r")
            held, size, quotes = [], 0, 0
    if held:
        raise _refused(f"Line {begun}: a quoted cell does not end")


def _records(texts: Iterator[tuple[int, str]], model: Model, *, exact: bool) -> Iterator[Line]:
    head = next(texts, None)
    if head is None:
        return
    names = [name or "" for name in _cells(head[1])]
    if len(set(names)) != len(names) or "" in names:
        raise _refused("The first line must name the columns, each once")
    readers = [_reader(model, name, exact=exact) for name in names]
    generated = {prop.name for prop in model.ids if prop.generated}
    for number, text in texts:
        if not text and len(names) > 1:
            continue
        try:
            cells = _cells(text)
            if len(cells) != len(names):
                raise _refused(f"{len(cells)} cells where the first line names {len(names)} columns")
            yield (
                number,
                {
                    name: None if cell is None else read(cell)
                    for name, cell, read in zip(names, cells, readers, strict=True)
                    if cell is not None or name not in generated
                },
            )
        except RequestError as problem:
            yield number, problem


def _cells(text: str) -> Record:
    if '"' not in text:
        return [cell or None for cell in text.split(",")]
    cells: Record = []
    at, end = 0, len(text)
    while True:
        if text.startswith('"', at):
            cell, at = _quoted_cell(text, at + 1)
            cells.append(cell)
        else:
            comma = text.find(",", at)
            stop = end if comma < 0 else comma
            cells.append(text[at:stop] or None)
            at = stop
        if at >= end:
            return cells
        if text[at] != ",":
            raise _refused("a quoted cell goes on after its closing quote")
        at += 1


def _quoted_cell(text: str, at: int) -> tuple[str, int]:
    """The content of a quoted cell that begins here, and the place after its closing quote."""
    parts: list[str] = []
    while True:
        quote = text.index('"', at)  # there is one: the quotes of a record are even
        parts.append(text[at:quote])
        if not text.startswith('"', quote + 1):
            return "".join(parts), quote + 1
        parts.append('"')
        at = quote + 2


def _reader(model: Model, name: str, *, exact: bool) -> Callable[[str], Any]:
    """What reads the cells of a column. Text of no such form stays, to be refused by its property's name."""
    prop = model.properties.get(name)
    if prop is not None and is_json(model, name):
        return lambda text: parse_json(text, exact=exact)
    if prop is not None and isinstance(prop.type, IntegerType | DecimalType):
        return _number
    if prop is not None and isinstance(prop.type, NumberType | BooleanType):
        convert = operand_converter(prop.type, Operands.REFUSE)

        def read(text: str) -> Any:
            try:
                return convert(text)
            except RequestError:
                return text

        return read
    return str


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace").removeprefix("\ufeff")


def _too_long(longest: int) -> RequestError:
    message = f"A line is longer than {longest} bytes"
    return RequestError(Code.REQUEST_REFUSED, message, status=413, name="PayloadTooLargeError")


def _refused(message: str) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message, status=400, name="SyntaxError")


_NUMBER: Final = pattern(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,4})?")
_MEDIA: Final = {
    b"text/csv": Form.CSV,
    b"application/x-ndjson": Form.LINES,
    b"application/ndjson": Form.LINES,
    b"application/jsonl": Form.LINES,
    b"application/x-jsonlines": Form.LINES,
}
