"""Passwords and their hashes."""

import platform
import subprocess
import sys

import bcrypt
import pytest

from lbconf.repository.credentials import MEMORY, hash_password, is_password_hash, password_fits


def test_a_hash_fits_its_password_alone_and_does_not_hold_it() -> None:
    stored = hash_password("secret word")
    assert stored.startswith("$argon2id$")
    assert "secret word" not in stored
    assert password_fits("secret word", stored) == (True, False)
    assert password_fits("secret words", stored) == (False, False)


def test_two_hashes_of_a_password_differ() -> None:
    assert hash_password("same") != hash_password("same")


def test_a_hash_of_loopback_fits_and_is_to_be_made_anew() -> None:
    stored = bcrypt.hashpw(b"old secret", bcrypt.gensalt(4, b"2a")).decode()
    assert is_password_hash(stored)
    assert password_fits("old secret", stored) == (True, True)
    assert password_fits("other", stored)[0] is False


@pytest.mark.parametrize("stored", [None, "", "plain", "$2a$10$short", "$argon2id$broken", "\udc80"])
def test_what_is_no_hash_fits_nothing(stored: str | None) -> None:
    assert password_fits("plain", stored)[0] is False


@pytest.mark.parametrize("plain", [None, "", 7, ["x"], {"neq": ""}])
def test_what_is_no_text_is_no_password(plain: object) -> None:
    assert password_fits(plain, hash_password("x"))[0] is False


def test_a_hash_that_would_take_minutes_is_a_password_like_others() -> None:
    assert not is_password_hash("$2a$31$" + "a" * 53)


HASH_IN_MANY_THREADS = """
import sys
from pathlib import Path
from threading import Barrier, Thread

from lbconf.repository.credentials import MEMORY, hash_password, password_fits


def resident():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


stored = hash_password("correct horse")
before = resident()
done = Barrier(13)


def log_in():
    password_fits("correct horse", stored)
    done.wait()
    done.wait()


threads = [Thread(target=log_in) for _ in range(12)]
for thread in threads:
    thread.start()
done.wait()
print(resident() - before)
done.wait()
for thread in threads:
    thread.join()
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the memory is counted, and given back, with the GNU C library"
)
def test_threads_that_hashed_keep_no_memory_of_it() -> None:
    grown = subprocess.run([sys.executable, "-c", HASH_IN_MANY_THREADS], check=True, capture_output=True, text=True)
    assert int(grown.stdout) < 2 * MEMORY
