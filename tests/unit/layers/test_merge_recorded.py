"""Merges that loopback-boot 3.3.1 really did, recorded: kind, layers lowest first, and its result or why it stopped."""

import json
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Collector
from lbconf.layers.layer import Piece
from lbconf.layers.merge_loopback import merge_loopback, merge_middleware

RECORDED = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "loopback_boot_merges.jsonl").read_text().splitlines()
]


def ours(case: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    found = Collector()
    pieces = [Piece(layer=str(number), data=data) for number, data in enumerate(case["layers"])]
    merge = merge_middleware if case["kind"] == "middleware" else merge_loopback
    data, _ = merge(pieces, found)
    return data, found.errors


def dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True)  # JavaScript puts names such as "0" first, whatever their order


def test_every_recorded_merge_gives_what_loopback_gave() -> None:
    # given
    merged = [case for case in RECORDED if "result" in case]

    # when
    differing = [case for case in merged if ours(case)[1] or dumped(ours(case)[0]) != dumped(case["result"])]

    # then
    assert len(merged) > 300
    assert differing == []


def test_we_stop_wherever_loopback_stopped() -> None:
    # given
    stopped = [case for case in RECORDED if "stops" in case]

    # when
    went_on = [case for case in stopped if not ours(case)[1]]

    # then
    assert len(stopped) > 200
    assert went_on == []
