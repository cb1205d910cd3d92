"""Plans as a file: JSON, versioned, sealed with a digest, without secrets and without rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code
from lbconf.plan.plan import Plan
from lbconf.plan.sealed import SealedKind, invalid, read_sealed, sealed_schema, write_sealed
from lbconf.records import dataclass
from lbconf.state.serialise import from_data, json_schema, to_data

__all__ = ["PlanFile", "plan_file_schema", "read_plan_file", "write_plan_file"]

KIND: Final = SealedKind(
    title="lbconf plan",
    version=2,
    invalid=Code.PLAN_FILE_INVALID,
    edited=Code.PLAN_FILE_EDITED,
    other_version=Code.PLAN_FILE_VERSION,
    again="make the plan again: `lbconf plan --out FILE`",
    max_bytes=64 * 1024 * 1024,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a plan file holds."""

    environment: str
    plans: tuple[Plan, ...]
    """One per data source, empty ones included."""
    lbconf: str
    """The version that made it."""
    created_at: str
    """ISO 8601, UTC."""


def write_plan_file(path: Path, plans: Sequence[Plan], *, environment: str) -> None:
    """Write the file, replacing what is there. Raises `PlanError` where it cannot be written."""
    write_sealed(path, KIND, {"environment": environment, "plans": [to_data(plan) for plan in plans]})


def read_plan_file(path: Path) -> PlanFile:
    """The plans of a file.

    Raises:
        PlanError: It cannot be read, is of another version, or was edited.
    """
    document = read_sealed(path, KIND)
    try:
        return PlanFile(
            environment=document["environment"],
            plans=tuple(from_data(Plan, plan) for plan in document["plans"]),
            lbconf=document["lbconf"],
            created_at=document["created_at"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(path, KIND, f"is no plan file of this lbconf: {error}") from error


def plan_file_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file."""
    plan = json_schema(Plan)
    definitions = plan.pop("$defs")
    content = {
        "environment": {"type": "string"},
        "plans": {"type": "array", "items": {"$ref": "#/$defs/Plan"}},
    }
    return sealed_schema(KIND, content, {"Plan": plan, **definitions})
