"""Plans as text for a person, as JSON for a program, as SQL for a database administrator."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.cli.output import paint
from lbconf.diagnostics import Diagnostic
from lbconf.layers.known_secrets import without_secrets
from lbconf.operations.plan import Failure, PlanReport
from lbconf.plan.plan import Plan, PlannedChange
from lbconf.state import changes as c
from lbconf.state.describe import column_words, foreign_key_words, index_words
from lbconf.state.serialise import to_data
from lbconf.state.structure import QualifiedName, Table

__all__ = ["plan_json", "plan_sql", "plan_text", "size_words"]

SYMBOLS: Final = {"add": "+", "change": "~", "destroy": "-"}
STYLES: Final = {"add": "good", "change": "changed", "destroy": "bad"}
JSON_VERSION: Final = 1
KILO: Final = 1024


_LINES_BEFORE: Final = (
    "-- run it with `sqlite3 -bail`: then the first statement that fails ends it, and nothing is changed",
    'CREATE TEMP TABLE _lbconf_dangling AS SELECT "table", rowid, parent, fkid FROM pragma_foreign_key_check;',
    'CREATE TEMP TABLE _lbconf_none (child CONSTRAINT "rows would point at rows that are not there" CHECK (0));',
)
_LINES_CHECKING: Final = (
    "-- fails where a row points at nothing that did not before",
    'INSERT INTO _lbconf_none SELECT "table" FROM (',
    '  SELECT "table", rowid, parent, fkid FROM pragma_foreign_key_check EXCEPT SELECT * FROM _lbconf_dangling);',
)
_LINES_AFTER: Final = ("DROP TABLE _lbconf_dangling;", "DROP TABLE _lbconf_none;", "PRAGMA foreign_keys = ON;")
"""What a SQLite script has around its steps: foreign keys are off meanwhile, so that rows are checked at the end."""


def plan_text(report: PlanReport, *, color: bool) -> str:
    """Every change with its reason, place and hazards, and the summary line."""
    lines: list[str] = []
    for plan in report.plans:
        lines.extend(_plan_lines(plan, several=len(report.plans) > 1, color=color))
    if not report.plans:
        return "" if report.failures else "Nothing to do: no data source has structure to plan."
    if report.empty:
        if not report.failures and len(report.plans) == 1:
            return "Nothing to do. The database is as the models say."
        return "\n".join([*lines, "", "Nothing to do."]).strip()
    counts = report.counts()
    lines.append(
        paint(
            f"Plan: {counts['add']} to add, {counts['change']} to change, {counts['destroy']} to destroy.",
            "bold",
            color=color,
        )
    )
    kinds = list(dict.fromkeys(kind.value for plan in report.plans for kind in plan.hazards))
    if kinds:
        wanted = " ".join(f"--accept {kind}" for kind in kinds)
        lines.append(f"To apply, accept these hazards: {wanted}")
    return "\n".join(lines)


def plan_json(report: PlanReport) -> str:
    """A versioned object; docs/plan-json.md describes it."""
    document = {
        "format": "lbconf plan report",
        "version": JSON_VERSION,
        "environment": report.environment,
        "summary": dict(report.counts()),
        "hazards": list(dict.fromkeys(kind.value for plan in report.plans for kind in plan.hazards)),
        "data_sources": [_plan_data(plan) for plan in report.plans],
        "failures": [_failure_data(failure) for failure in report.failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def plan_sql(report: PlanReport) -> str:
    """A script with the same statements; steps that must stand alone are outside the transactions."""
    lines: list[str] = []
    for plan in report.plans:
        lines.append(f"-- {plan.data_source} ({plan.connector}, {plan.environment})")
        lines.extend(_script(plan) if plan.steps else ["-- nothing to do"])
        lines.append("")
    return "\n".join(lines).rstrip()


def size_words(rows: int, size: int | None) -> str:
    """`1,234 rows, 1.2 MB`."""
    text = f"{rows:,} row{'' if rows == 1 else 's'}"
    if size is None:
        return text
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < KILO or unit == "TB":
            break
        amount /= KILO
    return f"{text}, {amount:,.0f} bytes" if unit == "bytes" else f"{text}, {amount:,.1f} {unit}"


def _plan_lines(plan: Plan, *, several: bool, color: bool) -> Iterator[str]:
    title = f"{plan.data_source} ({plan.connector}, {plan.environment})"
    if plan.empty:
        if several:
            yield f"{title}: nothing to do."
        return
    yield paint(title, "bold", color=color)
    yield ""
    for table, changes in _by_table(plan.changes):
        yield from _table_lines(plan, table, changes, color=color)
    loose = [hazard for step in plan.steps if not step.covers for hazard in step.hazards]
    for hazard in dict.fromkeys(loose):
        yield paint(f"  ! {hazard.kind}: {hazard.message}", "bad", color=color)
    if loose:
        yield ""


def _by_table(changes: Sequence[PlannedChange]) -> Iterable[tuple[QualifiedName | None, list[PlannedChange]]]:
    found: dict[QualifiedName | None, list[PlannedChange]] = {}
    for change in changes:
        found.setdefault(change.table, []).append(change)
    return found.items()


def _table_lines(
    plan: Plan, table: QualifiedName | None, changes: Sequence[PlannedChange], *, color: bool
) -> Iterator[str]:
    whole = [found for found in changes if isinstance(found.change, c.CreateTable | c.DropTable | c.RenameTable)]
    inner = [found for found in changes if found not in whole]
    if table is None:
        for found in inner:
            yield from _change_lines(found, indent=2, color=color)
        yield ""
        return
    size = _size_of(plan, table, changes)
    for found in whole:
        yield from _change_lines(found, indent=2, color=color, note=size)
        if isinstance(found.change, c.CreateTable):
            yield from (paint(f"      + {line}", "good", color=color) for line in _parts(found.change.after))
    made = any(isinstance(found.change, c.CreateTable) for found in whole)
    if not whole:
        yield paint(f"  ~ table {table}", "changed", color=color) + size
    for found in inner:
        if made and isinstance(found.change, c.AddForeignKey):
            yield paint(f"      + {found.summary}", "good", color=color)
        else:
            yield from _change_lines(found, indent=6, color=color)
    yield ""


def _size_of(plan: Plan, table: QualifiedName, changes: Sequence[PlannedChange]) -> str:
    before = next((f.change.before.name for f in changes if isinstance(f.change, c.RenameTable)), table)
    size = next((found for found in plan.sizes if found.table == before), None)
    return "" if size is None else f"  ({size_words(size.rows, size.bytes)})"


def _change_lines(found: PlannedChange, *, indent: int, color: bool, note: str = "") -> Iterator[str]:
    space = " " * indent
    text = paint(f"{space}{SYMBOLS[found.action]} {found.summary}", STYLES[found.action], color=color)
    place = paint(f"  # {found.source}", "dim", color=color) if found.source is not None else ""
    yield f"{text}{note}{place}"
    yield paint(f"{space}    {found.reason}", "dim", color=color)
    for hazard in dict.fromkeys(found.hazards):
        yield paint(f"{space}    ! {hazard.kind}: {hazard.message}", "bad", color=color)


def _parts(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield f"column {column_words(column)}"
    if table.primary_key is not None:
        yield f"primary key ({', '.join(table.primary_key.columns)})"
    for unique in table.uniques:
        yield f"unique {unique.name} ({', '.join(unique.columns)})"
    for check in table.checks:
        yield f"check {check.name} ({check.expression})"
    for index in table.indexes:
        yield index_words(index)
    for key in table.foreign_keys:
        yield foreign_key_words(key)


def _script(plan: Plan) -> Iterator[str]:
    sqlite = plan.connector == "sqlite"
    if plan.connector == "postgresql":
        yield "SET TIME ZONE 'UTC';"
    if sqlite:
        yield "PRAGMA foreign_keys = OFF;"
        yield from _LINES_BEFORE
    inside = False
    for step in plan.steps:
        if step.transactional and not inside:
            yield "BEGIN;"
        elif not step.transactional and inside:
            yield "COMMIT;"
        inside = step.transactional
        yield ""
        yield f"-- {step.summary}"
        yield from (f"-- {hazard.kind}: {hazard.message}" for hazard in step.hazards)
        yield from (f"{statement.sql.rstrip().rstrip(';')};" for statement in step.statements)
    if inside:
        yield ""
        if sqlite:
            yield from _LINES_CHECKING
        yield "COMMIT;"
    if sqlite:
        yield from _LINES_AFTER


def _plan_data(plan: Plan) -> Mapping[str, Any]:
    return {
        "data_source": plan.data_source,
        "connector": plan.connector,
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
                "hazards": [_hazard_data(hazard) for hazard in step.hazards],
            }
            for step in plan.steps
        ],
        "tables": [{"table": str(size.table), "rows": size.rows, "bytes": size.bytes} for size in plan.sizes],
        "diagnostics": [_diagnostic_data(found) for found in plan.diagnostics],
    }


def _hazard_data(hazard: Any) -> Mapping[str, str]:
    return {"kind": hazard.kind.value, "message": hazard.message}


def _failure_data(failure: Failure) -> Mapping[str, Any]:
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
