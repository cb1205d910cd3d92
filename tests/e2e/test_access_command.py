"""`lbconf access`: a decision explained, and who may call what."""

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.serving import run_lbconf

RECORDED = Path(__file__).parent.parent / "conformance_rest" / "recorded" / "project"
SHOP = Path(__file__).parents[2] / "examples" / "shop"


def access(*words: str, project: Path = RECORDED, code: int = 0) -> str:
    done = run_lbconf("access", "--project", str(project), *words)
    assert done.returncode == code, done.stderr
    return done.stdout if code < 2 and not done.stderr else done.stderr


def test_an_explanation_names_every_rule_its_score_and_where_the_one_that_decides_is_written() -> None:
    assert access("--as", "role:admin", "GET", "/api/Memos/7") == (
        "role:admin asks Memo.findById (READ, instance 7)\n"
        "allowed: the rule for ROLE admin allows it: the highest score of those that are for the caller\n"
        "\n"
        "    score       rule                                        for the caller  where\n"
        "=>  7508        ALLOW ROLE admin, * of *                    yes             common/models/memo.json:46\n"
        "    7504        ALLOW ROLE $owner, * of *                   no              common/models/memo.json:33\n"
        "    7495        DENY ROLE $everyone, * of *                 yes             common/models/memo.json:20\n"
        "    other call  ALLOW ROLE $authenticated, WRITE of create  -               common/models/memo.json:26\n"
        "    other call  ALLOW ROLE $everyone, * of count            -               common/models/memo.json:39\n"
    )


@pytest.mark.parametrize(
    ("caller", "verb", "path", "allowed", "status"),
    [
        ("anonymous", "GET", "/api/Memos", False, 401),
        ("user:1", "GET", "/api/Memos", False, 403),
        ("user:1", "POST", "/api/Memos", True, None),
        ("role:$owner", "DELETE", "/api/Memos/7", True, None),
        ("role:editor", "POST", "/api/Notices", True, None),
        ("role:admin", "POST", "/api/Notices?x=1", False, 401),
        ("anonymous", "GET", "/Notices/", True, None),
        ("user:1", "GET", "/api/Members/1", True, None),
        ("user:2", "GET", "/api/Members/1", False, 401),
    ],
)
def test_decisions(caller: str, verb: str, path: str, *, allowed: bool, status: int | None) -> None:
    code = 0 if allowed else 1
    told = json.loads(access("--as", caller, "--format", "json", verb, path, code=code))
    assert (told["allowed"], told["status"]) == (allowed, status)
    assert sum(rule["decides"] for rule in told["rules"]) == 1
    assert all(rule["line"] for rule in told["rules"] if rule["file"])


def test_what_only_the_data_know_is_said_to_be_unknown() -> None:
    told = json.loads(access("--as", "user:1", "--offline", "-f", "json", "GET", "/api/Memos/7"))
    assert told["allowed"] is None
    assert told["reason"] == "on data that were not asked"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("GET", "/api/Memo/7"), "did you mean /api/Memos?"),
        (("--as", "admin", "GET", "/api/Memos"), "--as admin names no caller"),
        (("--as", "user:Memo:1", "GET", "/api/Memos"), "Memo is no model of users"),
        (("matrix", "--model", "Memos"), "did you mean Memo?"),
    ],
)
def test_a_question_about_nothing_is_answered_with_the_nearest_name(words: tuple[str, ...], told: str) -> None:
    assert told in access(*words, code=1)


def test_wrong_words_are_wrong_usage() -> None:
    assert "GET /api/orders/7" in access("GET", code=2)
    assert "are for the matrix" in access("GET", "/api/Memos", "--format", "csv", code=2)


def test_every_form_of_the_matrix_says_the_same() -> None:
    listed = json.loads(access("matrix", "-f", "json"))
    rows = list(csv.DictReader(io.StringIO(access("matrix", "-f", "csv"))))
    assert len(rows) == len(listed) > 100
    words = {True: "yes", False: "no", None: ""}
    for row, told in zip(rows, listed, strict=True):
        assert (row["verb"], row["path"]) == (told["verb"], told["path"])
        assert {name: row[name] for name in told["allowed"]} == {n: words[v] for n, v in told["allowed"].items()}
    page = _Page()
    page.feed(access("matrix", "-f", "html"))
    assert page.rows == [[row["verb"], row["path"], row["accessType"], *list(row.values())[5:]] for row in rows]
    text = access("matrix")
    assert all(f"  {row['path']} " in text for row in rows)


def test_the_matrix_of_one_model() -> None:
    rows = {
        (row["verb"], row["path"]): row["allowed"] for row in json.loads(access("matrix", "-m", "Memo", "-f", "json"))
    }
    assert rows["GET", "/api/Memos/{id}"] == {
        "$unauthenticated": False, "$authenticated": False, "$owner": True, "admin": True,
    }  # fmt: skip
    assert rows["GET", "/api/Memos"]["$owner"] is None
    assert set(rows["GET", "/api/Memos/count"].values()) == {True, None}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag != "td"
        if tag == "tr" and not self.rows[-1]:
            self.rows.pop()

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data
