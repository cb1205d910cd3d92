"""Answers to requests that may come again, in this process."""

from collections import OrderedDict
from threading import Lock
from time import time
from typing import Final

from lbconf.connectors.contract import KeptAnswer

__all__ = ["MemoryAnswers"]

MOST: Final = 10_000
"""Keys; the oldest go first."""


class MemoryAnswers:
    """A bounded table."""

    def __init__(self) -> None:
        """Be empty."""
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[KeptAnswer, float]] = OrderedDict()

    def claim(self, key: str, fingerprint: str, lease: float) -> KeptAnswer | None:
        """None: the key is the caller's for `lease` seconds; else what is known of it."""
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[1] >= time():
                return known[0]
            self._put(key, KeptAnswer(fingerprint=fingerprint, answer=None), lease)
            return None

    def keep(self, key: str, answer: str, seconds: float) -> None:
        """Keep the answer for so long."""
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._put(key, KeptAnswer(fingerprint=known[0].fingerprint, answer=answer), seconds)

    def release(self, key: str) -> None:
        """Let the key be claimed again."""
        with self._lock:
            self._kept.pop(key, None)

    def _put(self, key: str, kept: KeptAnswer, seconds: float) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (kept, time() + seconds)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
