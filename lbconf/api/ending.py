"""What has to be done as soon as the server is asked to end, before requests in flight are waited for."""

import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

__all__ = ["before_ending"]


def before_ending(act: Callable[[], object]) -> None:
    """Call `act` when SIGTERM or SIGINT comes, then what was there for the signal before.

    The ASGI server tells the application of its end only after the last
    request, which an endless one never lets come. For the thread of the event
    loop; elsewhere, as inside a test's own server, nothing is done.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(ValueError):  # not the main thread
            before = signal.getsignal(number)
            signal.signal(number, _chained(act, before))


def _chained(act: Callable[[], object], before: Any) -> Callable[[int, FrameType | None], None]:
    def ended(number: int, frame: FrameType | None) -> None:
        act()
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    return ended
