"""Kinds of changes, each as two states, and docs/hazards.md's table of what they do to users of the table.

python -m tests.integration.postgresql.hazard_cases    print the table
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lbconf.connectors.postgresql.ddl import compile_changes
from lbconf.plan.order import ordered
from lbconf.state.diff import compare
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    Enumeration,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Partition,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "hazards.md"
BEGIN, END = "<!-- postgresql begin -->", "<!-- postgresql end -->"


def named(name: str) -> QualifiedName:
    return QualifiedName("public", name)


def column(name: str, type_: str, *arguments: int, **given: object) -> Column:
    return Column(name=name, type=ColumnType(type_, arguments), **given)  # type: ignore[arg-type]


ID = column("id", "bigint", nullable=False, identity=Identity(kind="identity-by-default"))
MOOD = Enumeration(name=named("mood"), values=("sad", "ok"))
KEY = PrimaryKey(name="t_pkey", columns=("id",))
PARENT = Table(name=named("parent"), columns=(ID,), primary_key=PrimaryKey(name="parent_pkey", columns=("id",)))
BASE = Table(
    name=named("t"),
    columns=(
        ID,
        column("name", "text"),
        column("code", "character varying", 20, nullable=False, default=Default("'x'::character varying")),
        column("amount", "integer"),
        column("parent_id", "bigint"),
        Column(name="feels", type=ColumnType("mood", enumeration=MOOD.name)),
    ),
    primary_key=KEY,
    indexes=(Index(name="t_amount_idx", parts=(IndexPart(column="amount"),)),),
)
SPLIT = Table(
    name=named("split"),
    columns=(column("id", "bigint", nullable=False), column("name", "text")),
    partition_by="RANGE (id)",
    partitions=(
        Partition(name=named("split_1"), bound="FOR VALUES FROM ('0') TO ('100')"),
        Partition(name=named("split_2"), bound="DEFAULT"),
    ),
)


def state(*tables: Table, mood: Enumeration = MOOD) -> State:
    found = tuple(sorted((*tables, PARENT), key=lambda table: table.name))
    return State(namespaces=("public",), tables=found, enumerations=(mood,))


def changed(name: str, /, **given: object) -> Table:
    """The base with one column changed."""
    columns = tuple(replace(c, **given) if c.name == name else c for c in BASE.columns)  # type: ignore[arg-type]
    return replace(BASE, columns=columns)


def added(*columns: Column) -> Table:
    return replace(BASE, columns=(*BASE.columns, *columns))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of change; `before` and `after` are whole states."""

    name: str
    before: State
    after: State
    ways: tuple[str, ...] = ("online", "offline")
    """One only where both are the same."""


SAME = ("online",)
UNIQUE = Unique(name="t_code_key", columns=("code",))
CHECK = Check(name="t_amount_check", expression="(amount >= 0)")
FOREIGN = ForeignKey(name="t_parent_fkey", columns=("parent_id",), target=PARENT.name, target_columns=("id",))
NAMED = Index(name="t_name_idx", parts=(IndexPart(column="name"),))
RETYPED = ColumnType("bigint")

