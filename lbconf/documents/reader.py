"""One file into a `Document`: text, plain data, places."""

from collections.abc import Iterable
from typing import Final

from lbconf.diagnostics import Code, Collector, Location
from lbconf.documents.plain_places import plain_places
from lbconf.documents.plain_yaml import PlainReader
from lbconf.documents.source import Document, SourceFile
from lbconf.documents.spans import KeySpans, Parsed, SpanIndex, Spans
from lbconf.documents.text import read_text, refuse_empty

__all__ = ["read_document", "read_documents"]

_NOT_PLAIN: Final = ("$", "=", "://", "\\")
_YAML: Final = (".yaml", ".yml")


def read_documents(
    sources: Iterable[SourceFile], found: Collector, *, native: bool, environ: dict[str, str] | None = None
) -> list[Document]:
    """Every file that could be read, in the given order; findings tell about the others."""
    plain = PlainReader()
    read = (read_document(source, found, native=native, environ=environ, plain=plain) for source in sources)
    return [document for document in read if document is not None]


def read_document(
    source: SourceFile,
    found: Collector,
    *,
    native: bool,
    environ: dict[str, str] | None = None,
    plain: PlainReader | None = None,
) -> Document | None:
    """The parsed file, or None where findings say why not.

    Args:
        source: What to read.
        found: Takes the findings.
        native: Whether markers (`$unset`, `$replace`) mean something.
        environ: What `process.env` is in a script.
        plain: Reads the plain among the YAML files, so that equal parts of them are one object.
    """
    text = read_text(source, found)
    if text is None:
        return None
    before = len(found.errors)
    quickly = plain.read(text) if plain is not None and source.shown.endswith(_YAML) else None
    parsed = (
        _parse(text, source, found, native=native, environ=environ or {})
        if quickly is None
        else Parsed(quickly, SpanIndex(source.shown, lambda: plain_places(text)))
    )
    if parsed is None:
        return None
    data, index = parsed.data, parsed.index
    if data is None and len(found.errors) == before:
        refuse_empty(source, found)
        return None
    if not isinstance(data, dict):
        found.error(
            Code.DOCUMENT_NOT_MAPPING,
            f"the file must hold a mapping of names to values, not {_kind(data)}",
            Location(file=source.shown),
            hint="start with a name and a colon in YAML, with `{` in JSON",
        )
        return None
    return Document(
        source=source,
        data=data,
        spans=Spans(index),
        key_spans=KeySpans(index),
        has_markers=parsed.has_markers,
        is_plain=not any(mark in text for mark in _NOT_PLAIN),
    )


def _parse(text: str, source: SourceFile, found: Collector, *, native: bool, environ: dict[str, str]) -> Parsed | None:
    suffix = source.path.suffix
    if suffix in _YAML:
        from lbconf.documents.yaml_reader import read_yaml

        return read_yaml(text, source.shown, found)
    if suffix == ".js":
        from lbconf.documents.javascript import read_javascript

        return read_javascript(text, source, found, environ)
    from lbconf.documents.json_reader import read_json

    return read_json(text, source.shown, found, markers=native)


def _kind(data: object) -> str:
    if isinstance(data, list):
        return "a list"
    return "nothing" if data is None else "a single value"
