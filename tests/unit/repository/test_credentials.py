"""Passwords and their hashes."""

import bcrypt
import pytest

from lbconf.repository.credentials import hash_password, is_password_hash, password_fits


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
