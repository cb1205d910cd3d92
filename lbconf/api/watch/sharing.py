"""Metrics of several worker processes as those of one server: each leaves its own in a folder for the others."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lbconf.api.watch.metrics import Family

__all__ = ["SharedFolder", "joined"]


class SharedFolder:
    """The folder, for one process."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which every worker of the server knows."""
        self._own = folder / f"{os.getpid()}.json"
        self._folder = folder
        self._written = ""

    def leave(self, families: Iterable[Family]) -> None:
        """Leave this process's metrics; nothing is written where nothing changed."""
        text = json.dumps([[one.name, one.kind, one.help, dict(one.samples)] for one in families])
        if text == self._written:
            return
        self._written = text
        beside = self._own.with_suffix(".new")
        beside.write_text(text)
        beside.replace(self._own)

    def others(self) -> Iterator[tuple[Family, ...]]:
        """The metrics of the other processes; of those that ended only what counts on."""
        for path in sorted(self._folder.glob("*.json")):
            if path == self._own:
                continue
            try:
                said = json.loads(path.read_text())
            except (OSError, ValueError):
                continue
            alive = _is_alive(path.stem)
            yield tuple(_family(one) for one in said if alive or one[1] != "gauge")


def joined(own: Iterable[Family], others: Iterable[Iterable[Family]]) -> tuple[Family, ...]:
    """The sums, in the order of the first."""
    found = {family.name: family for family in own}
    for families in others:
        for family in families:
            first = found.get(family.name)
            found[family.name] = family if first is None else _sum(first, family)
    return tuple(found.values())


def _sum(first: Family, second: Family) -> Family:
    if first.name == "lbconf_info":
        return first
    samples: dict[str, float] = dict(first.samples)
    least = first.name.endswith("_up")
    for series, value in second.samples.items():
        known = samples.get(series)
        samples[series] = value if known is None else min(known, value) if least else known + value
    return Family(name=first.name, kind=first.kind, help=first.help, samples=samples)


def _family(said: Any) -> Family:
    name, kind, words, samples = said
    assert isinstance(samples, Mapping)  # noqa: S101 - lbconf wrote it
    return Family(name=name, kind=kind, help=words, samples=samples)


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (OSError, ValueError):
        return False
    return True
