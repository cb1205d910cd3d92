"""Lines of the log."""

import json
from typing import Any

import pytest

from lbconf.api.log import JsonLog


@pytest.mark.parametrize("message", ["plain", "é", '"\n\x1b[0m', "half \ud800 of one", "\\ud800", object])
def test_every_event_is_one_line_of_json(message: Any) -> None:
    lines: list[bytes] = []
    JsonLog(lines.append).event("info", "told", message=message, more=[message])
    (line,) = lines
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    told = json.loads(line)
    wanted = message if isinstance(message, str) else str(message)
    assert (told["event"], told["message"], told["more"]) == ("told", wanted, [wanted])
