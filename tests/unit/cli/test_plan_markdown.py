"""Plans as Markdown: whatever a name holds, it is shown as it is and does nothing."""

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lbconf.cli.views.plan_markdown import LONGEST, plan_markdown
from lbconf.diagnostics import Code, Diagnostic
from lbconf.operations.plan import Failure, PlanReport
from lbconf.plan.plan import Plan, PlannedChange, TouchedTable
from lbconf.plan.report import PartChange, PlanPart
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ColumnType, QualifiedName

RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
NASTY = "a|b`c`<img src=x onerror=alert(1)>*d*_e_ [f](http://g.h) @team #12 www.i.j ~~k~~ &amp; $l$ \\m :tada: n@o.p"


def plan(name: str, *, hazards: tuple[HazardKind, ...] = (), statements: int = 1, source: str = "db") -> Plan:
    table = QualifiedName("public", name)
    found = tuple(Hazard(kind=kind, message=f"something with {name}") for kind in hazards)
    change = c.DropColumn(table=table, before=Column(name=name, type=ColumnType("text")))
    return Plan(
        data_source=source,
        connector="postgresql",
        environment="production",
        configuration="c",
        fingerprint="f",
        scope=(table,),
        changes=(
            PlannedChange(
                action="destroy", summary=f"column {name}", reason=name, table=table, hazards=found, change=change
            ),
        ),
        steps=tuple(
            Step(
                summary=f"drop column {name}",
                statements=(Statement(sql=f'ALTER TABLE x DROP COLUMN "{name}"'),),
                hazards=found,
                covers=(0,),
                table=table,
            )
            for _ in range(statements)
        ),
        sizes=(TouchedTable(table=table, rows=1234, bytes=4096),),
    )


def shown(text: str) -> str:
    """What a reader sees: text without tags."""
    rendered = RENDERER.render(text)
    return unescape(re.sub(r"<[^>]*>", "", rendered.replace("<!-- -->", "")))


def report(*plans: Plan) -> PlanReport:
    return PlanReport(environment="production", plans=plans)


NAMES = st.text(alphabet=st.sampled_from("ab1|`*_[]()<>!#+-.~@&$\\:/{}'\"\n\r\t é="), min_size=1, max_size=30)


@given(NAMES)
@example(NASTY)
@example("```")
@example("-- x\n\n# heading")
@example("</details><script>")
@example("1. one")
def test_names_are_shown_and_do_nothing(name: str) -> None:
    told = plan_markdown(report(plan(name, hazards=(HazardKind.DELETES_DATA,))))
    rendered = RENDERER.render(told)
    tags = set(re.findall(r"<(\w+)", re.sub(r"<code[^>]*>.*?</code>", "", rendered, flags=re.DOTALL)))
    assert tags <= {"p", "strong", "h3", "h4", "ul", "li", "details", "summary", "pre"}
    flat = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    seen = " ".join(shown(told).split())
    assert f"Destroy column {flat}".strip() in seen
    assert f"deletes data: something with {flat}".strip() in seen
    assert f"1. drop column {flat}".strip() in seen
    if name.isprintable():
        assert " ".join(f'DROP COLUMN "{name}"'.split()) in seen


def test_nobody_is_written_to_and_nothing_is_linked() -> None:
    told = plan_markdown(report(plan(NASTY)))
    prose = re.sub(r"```sql.*?```", "", told, flags=re.DOTALL)
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", prose)
    for alive in ("@team", "#12", "http://", "www.i", ":tada:", "n@o"):
        assert alive not in prose


def test_the_worst_comes_first_and_each_source_has_its_line() -> None:
    told = plan_markdown(
        report(
            plan("a", hazards=(HazardKind.INDEX_BUILD,), source="one"),
            plan("b", hazards=(HazardKind.DELETES_DATA, HazardKind.BLOCKS_READS), source="t|wo"),
            Plan(
                data_source="three",
                connector="sqlite",
                environment="production",
                configuration="",
                fingerprint="",
                scope=(),
            ),
        )
    )
    assert told.splitlines()[0] == (
        "**lbconf plan for production: 0 to add, 0 to change, 2 to destroy in 2 data sources; worst: deletes data**"
    )
    rows = re.findall(r"<tr>\s*(.*?)\s*</tr>", RENDERER.render(told), re.DOTALL)
    cells = [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows[1:]]
    assert cells == [
        ["one (postgresql)", "0", "0", "1", "builds an index over all rows"],
        ["t|wo (postgresql)", "0", "0", "1", "deletes data"],
        ["three (sqlite)", "", "", "", "nothing to do"],
    ]
    assert told.rstrip().splitlines()[-1] == (
        "To apply: `lbconf apply --env production --accept index-build --accept deletes-data --accept blocks-reads`"
    )


def test_a_long_plan_fits_into_a_comment() -> None:
    told = plan_markdown(report(plan("x" * 60, hazards=(HazardKind.DELETES_DATA,), statements=2000)))
    assert len(told) <= LONGEST
    assert "2000 steps; their SQL is too long for a comment" in told
    assert "Destroys data" in told


def test_what_could_not_be_planned_is_said_first() -> None:
    found = Diagnostic(code=Code.CONNECTION_FAILED, message="no | connection")
    told = plan_markdown(
        PlanReport(environment="e", plans=(), failures=(Failure(data_source="db", diagnostics=(found,)),))
    )
    assert told == "**lbconf plan for e: `db` could not be planned**\n\n- `db`: LB5002 no \\| connection\n"


def test_parts_tell_what_breaks_first() -> None:
    part = PlanPart(
        name="api",
        changes=(
            PartChange(action="add", summary="GET /as"),
            PartChange(action="destroy", summary="GET /bs", reason="model B is gone", breaking=True),
        ),
    )
    told = plan_markdown(PlanReport(environment="e", plans=(), parts=(part,)))
    assert told == (
        "**lbconf plan for e: nothing to do in databases, 1 breaking the API**\n\n"
        "### REST API: 2 changes, 1 of them breaking\n\n"
        "- **Destroy** GET /bs: model B is gone, **breaking**\n"
        "- **Add** GET /as\n"
    )
