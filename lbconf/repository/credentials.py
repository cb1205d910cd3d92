"""Passwords: hashed with argon2, verified against argon2 and against the bcrypt hashes of LoopBack databases."""

from contextlib import suppress
from functools import cache
from threading import BoundedSemaphore
from typing import Any, Final

__all__ = ["LONGEST_PASSWORD", "hash_password", "is_password_hash", "password_fits", "waste_time"]

LONGEST_PASSWORD: Final = 72
"""Bytes; bcrypt looks at no more, and LoopBack takes no more."""
AT_ONCE: Final = 2
"""Hashes that are worked out at the same time: each takes its memory and a core."""
MEMORY, ROUNDS = 19 * 1024, 3
"""Of argon2id, in KiB and passes: a pass more than OWASP asks for at least. A worker's memory stays bounded by it."""
BCRYPT: Final = ("$2a$", "$2b$", "$2y$")
BCRYPT_LENGTH: Final = 60
COSTS: Final = range(4, 15)
"""Of bcrypt hashes that are taken: a dearer one would keep a worker for seconds."""

GIVEN_BACK: Final = 4 * 1024 * 1024
"""Bytes from which on freed memory goes back to the system. Else every thread that ever hashed keeps its own."""
M_MMAP_THRESHOLD: Final = -3
"""What `mallopt` of the GNU C library calls that; saying it keeps the library from raising it by itself."""

_TURN: Final = BoundedSemaphore(AT_ONCE)


def hash_password(plain: str, cost: int | None = None) -> str:
    """The argon2 hash of a password; with a `cost` the bcrypt hash of that cost, as LoopBack reads it."""
    with _TURN:
        if cost is not None:
            import bcrypt

            salt = bcrypt.gensalt(min(max(cost, COSTS.start), COSTS.stop - 1), b"2a")
            return bcrypt.hashpw(_bytes(plain)[:LONGEST_PASSWORD], salt).decode("ascii")
        return str(_argon2().hash(_bytes(plain)))


def is_password_hash(text: str) -> bool:
    """Whether the text is a bcrypt hash as LoopBack makes them, which it stores as it comes."""
    cost = text[4:6]
    return (
        text.startswith(BCRYPT[:2])
        and len(text) == BCRYPT_LENGTH
        and cost.isascii()
        and cost.isdigit()
        and int(cost) in COSTS
    )


def password_fits(plain: Any, stored: Any) -> tuple[bool, bool]:
    """Whether a password is the one whose hash is stored, and whether that is a bcrypt hash."""
    if not isinstance(plain, str) or not isinstance(stored, str) or not plain or not stored:
        waste_time()
        return False, False
    if stored.startswith(BCRYPT):
        return _bcrypt_fits(plain, stored), True
    with _TURN:
        try:
            return bool(_argon2().verify(_bytes(plain), stored)), False
        except Exception:  # noqa: BLE001 - no hash that is known
            return False, False


def waste_time() -> None:
    """Take as long as verifying a password does, so that nobody learns which users there are."""
    with _TURN:
        _argon2().verify("", _nobodys())


def _bytes(plain: str) -> bytes:
    return plain.encode("utf-8", "surrogatepass")


def _bcrypt_fits(plain: str, stored: str) -> bool:
    import bcrypt

    with _TURN:
        try:
            return bcrypt.checkpw(_bytes(plain)[:LONGEST_PASSWORD], stored.encode("ascii"))
        except ValueError:
            return False


@cache
def _argon2() -> Any:
    from pwdlib.hashers.argon2 import Argon2Hasher

    _give_memory_back()
    return Argon2Hasher(memory_cost=MEMORY, time_cost=ROUNDS, parallelism=1)


def _give_memory_back() -> None:
    import ctypes

    with suppress(OSError, AttributeError, TypeError):  # another C library, which has no such setting
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, GIVEN_BACK)


@cache
def _nobodys() -> str:
    import secrets

    return str(_argon2().hash(secrets.token_hex()))
