"""Plans as text for a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from lbconf.cli.output import paint
from lbconf.cli.views.plan_words import accept_words, notes_by_change, part_title, size_of
from lbconf.operations.plan import PlanReport
from lbconf.plan.plan import Plan, PlannedChange
from lbconf.plan.report import PlanPart
from lbconf.records import dataclass
from lbconf.state import changes as c
from lbconf.state.describe import column_words, foreign_key_words, index_words
from lbconf.state.structure import QualifiedName, Table

__all__ = ["plan_text"]

SYMBOLS: Final = {"add": "+", "change": "~", "destroy": "-"}
STYLES: Final = {"add": "good", "change": "changed", "destroy": "bad"}
CONTROL: Final = {number: f"\\x{number:02x}" for number in (*range(32), 127)}
"""Control characters, which a name may hold and a terminal would obey."""


def plan_text(report: PlanReport, *, color: bool) -> str:
    """Every change with its reason, place, hazards and duration, and the summary line."""
    lines: list[str] = []
    for plan in report.plans:
        lines.extend(_plan_lines(plan, report, several=len(report.plans) > 1, color=color))
    for part in report.parts:
        lines.extend(_part_lines(part, color=color))
    if not report.plans and not report.parts:
        return "" if report.failures else "Nothing to do: no data source has structure to plan."
    if report.empty:
        if not report.failures and len(report.plans) == 1 and not report.parts:
            return "Nothing to do. The database is as the models say."
        return "\n".join([*lines, "", "Nothing to do."]).strip()
    counts = report.counts()
    steps = sum(len(plan.steps) for plan in report.plans)
    in_steps = "" if steps == sum(counts.values()) else f" In {steps} step{'' if steps == 1 else 's'}."
    lines.append(
        paint(
            f"Plan: {counts['add']} to add, {counts['change']} to change, {counts['destroy']} to destroy.{in_steps}",
            "bold",
            color=color,
        )
    )
    wanted = accept_words(report.plans)
    if wanted:
        lines.append(f"To apply, accept these hazards: {wanted}")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A plan on its way to lines."""

    plan: Plan
    notes: Mapping[int, Sequence[str]]
    places: Mapping[int, int]
    """0-based place of each change, by its identity: changes may be equal."""
    color: bool

    def notes_of(self, change: PlannedChange) -> Sequence[str]:
        return self.notes.get(self.places[id(change)], ())


def _plan_lines(plan: Plan, report: PlanReport, *, several: bool, color: bool) -> Iterator[str]:
    title = f"{plan.data_source} ({plan.connector}, {plan.environment})"
    if plan.empty:
        if several:
            yield f"{title}: nothing to do."
        return
    places = {id(change): place for place, change in enumerate(plan.changes)}
    view = _View(plan=plan, notes=notes_by_change(plan, report), places=places, color=color)
    yield paint(title, "bold", color=color)
    yield ""
    for table, changes in _by_table(plan.changes):
        yield from _table_lines(view, table, changes)
    loose = [hazard for step in plan.steps if not step.covers for hazard in step.hazards]
    for hazard in dict.fromkeys(loose):
        yield paint(f"  ! {hazard.kind}: {_shown(hazard.message)}", "bad", color=color)
    yield from (paint(f"  ! {_shown(note)}", "dim", color=color) for note in view.notes.get(-1, ()))
    if loose or -1 in view.notes:
        yield ""


def _by_table(changes: Sequence[PlannedChange]) -> Iterable[tuple[QualifiedName | None, list[PlannedChange]]]:
    found: dict[QualifiedName | None, list[PlannedChange]] = {}
    for change in changes:
        found.setdefault(change.table, []).append(change)
    return found.items()


def _table_lines(view: _View, table: QualifiedName | None, changes: Sequence[PlannedChange]) -> Iterator[str]:
    whole = [found for found in changes if isinstance(found.change, c.CreateTable | c.DropTable | c.RenameTable)]
    inner = [found for found in changes if found not in whole]
    if table is None:
        for found in inner:
            yield from _change_lines(view, found, indent=2)
        yield ""
        return
    size = size_of(view.plan, table, changes)
    size = f"  ({size})" if size else ""
    for found in whole:
        yield from _change_lines(view, found, indent=2, note=size)
        if isinstance(found.change, c.CreateTable):
            parts = _parts(found.change.after)
            yield from (paint(f"      + {_shown(line)}", "good", color=view.color) for line in parts)
    made = any(isinstance(found.change, c.CreateTable) for found in whole)
    if not whole:
        yield paint(f"  ~ table {_shown(str(table))}", "changed", color=view.color) + size
    for found in inner:
        if made and isinstance(found.change, c.AddForeignKey):
            yield paint(f"      + {_shown(found.summary)}", "good", color=view.color)
        else:
            yield from _change_lines(view, found, indent=6)
    yield ""


def _change_lines(view: _View, found: PlannedChange, *, indent: int, note: str = "") -> Iterator[str]:
    space, color = " " * indent, view.color
    text = paint(f"{space}{SYMBOLS[found.action]} {_shown(found.summary)}", STYLES[found.action], color=color)
    place = paint(f"  # {found.source}", "dim", color=color) if found.source is not None else ""
    yield f"{text}{note}{place}"
    yield paint(f"{space}    {_shown(found.reason)}", "dim", color=color)
    for hazard in dict.fromkeys(found.hazards):
        yield paint(f"{space}    ! {hazard.kind}: {_shown(hazard.message)}", "bad", color=color)
    for line in view.notes_of(found):
        yield paint(f"{space}      {_shown(line)}", "dim", color=color)


def _parts(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield f"column {column_words(column)}"
    if table.primary_key is not None:
        yield f"primary key ({', '.join(table.primary_key.columns)})"
    for unique in table.uniques:
        yield f"unique {unique.name} ({', '.join(unique.columns)})"
    for check in table.checks:
        yield f"check {check.name} ({check.expression})"
    for exclusion in table.exclusions:
        yield f"{exclusion.name} {exclusion.definition}"
    for index in table.indexes:
        yield index_words(index)
    for key in table.foreign_keys:
        yield foreign_key_words(key)
    if table.partition_by is not None:
        yield f"partitions by {table.partition_by}"


def _part_lines(part: PlanPart, *, color: bool) -> Iterator[str]:
    if not part.changes:
        return
    yield paint(part_title(part), "bold", color=color)
    yield ""
    for change in part.changes:
        text = f"  {SYMBOLS[change.action]} {_shown(change.summary)}"
        place = paint(f"  # {change.source}", "dim", color=color) if change.source is not None else ""
        yield paint(text, STYLES[change.action], color=color) + place
        if change.reason:
            yield paint(f"      {_shown(change.reason)}", "dim", color=color)
        if change.breaking:
            yield paint("      ! breaks-api: clients that rely on it break", "bad", color=color)
    yield ""


def _shown(text: str) -> str:
    return text.translate(CONTROL) if not text.isprintable() else text
