"""One worker process: what runs inside of it, and what the parent process knows of it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pickle import UnpicklingError
from socket import socket
from threading import Thread
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn._subprocess import get_subprocess
from uvicorn.config import STARTUP_FAILURE

from lbconf.errors import LbconfError

__all__ = ["ENDING_SECONDS", "LOOK_SECONDS", "RETIREMENT_SECONDS", "Worker"]

LOOK_SECONDS: Final = 0.5
"""Between two looks of the parent at its workers."""
RETIREMENT_SECONDS: Final = 5.0
"""How long a worker that was replaced answers on the connections it has; each answer tells the client to leave."""
ENDING_SECONDS: Final = 10.0
"""How long a worker may take to put away what it used, after the requests in flight had their time."""
PAUSE_SECONDS: Final = 0.05


class GentleServer(uvicorn.Server):
    """A server that, once replaced, lets its clients leave after an answer instead of closing on them."""

    retiring = False

    def retire(self, number: int, frame: FrameType | None) -> None:
        """Take no more connections, and end when those that are open were used once more or are idle for long."""
        del number, frame
        self.retiring = True
        self.should_exit = True

    def run(self, sockets: list[socket] | None = None) -> None:
        """Serve until told to end."""
        signal.signal(signal.SIGUSR1, self.retire)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # for the parent process; a terminal tells it to all
        super().run(sockets)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End; gently where another worker has taken the place."""
        if self.retiring:
            for server in self.servers:
                server.close()
            app: Any = self.config.loaded_app
            app.closing = True
            loop = asyncio.get_running_loop()
            deadline = loop.time() + RETIREMENT_SECONDS
            while self.server_state.connections and loop.time() < deadline:  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(PAUSE_SECONDS)
        await super().shutdown(sockets)


class _Inside:
    """What the process runs."""

    def __init__(self, config: uvicorn.Config, pipe: Connection, write: Callable[[bytes], object]) -> None:
        self._config = config
        self._pipe = pipe
        self._write = write

    def __call__(self, sockets: list[socket] | None = None) -> None:
        server = GentleServer(self._config)
        Thread(target=self._answer, args=(server,), daemon=True).start()
        try:
            server.run(sockets)
        except LbconfError as error:
            from lbconf.api.log import JsonLog

            log = JsonLog(self._write)
            for found in error.diagnostics:
                place = {} if found.location is None else {"at": str(found.location)}
                hint = {"hint": found.hint} if found.hint else {}
                log.event("error", "worker-does-not-start", code=found.code, message=found.message, **place, **hint)
            sys.exit(STARTUP_FAILURE)

    def _answer(self, server: GentleServer) -> None:
        """Tell the parent process at each of its questions whether this one serves; end soon where it is gone."""
        try:
            while True:
                self._pipe.recv()
                self._pipe.send(server.started)
        except (OSError, EOFError, UnpicklingError):
            server.should_exit = True
        sleep((self._config.timeout_graceful_shutdown or 0) + RETIREMENT_SECONDS + ENDING_SECONDS)
        os._exit(1)


class Worker:
    """One worker process, as the parent process sees it. No method waits but `join`."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket], write: Callable[[bytes], object], failures: int = 0
    ) -> None:
        """Start it. `write` takes lines of its log; `failures` is how often one did not start in this place."""
        self.serves = False
        """Whether it has ever said that it serves."""
        self.failures = failures
        self.again_at: float | None = None
        """When the next one starts in its place, as `monotonic` tells time; None while this one is thought to live."""
        self.ends_by: float | None = None
        """When it is killed, unless it ended before; None while it shall go on."""
        self._asked = False
        self._unanswered = 0
        self._pipe, inner = Pipe()
        self._process = get_subprocess(config, _Inside(config, inner, write), sockets)
        self._process.start()
        inner.close()

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        """What it ended with, negative where a signal ended it; None while it lives."""
        return self._process.exitcode

    @property
    def sentinel(self) -> int:
        """What becomes ready when it ends."""
        return self._process.sentinel

    def is_alive(self) -> bool:
        """Whether there is such a process."""
        return self._process.is_alive()

    def is_well(self, patience: float) -> bool:
        """Whether it lives, and has answered a question asked at one of the looks of the last seconds.

        Looks are counted, not time: a machine that slept finds its workers well.
        """
        if not self._ask():
            return self.is_alive()  # about to end by itself
        self._unanswered += 1
        return self.is_alive() and self._unanswered * LOOK_SECONDS <= patience

    def _ask(self) -> bool:
        """Take what it answered and ask again. False where it hears nothing any more."""
        try:
            while self._pipe.poll():
                self.serves = bool(self._pipe.recv()) or self.serves
                self._asked = False
                self._unanswered = 0
            if not self._asked:
                self._pipe.send(b"?")
                self._asked = True
        except (OSError, EOFError, UnpicklingError):
            return False
        return True

    def wait_to_serve(self, patience: float, *, until: Callable[[], bool]) -> bool:
        """Wait until it serves. False once it is dead, has had its time, or `until` says that nobody waits."""
        deadline = monotonic() + patience
        while monotonic() < deadline and not until():
            self._ask()
            if self.serves:
                return True
            if not self.is_alive():
                return False
            sleep(PAUSE_SECONDS)
        return False

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, where it lives."""
        if self.pid is not None and self.is_alive():
            os.kill(self.pid, number)

    def join(self, deadline: float) -> None:
        """Wait for its end until a moment, as `monotonic` tells time, then kill it."""
        self._process.join(max(0.0, deadline - monotonic()))
        if self.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()
