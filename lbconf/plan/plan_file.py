"""Plans as a file: JSON, versioned, sealed with a digest, without secrets."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.plan.plan import Plan
from lbconf.records import dataclass
from lbconf.state.fingerprint import digest
from lbconf.state.serialise import from_data, json_schema, to_data

__all__ = ["FORMAT_VERSION", "PlanFile", "plan_file_schema", "read_plan_file", "write_plan_file"]

FORMAT_VERSION: Final = 1
MAX_BYTES: Final = 64 * 1024 * 1024
"""Size of a plan file: far more than the plan of thousands of tables."""
SCHEMA_ID: Final = "urn:lbconf:schema:plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a plan file holds."""

    environment: str
    plans: tuple[Plan, ...]
    """One per data source, empty ones included."""


def write_plan_file(path: Path, plans: Sequence[Plan], *, environment: str) -> None:
    """Write the file, replacing what is there. Raises `PlanError` where it cannot be written."""
    document: dict[str, Any] = {
        "format": "lbconf plan",
        "version": FORMAT_VERSION,
        "environment": environment,
        "plans": [to_data(plan) for plan in plans],
    }
    document["digest"] = digest(document)
    try:
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise _invalid(path, f"cannot be written: {error.strerror}") from error


def read_plan_file(path: Path) -> PlanFile:
    """The plans of a file.

    Raises:
        PlanError: It cannot be read, is of another version, or was edited.
    """
    try:
        document = json.loads(_text(path))
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(path, "is no JSON, so it is no plan file") from error
    if not isinstance(document, dict) or document.get("format") != "lbconf plan":
        raise _invalid(path, "is no plan file")
    if document.get("version") != FORMAT_VERSION:
        found = f"{path} has plan format {document.get('version')}, and this lbconf reads {FORMAT_VERSION}"
        raise PlanError(Diagnostic(code=Code.PLAN_FILE_VERSION, message=found, hint="make the plan again"))
    sealed = document.pop("digest", None)
    if sealed != digest(document):
        raise PlanError(
            Diagnostic(
                code=Code.PLAN_FILE_EDITED,
                message=f"{path} was changed after it was written, so it is not applied",
                hint="change the models instead and run `lbconf plan --out` again",
            )
        )
    try:
        plans = tuple(from_data(Plan, plan) for plan in document["plans"])
        return PlanFile(environment=document["environment"], plans=plans)
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(path, f"is no plan file of this lbconf: {error}") from error


def plan_file_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file."""
    plan = json_schema(Plan)
    definitions = plan.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "lbconf plan file",
        "type": "object",
        "required": ["format", "version", "environment", "plans", "digest"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": "lbconf plan"},
            "version": {"const": FORMAT_VERSION},
            "environment": {"type": "string"},
            "plans": {"type": "array", "items": {"$ref": "#/$defs/Plan"}},
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
        "$defs": {"Plan": plan, **definitions},
    }


def _text(path: Path) -> str:
    """The text of a file or pipe, which may be endless: no more is read than lbconf could have written."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _invalid(path, f"has more than {MAX_BYTES} bytes, so it is no plan file")
    return data.decode("utf-8")


def _invalid(path: Path, reason: str) -> PlanError:
    return PlanError(Diagnostic(code=Code.PLAN_FILE_INVALID, message=f"{path} {reason}"))
