"""What is done when the process is asked to end."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys
from lbconf.api.ending import before_ending
{before}
before_ending(lambda: print("done first", flush=True))
signal.raise_signal(signal.{name})
print("went on", flush=True)
"""


@pytest.mark.parametrize(
    ("name", "before", "code", "said"),
    [
        ("SIGTERM", "", -signal.SIGTERM, ["done first"]),
        ("SIGINT", "signal.signal(signal.SIGINT, signal.SIG_DFL)", -signal.SIGINT, ["done first"]),
        ("SIGTERM", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", 0, ["done first", "went on"]),
        ("SIGTERM", "signal.signal(signal.SIGTERM, lambda *_: print('then'))", 0, ["done first", "then", "went on"]),
    ],
)
def test_what_was_there_for_a_signal_happens_afterwards(name: str, before: str, code: int, said: list[str]) -> None:
    program = PROGRAM.format(before=before, name=name)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout.split("\n")[:-1]) == (code, said)
