"""One process that serves anew without closing a connection: the next application takes over from the last.

Source: ASGI 3.0, lifespan protocol 2.0.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from lbconf.errors import LbconfError

__all__ = ["Switch", "terminal_is_gone", "watches_terminal"]

TERMINAL: Final = Path("/dev/tty")
LOOKS_SECONDS: Final = 0.05


class _Held:
    """An application with its lifespan and the number of its requests."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.running = 0
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Any]:
        """What the application says to its start."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.create_task(self.app(scope, self._events.get, self._told.put))
        return await self._ask("lifespan.startup")

    async def end(self, seconds: float) -> None:
        """End it once its requests are answered, or the time is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.running and loop.time() < deadline:  # noqa: ASYNC110 - requests should not pay for an event
            await asyncio.sleep(LOOKS_SECONDS)
        await self.stop()

    async def stop(self) -> dict[str, Any]:
        """What the application says to its end."""
        return await self._ask("lifespan.shutdown")

    async def _ask(self, event: str) -> dict[str, Any]:
        assert self._task is not None  # noqa: S101 - started before
        await self._events.put({"type": event})
        answer = asyncio.create_task(self._told.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        failed = self._task.exception()
        return {"type": f"{event}.failed", "message": "" if failed is None else type(failed).__name__}


class Switch:
    """The application of the moment. SIGHUP asks for the next one; where it cannot start, the old one stays."""

    def __init__(
        self,
        app: Any,
        make: Callable[[], Any],
        tell: Callable[[str, LbconfError | None], None],
        *,
        grace_seconds: float,
    ) -> None:
        """Take the first application.

        `make` makes the next one from the files as they are then, or raises `LbconfError`; `tell` hears how it went.
        """
        self._held = _Held(app)
        self._make = make
        self._tell = tell
        self._grace = grace_seconds
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        held = self._held
        held.running += 1
        try:
            await held.app(scope, receive, send)
        finally:
            held.running -= 1

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        started = await self._held.start()
        if started["type"] == "lifespan.startup.complete" and hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._ask_for_next)
        await send(started)
        if started["type"] == "lifespan.startup.complete":
            await receive()
            await send(await self._held.stop())

    def _ask_for_next(self) -> None:
        if terminal_is_gone():
            os.kill(os.getpid(), signal.SIGTERM)
            return
        task = asyncio.create_task(self._next())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _next(self) -> None:
        async with self._turn:
            try:
                held = _Held(await asyncio.to_thread(self._make))
                started = await held.start()
            except LbconfError as error:
                self._tell("The configuration cannot be served; the old one keeps serving.", error)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the old one goes on
                self._tell(f"Serving anew fails ({type(error).__name__}); the old configuration keeps serving.", None)
                return
            if started["type"] != "lifespan.startup.complete":
                self._tell("The configuration does not start; the old one keeps serving.", None)
                return
            old, self._held = self._held, held
            self._tell("Serving anew.", None)
            await old.end(self._grace)


def watches_terminal() -> bool:
    """Whether there is a terminal now that may go away. Called once, when serving begins."""
    global _had_terminal  # noqa: PLW0603 - signals come without anything that could hold it
    _had_terminal = _has_terminal()
    return _had_terminal


def terminal_is_gone() -> bool:
    """Whether there was a terminal and is none any more: then SIGHUP means the end, not a reload."""
    return _had_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open(TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


_had_terminal = False
