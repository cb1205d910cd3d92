"""Worker threads: results, errors, and an end that waits for nobody."""

import asyncio
import threading
import time

import pytest

from lbconf.api.threads import WorkerThreads


def test_results_and_errors_reach_the_caller() -> None:
    async def run() -> tuple[int, str]:
        threads = WorkerThreads(2, "test")
        result = await threads.run(len, "abc")
        with pytest.raises(ValueError, match="invalid literal") as caught:
            await threads.run(int, "x")
        threads.stop()
        return result, type(caught.value).__name__

    assert asyncio.run(run()) == (3, "ValueError")


def test_no_more_threads_than_said_work_at_once() -> None:
    seen: set[str] = set()

    def note(_: int) -> None:
        seen.add(threading.current_thread().name)
        time.sleep(0.01)

    async def run() -> None:
        threads = WorkerThreads(3, "few")
        await asyncio.gather(*(threads.run(note, number) for number in range(12)))
        threads.stop()

    asyncio.run(run())
    assert seen <= {"few-0", "few-1", "few-2"}


def test_a_call_nobody_waits_for_disturbs_nobody() -> None:
    done = threading.Event()

    def slow(_: int) -> None:
        time.sleep(0.05)
        done.set()

    async def run() -> None:
        threads = WorkerThreads(1, "slow")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(slow, 1), 0.01)
        threads.stop()

    asyncio.run(run())
    assert done.wait(2)
