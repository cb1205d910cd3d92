"""Access control under random rules, as LoopBack 3.28 answered: `access.json` holds the rules and the outcomes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance_rest import access_calls as recorded
from tests.serving import served

CASES: list[dict[str, Any]] = json.loads(recorded.RECORDED.read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(CASES.index(case)))
def test_every_call_goes_through_or_is_refused_as_in_loopback(case: dict[str, Any], tmp_path: Path) -> None:
    recorded.write_project(tmp_path, case, "rows.json")
    with served(tmp_path) as server:
        told = recorded.record(f"{server.url}/api", case)["answers"]

    asked = list(recorded.calls(case))
    assert len(told) == len(case["answers"]) == len(asked)
    pairs = zip(asked, told, case["answers"], strict=True)
    assert [(call[:3], got, wanted) for call, got, wanted in pairs if got != wanted] == []


def test_the_recordings_hold_every_outcome() -> None:
    assert set("".join(case["answers"] for case in CASES)) == set(".134")
    assert sum(answer != "." for case in CASES for answer in case["answers"]) > 1000
