"""Several worker processes on one socket, replaced one by one without losing a request."""

import asyncio
import os
import signal
from collections.abc import Callable
from socket import socket
from threading import Thread
from time import sleep
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from lbconf.errors import LbconfError
from lbconf.operations.switching import terminal_is_gone

__all__ = ["Workers"]

RETIREMENT_SECONDS: Final = 5.0
"""How long a worker that was replaced answers on the connections it has; each answer tells the client to leave."""
LOOKS_SECONDS: Final = 0.05
PARENT_SECONDS: Final = 1.0
"""Between looks at whether the parent process is there."""


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
        Thread(target=self._outlive_nobody, args=(os.getppid(),), daemon=True).start()
        super().run(sockets)

    def _outlive_nobody(self, parent: int) -> None:
        """End where the parent process is gone, killed: nobody would look after this one any more."""
        while os.getppid() == parent:
            sleep(PARENT_SECONDS)
        self.should_exit = True

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
                await asyncio.sleep(LOOKS_SECONDS)
        await super().shutdown(sockets)


class Worker(Process):
    """One worker process."""

    @property
    def server(self) -> uvicorn.Server:
        """The server inside the process."""
        if self._server is None:
            self._server = GentleServer(config=self.config)
        return self._server

    def retire(self) -> None:
        """Let it end gently."""
        if self.process.exitcode is None and self.process.pid is not None:
            os.kill(self.process.pid, signal.SIGUSR1)
            self.parent_conn.close()
            self.child_conn.close()


class Workers(Multiprocess):
    """The parent process. SIGHUP replaces every worker by one that reads the files anew."""

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        *,
        check: Callable[[], object],
        tell: Callable[[str, LbconfError | None], None],
    ) -> None:
        """Take what uvicorn needs. `check` raises `LbconfError` for files that cannot be served; `tell` hears of it."""
        super().__init__(config, sockets)
        self._check = check
        self._tell = tell
        self._retired: list[Process] = []

    def run(self) -> None:
        """Start the workers, look after them, and end them all at the end, whatever it is that ends this process."""
        try:
            super().run()
        finally:
            for process in (*self.processes, *self._retired):
                if process.process.is_alive():
                    process.process.terminate()

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes.extend(self._started() for _ in range(self.processes_num))

    def keep_subprocess_alive(self) -> None:
        """Replace what died or hangs; where a worker cannot even start, end everything."""
        self._retired = [process for process in self._retired if process.process.is_alive()]
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set() or process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            process.kill()
            process.join()
            if process.exitcode == STARTUP_FAILURE:
                self.should_exit.set()
                return
            self.processes[place] = self._started()

    def terminate_all(self) -> None:
        """End the workers, and those that retire."""
        super().terminate_all()
        for process in self._retired:
            if process.process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGTERM)

    def handle_hup(self) -> None:
        """Serve the files as they are now, or go on as before."""
        if terminal_is_gone():
            self.should_exit.set()
            return
        try:
            self._check()
        except LbconfError as error:
            self._tell("The configuration cannot be served; the old one keeps serving.", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who serve go on
            self._tell(f"Serving anew fails ({type(error).__name__}); the old configuration keeps serving.", None)
        else:
            self.restart_all()

    def handle_ttin(self) -> None:
        """One worker more."""
        self.processes_num += 1
        self.processes.append(self._started())

    def restart_all(self) -> None:
        """Replace the workers one by one; the new one serves before the old one retires."""
        for place, old in enumerate(self.processes):
            new = self._started()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                new.kill()
                new.join()
                if not self.should_exit.is_set():
                    self._tell("A new worker does not start; the others keep serving.", None)
                return
            self.processes[place] = new
            if isinstance(old, Worker):
                old.retire()
                self._retired.append(old)
        self._tell(f"Serving anew, {len(self.processes)} workers.", None)

    def _started(self) -> Worker:
        process = Worker(self.config, self.sockets)
        process.start()
        return process
