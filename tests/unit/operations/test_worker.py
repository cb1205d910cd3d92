"""What the parent process knows of a worker process: it asks, and never waits for an answer."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from lbconf.operations.worker import LOOK_SECONDS, Worker

pytestmark = pytest.mark.timeout(60)


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """An application that starts and ends, and answers nothing."""
    del scope
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})


def nothing(line: bytes) -> None:
    """A log that nobody reads."""


@contextmanager
def worker(app: str) -> Iterator[Worker]:
    config = uvicorn.Config(f"{__name__}:{app}", log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    made = Worker(config, [], nothing)
    try:
        yield made
    finally:
        made.join(0)


def test_a_worker_says_that_it_serves_and_ends_when_told() -> None:
    with worker("answer") as found:
        assert found.wait_to_serve(30, until=lambda: False)
        assert found.is_well(30)
        found.tell(signal.SIGTERM)
        found.join(time.monotonic() + 30)
        assert found.exitcode == -signal.SIGTERM
        assert not found.is_well(30)


def test_a_worker_that_answers_nothing_is_not_well_after_the_looks_of_its_time() -> None:
    with worker("answer") as found:
        assert found.wait_to_serve(30, until=lambda: False)
        assert found.pid is not None
        os.kill(found.pid, signal.SIGSTOP)
        while (Path("/proc") / str(found.pid) / "stat").read_text().rpartition(")")[2].split()[0] != "T":
            pass
        found.is_well(30)  # what it said before it stopped
        looks = [found.is_well(2 * LOOK_SECONDS) for _ in range(5)]
        assert looks.count(False) >= 2
        assert looks == sorted(looks, reverse=True)


def test_nobody_waits_for_a_worker_that_does_not_start() -> None:
    with worker("missing") as found:
        assert not found.wait_to_serve(30, until=lambda: False)
        assert found.exitcode is not None
        assert found.exitcode > 0


def test_waiting_for_a_worker_ends_when_the_server_shall_end() -> None:
    with worker("answer") as found:
        assert not found.wait_to_serve(30, until=lambda: True)