CASES: tuple[Case, ...] = (
    Case(name="create a table", before=state(), after=state(BASE), ways=SAME),
    Case(name="drop a table", before=state(BASE), after=state(), ways=SAME),
    Case(
        name="rename a table",
        before=state(BASE),
        after=state(replace(BASE, name=named("u"), renamed_from=BASE.name)),
        ways=SAME,
    ),
    Case(name="comment on a table", before=state(BASE), after=state(replace(BASE, comment="c")), ways=SAME),
    Case(name="comment on a column", before=state(BASE), after=state(changed("name", comment="c")), ways=SAME),
    Case(name="add a column", before=state(BASE), after=state(added(column("c", "text"))), ways=SAME),
    Case(
        name="add a required column with a constant default",
        before=state(BASE),
        after=state(added(column("c", "integer", nullable=False, default=Default("0")))),
        ways=SAME,
    ),
    Case(
        name="add a column whose default differs per row",
        before=state(BASE),
        after=state(added(column("c", "uuid", nullable=False, default=Default("gen_random_uuid()")))),
    ),
    Case(
        name="add a required column with backfill",
        before=state(BASE),
        after=state(added(column("c", "text", nullable=False, backfill="lower(name)"))),
    ),
    Case(
        name="add a counted column",
        before=state(BASE),
        after=state(added(column("c", "bigint", nullable=False, identity=Identity(kind="identity-by-default")))),
        ways=SAME,
    ),
    Case(
        name="add a stored generated column",
        before=state(BASE),
        after=state(added(column("c", "integer", generated="(amount * 2)"))),
        ways=SAME,
    ),
    Case(
        name="drop a column",
        before=state(BASE),
        after=state(replace(BASE, columns=tuple(c for c in BASE.columns if c.name != "name"))),
        ways=SAME,
    ),
    Case(
        name="rename a column",
        before=state(BASE),
        after=state(changed("name", name="title", renamed_from="name")),
        ways=SAME,
    ),
    Case(name="change a default", before=state(BASE), after=state(changed("amount", default=Default("7"))), ways=SAME),
    Case(name="require a column", before=state(BASE), after=state(changed("name", nullable=False))),
    Case(
        name="require a column with backfill",
        before=state(BASE),
        after=state(changed("name", nullable=False, backfill="'nobody'")),
    ),
    Case(name="no longer require a column", before=state(BASE), after=state(changed("code", nullable=True)), ways=SAME),
    Case(
        name="widen a text's length",
        before=state(BASE),
        after=state(changed("code", type=ColumnType("character varying", (40,)))),
        ways=SAME,
    ),
    Case(
        name="shorten a text's length",
        before=state(BASE),
        after=state(changed("code", type=ColumnType("character varying", (10,)))),
        ways=SAME,
    ),
    Case(name="widen a number", before=state(BASE), after=state(changed("amount", type=RETYPED)), ways=SAME),
    Case(name="text to number", before=state(BASE), after=state(changed("name", type=RETYPED)), ways=SAME),
    Case(name="add an index", before=state(BASE), after=state(replace(BASE, indexes=(*BASE.indexes, NAMED)))),
    Case(
        name="add a unique index",
        before=state(BASE),
        after=state(replace(BASE, indexes=(*BASE.indexes, replace(NAMED, unique=True)))),
    ),
    Case(name="drop an index", before=state(BASE), after=state(replace(BASE, indexes=()))),
    Case(
        name="rename an index",
        before=state(BASE),
        after=state(replace(BASE, indexes=(replace(BASE.indexes[0], name="t_renamed"),))),
        ways=SAME,
    ),
    Case(
        name="add an index to a partitioned table",
        before=state(SPLIT),
        after=state(replace(SPLIT, indexes=(Index(name="split_idx", parts=(IndexPart(column="name"),)),))),
    ),
    Case(name="add a unique constraint", before=state(BASE), after=state(replace(BASE, uniques=(UNIQUE,)))),
    Case(name="drop a unique constraint", before=state(replace(BASE, uniques=(UNIQUE,))), after=state(BASE), ways=SAME),
    Case(name="add a primary key", before=state(replace(BASE, primary_key=None)), after=state(BASE)),
    Case(name="drop a primary key", before=state(BASE), after=state(replace(BASE, primary_key=None)), ways=SAME),
    Case(name="add a foreign key", before=state(BASE), after=state(replace(BASE, foreign_keys=(FOREIGN,)))),
    Case(name="drop a foreign key", before=state(replace(BASE, foreign_keys=(FOREIGN,))), after=state(BASE), ways=SAME),
    Case(name="add a check", before=state(BASE), after=state(replace(BASE, checks=(CHECK,)))),
    Case(name="drop a check", before=state(replace(BASE, checks=(CHECK,))), after=state(BASE), ways=SAME),
    Case(
        name="add a value to an enum",
        before=state(BASE),
        after=state(BASE, mood=replace(MOOD, values=("sad", "ok", "great"))),
        ways=SAME,
    ),
    Case(
        name="take a value from an enum",
        before=state(BASE),
        after=state(BASE, mood=replace(MOOD, values=("ok",))),
        ways=SAME,
    ),
)


def steps_of(case: Case, way: str) -> tuple[Step, ...]:
    """The steps, compiled without a server from states that are as it spells them."""
    difference = compare(case.before, case.after, droppable={table.name for table in case.before.tables})
    changes = ordered(difference.changes, desired=difference.settled)
    return compile_changes(changes, actual=case.before, desired=difference.settled, online=way == "online")


def document_rows() -> Iterator[str]:
    yield "| change | way | statements | lock | rewrites | holds up | undone by | test |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in CASES:
        for way in case.ways:
            shown_way = "both" if len(case.ways) == 1 else way
            first = True
            for step in steps_of(case, way):
                for place, statement in enumerate(step.statements):
                    yield _row(
                        case.name if first else "",
                        shown_way if first else "",
                        f"`{shape(statement.sql)}`" + (", until no row is left" if statement.repeat else ""),
                        (statement.lock or "none").lower(),
                        "yes" if statement.rewrites else "no",
                        _held_up(step) if place == 0 else "",
                        (_undone(step) if place == 0 else ""),
                        f"`{case.name}-{way}`" if first else "",
                    )
                    first = False


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _held_up(step: Step) -> str:
    kinds = {hazard.kind for hazard in step.hazards}
    if HazardKind.BLOCKS_READS in kinds:
        return "reads and writes, for as long as it takes"
    if HazardKind.BLOCKS_WRITES in kinds:
        return "writes, for as long as it takes"
    return "a moment" if step.lock and step.lock not in {"SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE"} else "nobody"


def _undone(step: Step) -> str:
    if not step.undo:
        return "nothing"
    return "; ".join(f"`{shape(statement.sql)}`" for statement in step.undo)


def shape(sql: str) -> str:
    """A statement's words without its names."""
    words = re.sub(r'"(?:[^"]|"")*"(\."(?:[^"]|"")*")?', "x", " ".join(sql.split()))
    words = re.sub(r"'(?:[^']|'')*'", "'...'", words)
    words = re.sub(r"\(.*\)", "(...)", words)
    return words.replace("|", "\\|")


def document(rows: Sequence[str]) -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + "\n".join(rows) + "\n" + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(document(tuple(document_rows())), encoding="utf-8")
