"""How long steps presumably take: only where a table of known size is read or written as a whole."""

import pytest

from lbconf.cli.views.plan_words import bytes_words, duration_words, estimate_words, size_words
from lbconf.plan.estimates import THROUGHPUT, estimated
from lbconf.plan.plan import Estimate, Plan, PlannedChange, TouchedTable, Work
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName, Table

OLD, NEW = QualifiedName("public", "old"), QualifiedName("public", "new")
GIGA = 1024**3


def plan(step: Step, *, rows: int = 10, size: int | None = 12 * GIGA) -> Plan:
    renamed = c.RenameTable(before=Table(name=OLD, columns=()), after=Table(name=NEW, columns=()))
    return Plan(
        data_source="db",
        connector="postgresql",
        environment="e",
        configuration="",
        fingerprint="",
        scope=(OLD,),
        changes=(PlannedChange(action="change", summary="s", reason="r", change=renamed, table=NEW),),
        steps=(step,),
        sizes=(TouchedTable(table=OLD, rows=rows, bytes=size),),
    )


def step(*kinds: HazardKind, rewrites: bool = False, repeat: bool = False) -> Step:
    hazards = tuple(Hazard(kind=kind, message="m") for kind in kinds)
    statements = (Statement(sql="x", repeat=repeat),)
    return Step(summary="s", statements=statements, hazards=hazards, rewrites=rewrites, table=NEW)


@pytest.mark.parametrize(
    ("found", "work"),
    [
        (step(HazardKind.REWRITES_TABLE, HazardKind.MAY_FAIL_ON_DATA), Work.REWRITE),
        (step(HazardKind.INDEX_BUILD, HazardKind.MAY_FAIL_ON_DATA), Work.INDEX),
        (step(HazardKind.MAY_FAIL_ON_DATA), Work.SCAN),
        (step(rewrites=True), Work.REWRITE),
        (step(repeat=True), Work.REWRITE),
    ],
)
def test_the_most_that_is_done_counts(found: Step, work: Work) -> None:
    (estimate,) = estimated(plan(found)).estimates
    assert estimate == Estimate(step=0, work=work, table=OLD, bytes=12 * GIGA, bytes_per_second=THROUGHPUT[work]), (
        "by the name that the table has now"
    )


def test_no_size_no_rows_or_nothing_to_do_with_rows_gives_no_estimate() -> None:
    assert estimated(plan(step(HazardKind.DELETES_DATA))).estimates == ()
    assert estimated(plan(step(rewrites=True), size=None)).estimates == ()
    assert estimated(plan(step(rewrites=True), rows=0)).estimates == ()


def test_an_estimate_is_told_as_one() -> None:
    found = Estimate(step=0, work=Work.SCAN, table=OLD, bytes=12 * GIGA, bytes_per_second=300_000_000)
    assert estimate_words(found) == "about 45 s, estimated from reading 12.0 GB at 300 MB/s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than a second"),
        (1.4, "about 1 s"),
        (42, "about 40 s"),
        (89, "about 90 s"),
        (100, "about 2 min"),
        (3600, "about 60 min"),
        (9000, "about 2 h"),
        (1e6, "about 10 days"),
        (1e9, "about 11575 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_sizes() -> None:
    assert [size_words(1, None), size_words(1234, 1000), bytes_words(5 * GIGA * 1024**3)] == [
        "1 row",
        "1,234 rows, 1,000 bytes",
        "5,242,880.0 TB",
    ]
