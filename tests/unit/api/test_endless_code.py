"""A project's function that never returns: its client is answered, its thread replaced, and it ends where it can."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from lbconf.api import threads as module
from lbconf.api.threads import WorkerThreads
from lbconf.code.running import call
from lbconf.interruption import AbandonedWork

ENDED: list[str] = []


def spins() -> None:
    try:
        while True:
            time.sleep(0.001)
    except AbandonedWork:
        ENDED.append("spins")
        raise


def swallows() -> None:
    while True:
        try:
            while True:
                time.sleep(0.001)
        except Exception:  # noqa: BLE001, S110 - what such code does
            pass
        finally:
            ENDED.append("swallows")


async def waits() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ENDED.append("waits")


def nests() -> None:
    call(waits)


async def spins_in_a_loop() -> None:
    call(spins)


async def spins_itself() -> None:
    spins()


@pytest.mark.parametrize("function", [spins, swallows, waits, nests, spins_in_a_loop, spins_itself])
def test_it_is_ended_and_others_go_on(
    function: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PRESSES_SECONDS", 0.01)
    ENDED.clear()

    async def run() -> None:
        threads = WorkerThreads(1, "test")
        with caplog.at_level(logging.ERROR), pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(call, function), 0.01)
        async with asyncio.timeout(10):
            assert await threads.run(len, "abc") == 3
            while not ENDED or threading.active_count() > before + 1:  # noqa: ASYNC110 - threads set no event
                await asyncio.sleep(0.001)
            assert [await threads.run(len, "a" * number) for number in range(5)] == [0, 1, 2, 3, 4]
        threads.stop()

    before = threading.active_count() + 1  # with the loop's executor
    asyncio.run(run())
    assert "goes on though nobody waits for it" in caplog.text


def test_what_returns_in_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRESSES_SECONDS", 0.01)
    done = threading.Event()

    def slow(_: int) -> None:
        time.sleep(0.05)
        done.set()

    async def run() -> None:
        threads = WorkerThreads(1, "test")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(slow, 1), 0.005)
        assert await threads.run(len, "abc") == 3
        threads.stop()

    asyncio.run(run())
    assert done.is_set()


def test_code_may_call_code_and_fail() -> None:
    async def run() -> Any:
        threads = WorkerThreads(1, "test")
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda _: call(lambda: call(lambda: 1 // 0)), None)
        found = await threads.run(lambda _: call(lambda: call(len, "abc")), None)
        threads.stop()
        return found

    assert asyncio.run(run()) == 3


TRACED = """
import sys, threading
from lbconf.interruption import AbandonedWork, Work

work, pressed = Work(), threading.Event()

def function():
    work.enter("function")
    try:
        pressed.wait()
    except AbandonedWork:
        pass
    work.leave()

for _ in range(2):
    pressed.clear()
    thread = threading.Thread(target=function)
    thread.start()
    while work.press() is None:
        pass
    pressed.set()
    thread.join()
sys.settrace(lambda *_: None)
(lambda: print("done"))()
"""


def test_nothing_is_left_due_that_a_tracer_would_wait_for_ever() -> None:
    ended = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("done\n", "")
