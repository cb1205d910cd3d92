"""Plans as JSON for a program."""

import json
from collections.abc import Mapping
from typing import Any, Final

from lbconf.diagnostics import Diagnostic
from lbconf.layers.known_secrets import without_secrets
from lbconf.operations.plan import Failure, PlanReport
from lbconf.plan.plan import Estimate, Plan
from lbconf.plan.report import CheckedStep, PlanPart
from lbconf.state.serialise import to_data

__all__ = ["failure_data", "plan_json"]

JSON_VERSION: Final = 1


def plan_json(report: PlanReport) -> str:
    """A versioned object; docs/plan-json.md describes it."""
    document = {
        "format": "lbconf plan report",
        "version": JSON_VERSION,
        "environment": report.environment,
        "summary": dict(report.counts()),
        "hazards": list(dict.fromkeys(kind.value for plan in report.plans for kind in plan.hazards)),
        "data_sources": [_plan_data(plan, report) for plan in report.plans],
        "parts": [_part_data(part) for part in report.parts],
        "failures": [failure_data(failure) for failure in report.failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plan_data(plan: Plan, report: PlanReport) -> Mapping[str, Any]:
    estimates = {found.step: found for found in plan.estimates}
    checked = {found.step: found for found in report.checked if found.data_source == plan.data_source}
    return {
        "data_source": plan.data_source,
        "connector": plan.connector,
        "online": plan.online,
        "digest": plan.digest,
        "fingerprint": plan.fingerprint,
        "summary": plan.counts(),
        "changes": [
            {
                "kind": type(found.change).__name__,
                "action": found.action,
                "table": None if found.table is None else str(found.table),
                "summary": found.summary,
                "reason": found.reason,
                "source": to_data(found.source),
                "hazards": [_hazard_data(hazard) for hazard in found.hazards],
            }
            for found in plan.changes
        ],
        "steps": [
            {
                "summary": step.summary,
                "table": None if step.table is None else str(step.table),
                "statements": [statement.sql for statement in step.statements],
                "undo": [statement.sql for statement in step.undo],
                "transactional": step.transactional,
                "lock": step.lock,
                "rewrites": step.rewrites,
                "hazards": [_hazard_data(hazard) for hazard in step.hazards],
                "estimate": _estimate_data(estimates.get(number)),
                "checked": _checked_data(checked.get(number)),
            }
            for number, step in enumerate(plan.steps)
        ],
        "tables": [{"table": str(size.table), "rows": size.rows, "bytes": size.bytes} for size in plan.sizes],
        "diagnostics": [_diagnostic_data(found) for found in plan.diagnostics],
    }


def _estimate_data(found: Estimate | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    return {
        "seconds": round(found.seconds, 1),
        "work": found.work.value,
        "bytes": found.bytes,
        "bytes_per_second": found.bytes_per_second,
    }


def _checked_data(found: CheckedStep | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    return {"rows": found.rows, "examples": list(found.examples), "problem": found.problem}


def _part_data(part: PlanPart) -> Mapping[str, Any]:
    return {"part": part.name, "changes": [{"breaking": change.breaking, **to_data(change)} for change in part.changes]}


def _hazard_data(hazard: Any) -> Mapping[str, str]:
    return {"kind": hazard.kind.value, "message": hazard.message}


def failure_data(failure: Failure) -> Mapping[str, Any]:
    """A data source that failed, and why."""
    return {
        "data_source": failure.data_source,
        "diagnostics": [_diagnostic_data(found) for found in failure.diagnostics],
    }


def _diagnostic_data(found: Diagnostic) -> Mapping[str, Any]:
    return {
        "code": found.code.value,
        "severity": found.severity.value,
        "message": without_secrets(found.message),
        "source": to_data(found.location),
        "hint": without_secrets(found.hint or "") or None,
    }
