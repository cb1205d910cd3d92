"""That nothing sends mail is told once, not at every reload and by every worker."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lbconf.api.log import JsonLog
from lbconf.api.mail.told import tell_of_mail

RESET: Any = SimpleNamespace(action="user_reset")


def told(*calls: dict[str, Any]) -> int:
    lines: list[bytes] = []
    for call in calls:
        tell_of_mail(None, call.pop("endpoints", [RESET]), JsonLog(lines.append), **call)
    return len(lines)


def test_a_process_tells_once() -> None:
    assert told({}, {"again": True}, {"again": True}) == 1


def test_workers_that_share_a_folder_tell_once(tmp_path: Path) -> None:
    assert told({"folder": tmp_path}, {"folder": tmp_path}) == 1


def test_nothing_is_told_where_nobody_asks_for_letters(tmp_path: Path) -> None:
    assert told({"endpoints": []}, {"endpoints": [], "folder": tmp_path}) == 0
    assert told({"folder": tmp_path}) == 1
