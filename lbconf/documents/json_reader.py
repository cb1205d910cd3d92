"""JSON, with comments and trailing commas, into plain data. Duplicate keys are refused."""

from typing import Any, Final

import jsonyx
from jsonyx.allow import COMMENTS, TRAILING_COMMA

from lbconf.diagnostics import Code, Collector, Location, Related
from lbconf.documents.json_places import DuplicateKey, find_duplicates, find_places, find_unbalanced
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.spans import Parsed, Place, SpanIndex

__all__ = ["read_json"]

_INFINITE: Final = (float("inf"), float("-inf"))


def read_json(text: str, file: str, found: Collector, *, markers: bool) -> Parsed | None:
    """The document's data and the places of its values, or None where findings say why not.

    Args:
        text: The file's text, without byte-order mark.
        file: Path as findings show it.
        found: Takes the findings.
        markers: Whether `{"$unset": true}` and `{"$replace": ...}` are the markers of the native layout.
    """
    builder = _Builder(markers=markers)
    try:
        data = jsonyx.loads(text, allow=COMMENTS | TRAILING_COMMA, hooks={"object": builder.build, "float": _number})
    except jsonyx.TruncatedSyntaxError as error:
        _refuse_syntax(error, text, file, found)
        return None
    except RecursionError:
        found.error(
            Code.DOCUMENT_TOO_LARGE, "the document is nested too deeply", Location(file=file), hint="write it flatter"
        )
        return None
    except ValueError as error:
        found.error(Code.SYNTAX, f"not JSON: {error}", Location(file=file), hint="write the number as a text")
        return None
    if builder.duplicates:
        for duplicate in find_duplicates(text):
            _refuse_duplicate(duplicate, file, found)
        return None
    return Parsed(data, SpanIndex(file, lambda: _places(text, markers=builder.marked)), has_markers=builder.marked)


class _Builder:
    """Makes mappings from pairs and notices keys that stand twice."""

    def __init__(self, *, markers: bool) -> None:
        self.duplicates = False
        self.marked = False
        self.markers = markers

    def build(self, pairs: list[tuple[str, Any]]) -> Any:
        built = dict(pairs)
        if len(built) != len(pairs):
            self.duplicates = True
        if self.markers and len(pairs) == 1:
            key, value = pairs[0]
            self.marked = self.marked or key in {"$unset", "$replace"}
            if key == "$unset":
                return Unset(None if value is True else value)
            if key == "$replace":
                return Replace(value)
        return built


def _number(text: str) -> float:
    value = float(text)
    if value in _INFINITE:
        msg = f"{text} is beyond what a number can hold"
        raise ValueError(msg)
    return value


def _places(text: str, *, markers: bool) -> tuple[dict[str, Place], dict[str, Place]]:
    values, keys = find_places(text)
    if markers:
        for pointer in [inner for inner in values if inner.endswith("/$replace")]:
            shorter = pointer.removesuffix("/$replace")
            for places in (values, keys):
                for inner in [i for i in places if i.startswith(f"{pointer}/")]:
                    places[shorter + inner[len(pointer) :]] = places[inner]
    return values, keys


def _refuse_syntax(error: jsonyx.TruncatedSyntaxError, text: str, file: str, found: Collector) -> None:
    line, column = error.lineno or 1, error.offset or 1
    reason = error.msg[:1].lower() + error.msg[1:]
    unbalanced = find_unbalanced(text)
    if "missing commas" in reason:
        reason, hint = "a comma is missing", "put a comma between two entries"
    else:
        hint = "check quotes, commas and brackets around this place"
    related: tuple[Related, ...] = ()
    if unbalanced is not None and (unbalanced.closed is None or "comma" in reason):
        opened = Location(file=file, line=unbalanced.opened.line, column=unbalanced.opened.column)
        reason = f"`{unbalanced.bracket}` is never closed"
        hint = "close every bracket that is opened"
        line, column = opened.line, opened.column
        if unbalanced.closed is not None:
            line, column = unbalanced.closed.line, unbalanced.closed.column
            reason = f"this closes what was opened with `{unbalanced.bracket}`"
            hint = "open and close with the same kind of bracket"
            related = (Related(message="opened here", location=opened),)
    place = Location(file=file, line=line, column=column)
    found.error(Code.SYNTAX, f"not JSON: {reason}", place, hint=hint, related=related)


def _refuse_duplicate(duplicate: DuplicateKey, file: str, found: Collector) -> None:
    found.error(
        Code.DUPLICATE_KEY,
        f"the key {duplicate.key!r} stands twice in one object",
        Location(file=file, line=duplicate.again.line, column=duplicate.again.column),
        hint="keep one of the two; a parser that takes the last would hide the first",
        related=(
            Related(
                message="first here",
                location=Location(file=file, line=duplicate.first.line, column=duplicate.first.column),
            ),
        ),
    )
