"""Timing whole processes, as a pipeline step feels them."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["LBCONF", "Timed", "timed_alternately"]

LBCONF = str(Path(sys.executable).with_name("lbconf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Medians over the runs of one command."""

    wall: float
    """Seconds from start to end."""
    processor: float
    """Seconds of processor time, its own and the system's."""


def timed_alternately(
    commands: Sequence[Sequence[str]],
    *,
    runs: int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> list[Timed]:
    """Run the commands in turn, so that a slow moment of the machine hits all of them alike.

    Each is run once before the measurement. Raises `CalledProcessError` when one fails.
    """
    samples: list[list[tuple[float, float]]] = [[] for _ in commands]
    for number in range(runs + 1):
        for command, kept in zip(commands, samples, strict=True):
            sample = _run(command, {**_installed(), **(environment or {})}, folder)
            if number:
                kept.append(sample)
    return [
        Timed(wall=median(wall for wall, _ in kept), processor=median(processor for _, processor in kept))
        for kept in samples
    ]


def _installed() -> dict[str, str]:
    """The environment without what keeps Python from compiling modules once, as an installed package has them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(command: Sequence[str], environment: Mapping[str, str], folder: Path | None) -> tuple[float, float]:
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return wall, usage.ru_utime + usage.ru_stime
