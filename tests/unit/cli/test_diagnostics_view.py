import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.cli.views.diagnostics import excerpt, render_text, summary
from lbconf.cli.views.findings import render_github, render_json, render_junit, render_sarif
from lbconf.diagnostics import Code, Diagnostic, Location, Related, Severity

FINDING = Diagnostic(
    code=Code.BASE_UNKNOWN,
    message="model A builds on B",
    location=Location(file="a.yaml", line=2, column=7, end_line=2, end_column=8, pointer="/base"),
    hint="did you mean C?",
    related=(Related(message="C is here", location=Location(file="c.yaml")),),
)
WARNING = Diagnostic(code=Code.KEY_UNKNOWN, severity=Severity.WARNING, message="x")


def project(tmp_path: Path, text: str) -> Path:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_text(tmp_path: Path) -> None:
    assert render_text([FINDING, WARNING], project(tmp_path, "name: A\nbase: B\n")) == (
        "error[LB3002]: model A builds on B\n"
        "  --> a.yaml:2:7\n"
        "  2 | base: B\n"
        "    |       ^\n"
        "  hint: did you mean C?\n"
        "  note: C is here (c.yaml:1:1)\n"
        "\n"
        "warning[LB3013]: x"
    )


def test_no_line_is_shown_of_a_file_or_a_line_that_nobody_wrote(tmp_path: Path) -> None:
    place = Location(file="a.yaml", line=1, column=1)
    assert excerpt(place, project(tmp_path, "x" * 4_000))
    assert excerpt(place, project(tmp_path, '"' * 4_001)) == []
    with (tmp_path / "a.yaml").open("w") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    assert excerpt(place, tmp_path) == []


def test_colour_only_when_asked(tmp_path: Path) -> None:
    root = project(tmp_path, "name: A\nbase: B\n")
    assert "\x1b" not in render_text([FINDING], root)
    assert "\x1b[1;31merror[LB3002]\x1b[0m" in render_text([FINDING], root, color=True)


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2",
        '{"password": "hunter2", "user": "me"}',
        '"password": "hunter2',
        "db: {password: hunter2, user: me}",
        "- apiKey: hunter2",
        "url: postgresql://me:hunter2@host/db",
        "'client_secret': 'hunter2'",
    ],
)
def test_a_secret_is_not_in_the_source_line(tmp_path: Path, line: str) -> None:
    shown = "\n".join(excerpt(Location(file="a.yaml", line=1, column=3), project(tmp_path, line + "\n")))
    assert "hunter2" not in shown
    assert "***" in shown


def test_nothing_of_a_secret_value_is_shown(tmp_path: Path) -> None:
    root = project(tmp_path, "password: |\n  hunter2\n")
    assert excerpt(Location(file="a.yaml", line=2, column=3, pointer="/db/password"), root) == []


@pytest.mark.parametrize(("file", "line"), [("none.yaml", 1), ("a.yaml", 9), (".", 1)])
def test_a_line_that_is_not_there_is_not_shown(tmp_path: Path, file: str, line: int) -> None:
    assert excerpt(Location(file=file, line=line), project(tmp_path, "a: 1\n")) == []


@given(
    line=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=400),
    column=st.integers(1, 450),
    length=st.none() | st.integers(0, 450),
)
def test_the_caret_is_under_the_line(
    tmp_path_factory: pytest.TempPathFactory, line: str, column: int, length: int | None
) -> None:
    folder = tmp_path_factory.mktemp("caret")
    (folder / "a.yaml").write_text(f"{line}\n", encoding="utf-8")
    end = None if length is None else column + length
    place = Location(file="a.yaml", line=1, column=column, end_line=end and 1, end_column=end)
    for shown in excerpt(place, folder):
        assert len(shown) < 200
        assert "\t" not in shown


def test_summary() -> None:
    assert summary([FINDING, FINDING, WARNING]) == "2 errors, 1 warning"
    assert summary([]) == ""


def test_json() -> None:
    data = json.loads(render_json([(FINDING, ("development",))], ["development"]))
    assert data == {
        "version": 1,
        "environments": ["development"],
        "summary": {"errors": 1, "warnings": 0, "infos": 0},
        "diagnostics": [
            {
                "code": "LB3002",
                "name": "BASE_UNKNOWN",
                "severity": "error",
                "message": "model A builds on B",
                "location": {
                    "file": "a.yaml", "line": 2, "column": 7, "endLine": 2, "endColumn": 8, "pointer": "/base",
                },
                "hint": "did you mean C?",
                "related": [{"message": "C is here", "location": {"file": "c.yaml", "line": 1, "column": 1}}],
                "environments": ["development"],
            }
        ],
    }  # fmt: skip


def test_sarif_of_nothing() -> None:
    (run,) = json.loads(render_sarif([], Path("/project")))["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_github_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = Diagnostic(code=Code.SYNTAX, message="50% of\nit", location=Location(file="a,b:c.yaml"))
    assert render_github([(found, ())], tmp_path) == (
        "::error title=LB1006 syntax,file=a%2Cb%3Ac.yaml,line=1,col=1::50%25 of%0Ait"
    )


def test_junit_holds_no_character_that_xml_forbids() -> None:
    found = Diagnostic(code=Code.SYNTAX, message='a\x00 & <b> "')
    text = render_junit([(found, ("development",))], ["development"])
    assert "\x00" not in text
    assert "&lt;b&gt;" in text
