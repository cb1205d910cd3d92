"""Files that lbconf writes for itself: JSON with a format, a version and a digest over everything."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lbconf import __version__
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.records import dataclass
from lbconf.state.fingerprint import digest

__all__ = ["SealedKind", "invalid", "read_sealed", "sealed_schema", "sealed_text", "write_sealed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKind:
    """What tells one kind of such files from the others."""

    title: str
    """For people and for the file: `lbconf plan`."""
    version: int
    invalid: Code
    """For what is no such file."""
    edited: Code
    other_version: Code
    again: str
    """How to make it anew."""
    max_bytes: int
    """Far more than lbconf ever wrote in one: no more is read."""


def sealed_text(kind: SealedKind, content: Mapping[str, Any]) -> str:
    """The text of a file with this content, now."""
    document: dict[str, Any] = {
        "format": kind.title,
        "version": kind.version,
        "lbconf": __version__,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **content,
    }
    document["digest"] = digest(document)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_sealed(path: Path, kind: SealedKind, content: Mapping[str, Any]) -> None:
    """Write the file, replacing what is there. Raises `PlanError` where it cannot be written."""
    try:
        path.write_text(sealed_text(kind, content), encoding="utf-8")
    except OSError as error:
        raise invalid(path, kind, f"cannot be written: {error.strerror}") from error


def read_sealed(path: Path, kind: SealedKind) -> Mapping[str, Any]:
    """The content of a file, without the digest.

    Raises:
        PlanError: It cannot be read, is of another kind or version, or was edited.
    """
    try:
        document = json.loads(_text(path, kind))
    except OSError as error:
        raise invalid(path, kind, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise invalid(path, kind, f"is no JSON, so it is no {_short(kind)} file") from error
    if not isinstance(document, dict) or document.get("format") != kind.title:
        raise invalid(path, kind, f"is no {_short(kind)} file")
    if document.get("version") != kind.version:
        found = f"{path} has {_short(kind)} format {document.get('version')}, and this lbconf reads {kind.version}"
        raise PlanError(Diagnostic(code=kind.other_version, message=found, hint=kind.again))
    sealed = document.pop("digest", None)
    if sealed != digest(document):
        found = f"{path} was changed after it was written, so it is not used"
        raise PlanError(Diagnostic(code=kind.edited, message=found, hint=kind.again))
    return document


def sealed_schema(kind: SealedKind, content: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of such a file: schemas of the content's keys, and what these refer to."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lbconf:schema:{_short(kind)}",
        "title": f"{kind.title} file",
        "type": "object",
        "required": ["format", "version", "lbconf", "created_at", *content, "digest"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": kind.title},
            "version": {"const": kind.version},
            "lbconf": {"type": "string", "description": "The version of lbconf that wrote the file."},
            "created_at": {"type": "string", "format": "date-time"},
            **content,
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of all the rest."},
        },
        "$defs": dict(definitions),
    }


def invalid(path: Path, kind: SealedKind, reason: str) -> PlanError:
    """The error for a file that is not what it should be."""
    return PlanError(Diagnostic(code=kind.invalid, message=f"{path} {reason}"))


def _short(kind: SealedKind) -> str:
    return kind.title.removeprefix("lbconf ")


def _text(path: Path, kind: SealedKind) -> str:
    """The text of a file or pipe, which may be endless: no more is read than lbconf could have written."""
    with path.open("rb") as file:
        data = file.read(kind.max_bytes + 1)
    if len(data) > kind.max_bytes:
        raise invalid(path, kind, f"has more than {kind.max_bytes} bytes, so it is no {_short(kind)} file")
    return data.decode("utf-8")
