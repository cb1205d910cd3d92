"""Several worker processes on one socket, replaced one by one without losing a request.

The parent process never waits for one worker alone: it looks at them twice a second, and at once when a signal
comes or a worker ends.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from socket import socket, socketpair
from time import monotonic
from types import FrameType
from typing import Final

import uvicorn

from lbconf.errors import LbconfError
from lbconf.operations.switching import terminal_is_gone
from lbconf.operations.worker import ENDING_SECONDS, LOOK_SECONDS, RETIREMENT_SECONDS, Worker

__all__ = ["Workers"]

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Between tries to start a worker in the place of one that did not start: the first, doubled each time up to this."""

HEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU)
UNHEEDED: Final = (signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
ENDS: Final = frozenset({signal.SIGINT, signal.SIGTERM})


class Workers:
    """The parent process. SIGHUP replaces every worker by one that reads the files anew.

    SIGTTIN asks for one worker more, SIGTTOU for one less; SIGINT and SIGTERM end all.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        *,
        check: Callable[[], object],
        tell: Callable[[str, LbconfError | None], None],
        write_log: Callable[[bytes], object],
    ) -> None:
        """Take what uvicorn needs.

        `check` raises `LbconfError` for files that cannot be served; `tell` hears of it; `write_log` takes lines of
        the log inside of a worker, and can be pickled.
        """
        self._config = config
        self._sockets = sockets
        self._check = check
        self._tell = tell
        self._write_log = write_log
        self._patience = float(config.timeout_worker_healthcheck)
        self._grace = float(config.timeout_graceful_shutdown or 0)
        self._workers: list[Worker] = []
        self._retired: list[Worker] = []
        self._signals: list[signal.Signals] = []
        self._over = False
        self.failed = False
        """Whether all ended because no worker starts."""

    def run(self) -> None:
        """Start the workers, look after them, and end them all at the end, whatever it is that ends this process."""
        heard, woken = socketpair()
        with heard, woken:
            heard.settimeout(0)
            woken.settimeout(0)
            for number in (*HEARD, *UNHEEDED):
                signal.signal(number, self._hear)
            before = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
            try:
                self._workers.extend(self._started() for _ in range(self._config.workers))
                while not self._over:
                    self._pause(heard)
                    self._heed()
                    if not self._over:
                        self._look_after()
            finally:
                signal.set_wakeup_fd(before)
                self._end()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number in HEARD:
            self._signals.append(signal.Signals(number))

    def _pause(self, heard: socket) -> None:
        """Until a signal comes, a worker ends, or it is time to look."""
        wait([heard, *(worker.sentinel for worker in self._workers if worker.again_at is None)], LOOK_SECONDS)
        with suppress(BlockingIOError):
            heard.recv(1024)

    def _heed(self) -> None:
        """Do what signals ask for, in their order."""
        while self._signals and not self._over:
            match self._signals.pop(0):
                case signal.SIGHUP:
                    self._renew()
                case signal.SIGTTIN:
                    self._workers.append(self._started())
                case signal.SIGTTOU:
                    if len(self._workers) > 1:
                        self._retire(self._workers.pop())
                case _:
                    self._over = True

    def _is_to_end(self) -> bool:
        return not ENDS.isdisjoint(self._signals)

    def _look_after(self) -> None:
        """Replace what died or hangs. A worker that does not start is tried again while another one lives."""
        for worker in tuple(self._retired):
            if not worker.is_alive() or monotonic() > (worker.ends_by or 0):
                worker.join(0)
                self._retired.remove(worker)
        for place, worker in enumerate(self._workers):
            if worker.again_at is None:
                if worker.is_well(self._patience):
                    continue
                self._note_end(worker)
                if self._over:
                    return
            if worker.again_at is not None and worker.again_at <= monotonic():
                try:
                    self._workers[place] = self._started(worker.failures)
                except OSError as error:
                    self._put_off(worker, f"No worker process can be started ({type(error).__name__})")

    def _note_end(self, worker: Worker) -> None:
        """Say when the next one starts in its place, or that all is over."""
        worker.join(0)
        worker.again_at = monotonic()
        if worker.serves or (worker.exitcode or 0) < 0:
            worker.failures = 0
            return
        if not any(other.is_alive() for other in self._workers):
            self.failed = self._over = True
            return
        self._put_off(worker, "A worker does not start")

    def _put_off(self, worker: Worker, why: str) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2**worker.failures, LONGEST_PAUSE_SECONDS)
        worker.again_at = monotonic() + pause
        worker.failures += 1
        self._tell(f"{why}; the others serve, it is tried again in {pause:.0f} s.", None)

    def _renew(self) -> None:
        """Serve the files as they are now, or go on as before."""
        if terminal_is_gone():
            self._over = True
            return
        try:
            self._check()
        except LbconfError as error:
            self._tell("The configuration cannot be served; the old one keeps serving.", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who serve go on
            self._tell(f"Serving anew fails ({type(error).__name__}); the old configuration keeps serving.", None)
        else:
            self._replace_all()

    def _replace_all(self) -> None:
        """Replace the workers one by one; the new one serves before the old one retires."""
        for place, old in enumerate(self._workers):
            new = self._started()
            if not new.wait_to_serve(self._patience, until=self._is_to_end):
                new.join(0)
                if not self._is_to_end():
                    self._tell("A new worker does not start; the others keep serving.", None)
                return
            self._workers[place] = new
            self._retire(old)
        self._tell(f"Serving anew, {len(self._workers)} workers.", None)

    def _retire(self, worker: Worker) -> None:
        """Let it end gently."""
        worker.tell(signal.SIGUSR1)
        worker.ends_by = monotonic() + RETIREMENT_SECONDS + self._grace + ENDING_SECONDS
        self._retired.append(worker)

    def _end(self) -> None:
        """End all; who does not end when requests in flight had their time is killed."""
        everyone = (*self._workers, *self._retired)
        for worker in everyone:
            worker.tell(signal.SIGTERM)
        deadline = monotonic() + self._grace + ENDING_SECONDS
        for worker in everyone:
            worker.join(deadline)

    def _started(self, failures: int = 0) -> Worker:
        return Worker(self._config, self._sockets, self._write_log, failures)
