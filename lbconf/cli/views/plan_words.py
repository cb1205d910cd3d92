"""Words about plans that every form of them uses: sizes, durations, hazards, what the rows say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lbconf.operations.plan import PlanReport
from lbconf.plan.plan import Estimate, Plan, PlannedChange, Work
from lbconf.plan.report import CheckedStep, PlanPart
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.structure import QualifiedName

__all__ = [
    "accept_words",
    "bytes_words",
    "check_words",
    "duration_words",
    "estimate_words",
    "hazard_words",
    "hazards_wanted",
    "notes_by_change",
    "part_title",
    "size_of",
    "size_words",
    "worst",
]

KILO: Final = 1024
MEGA: Final = 1_000_000
UNITS: Final = ((1, "s"), (60, "min"), (3600, "h"), (86400, "days"))
MANY: Final = 90
"""Of a unit, before the next one is used."""
HAZARDS: Final[Mapping[HazardKind, str]] = {
    HazardKind.DELETES_DATA: "deletes data",
    HazardKind.MAY_FAIL_ON_DATA: "may fail on rows that are there",
    HazardKind.REWRITES_TABLE: "rewrites a table",
    HazardKind.BLOCKS_WRITES: "blocks writers",
    HazardKind.BLOCKS_READS: "blocks readers and writers",
    HazardKind.IRREVERSIBLE: "cannot be taken back",
    HazardKind.INDEX_BUILD: "builds an index over all rows",
    HazardKind.CHANGES_TYPE: "changes a type",
    HazardKind.BREAKS_API: "breaks clients of the API",
}
BAD_FIRST: Final = (
    HazardKind.DELETES_DATA,
    HazardKind.IRREVERSIBLE,
    HazardKind.BREAKS_API,
    HazardKind.BLOCKS_READS,
    HazardKind.MAY_FAIL_ON_DATA,
    HazardKind.REWRITES_TABLE,
    HazardKind.BLOCKS_WRITES,
    HazardKind.CHANGES_TYPE,
    HazardKind.INDEX_BUILD,
)
"""The worst first."""
WORK: Final[Mapping[Work, str]] = {Work.SCAN: "reading", Work.REWRITE: "rewriting", Work.INDEX: "indexing"}
PARTS: Final = {"api": "REST API", "access": "access"}


def size_words(rows: int, size: int | None) -> str:
    """`1,234 rows, 1.2 MB`."""
    text = f"{rows:,} row{'' if rows == 1 else 's'}"
    return text if size is None else f"{text}, {bytes_words(size)}"


def bytes_words(size: int) -> str:
    """`1.2 MB`."""
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < KILO or unit == "TB":
            break
        amount /= KILO
    return f"{amount:,.0f} bytes" if unit == "bytes" else f"{amount:,.1f} {unit}"


def duration_words(seconds: float) -> str:
    """`about 40 s`; no more digits than an estimate has."""
    if seconds < 1:
        return "less than a second"
    length, unit = next((one for one in UNITS if seconds / one[0] < MANY), UNITS[-1])
    amount = seconds / length
    rounded = round(amount) if amount < 10 else round(amount / 5) * 5  # noqa: PLR2004 - two digits
    return f"about {max(1, rounded)} {unit}"


def estimate_words(found: Estimate) -> str:
    """`about 40 s, estimated from rewriting 12.0 GB at 100 MB/s`."""
    speed = f"{found.bytes_per_second // MEGA} MB/s"
    return f"{duration_words(found.seconds)}, estimated from {WORK[found.work]} {bytes_words(found.bytes)} at {speed}"


def hazard_words(kind: HazardKind) -> str:
    """What a kind of hazard means."""
    return HAZARDS[kind]


def check_words(found: CheckedStep) -> str:
    """What the rows say, examples included."""
    if found.rows is None:
        return f"not checked: {found.problem}"
    if not found.rows:
        return "checked: no row stops it"
    rows = "1 row stops it" if found.rows == 1 else f"{found.rows:,} rows stop it"
    if not found.examples:
        return f"checked: {rows}"
    return f"checked: {rows}, such as {'; '.join(f'({example})' for example in found.examples)}"


def worst(kinds: Sequence[HazardKind]) -> HazardKind | None:
    """The worst of these kinds; None where there is none."""
    return next((kind for kind in BAD_FIRST if kind in kinds), None)


def hazards_wanted(plans: Sequence[Plan]) -> list[str]:
    """Kinds that apply wants accepted."""
    return list(dict.fromkeys(kind.value for plan in plans for kind in plan.hazards))


def accept_words(plans: Sequence[Plan]) -> str:
    """`--accept deletes-data --accept irreversible`; empty where nothing has to be accepted."""
    return " ".join(f"--accept {kind}" for kind in hazards_wanted(plans))


def size_of(plan: Plan, table: QualifiedName | None, changes: Sequence[PlannedChange]) -> str:
    """Rows and bytes of a table that is there, by the name it has in these changes; empty where nobody knows."""
    before = next((f.change.before.name for f in changes if isinstance(f.change, c.RenameTable)), table)
    size = next((found for found in plan.sizes if found.table == before), None)
    return "" if size is None else size_words(size.rows, size.bytes)


def notes_by_change(plan: Plan, report: PlanReport) -> Mapping[int, Sequence[str]]:
    """What is to be said of each change besides its dangers: how long it takes, what the rows say.

    By the 0-based place of the change; a step of several says it at the first, one of none under -1.
    """
    found: dict[int, list[str]] = {}
    for number, words in _notes(plan, report):
        step = plan.steps[number]
        found.setdefault(_spokesman(plan, step.covers, step.hazards), []).append(words)
    return found


def part_title(part: PlanPart) -> str:
    """`REST API: 2 changes, 1 of them breaking`."""
    count = len(part.changes)
    breaking = sum(change.breaking for change in part.changes)
    text = f"{PARTS.get(part.name, part.name)}: {count} change{'' if count == 1 else 's'}"
    if not breaking:
        return text
    return f"{text}, breaking" if count == 1 else f"{text}, {breaking} of them breaking"


def _notes(plan: Plan, report: PlanReport) -> Iterator[tuple[int, str]]:
    for estimate in plan.estimates:
        if estimate.seconds >= 1:
            yield estimate.step, estimate_words(estimate)
    for checked in report.checked:
        if checked.data_source == plan.data_source:
            yield checked.step, check_words(checked)


def _spokesman(plan: Plan, covers: Sequence[int], hazards: Sequence[Hazard]) -> int:
    """The change of a step that tells its dangers, else its first."""
    for place in covers:
        if any(hazard in hazards for hazard in plan.changes[place].hazards):
            return place
    return covers[0] if covers else -1
