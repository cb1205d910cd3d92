import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lbconf.layers import known_secrets, secrecy
from lbconf.layers.known_secrets import forget_secrets, without_secrets
from lbconf.layers.secrecy import is_secret_key, is_secret_variable
from lbconf.layers.secret import Secret, masked

SECRET_KEY = re.compile(secrecy._SECRET_KEY.pattern, secrecy._SECRET_KEY.flags)
SECRET_VARIABLE = re.compile(secrecy._SECRET_VARIABLE.pattern, secrecy._SECRET_VARIABLE.flags)


@given(st.from_regex(SECRET_KEY, fullmatch=True))
def test_every_secret_key_shows_a_sign_of_it(key: str) -> None:
    public = secrecy._PUBLIC_KEY.fullmatch(key) is not None
    assert is_secret_key(key) is not public
    assert is_secret_key(key.upper()) is is_secret_key(key.upper().casefold())


@given(st.from_regex(SECRET_VARIABLE))
def test_every_secret_variable_shows_a_sign_of_it(name: str) -> None:
    assert is_secret_variable(name) is (name not in {"PWD", "OLDPWD"})


@pytest.mark.parametrize("key", ["password", "dbPassword", "API_KEY", "connectionString", "Authorization", "cookie"])
def test_secret_keys(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize("key", ["connector", "host", "foreignKey", "primary_key", "strict", "keys", "passive", ""])
def test_other_keys(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    "name", ["MYPW", "DBPASS", "DB_PASSWORD", "A_SECRET", "THE_TOKEN", "APIKEY", "MASTERKEY", "dbpw", "PGPASSWORD"]
)
def test_secret_variables(name: str) -> None:
    assert is_secret_variable(name)


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("hunter22", "user hunter22@host", "user ***@host"),
        ("hunter2", "hunter21 xhunter2 x-hunter2", "hunter21 xhunter2 x-***"),
        ("hunter22", "hunter221 xhunter22", "***1 x***"),
        ("pw1", "pw1", "pw1"),
        ("postgres", "database postgres", "database postgres"),
        ("postgresql://ann:hunter22@h/d", "hunter22 ann", "*** ann"),
        ("postgresql://ann:hunter22@h/d", "postgresql://ann:hunter22@h/d", "postgresql://ann:***@h/d"),
        ("postgresql://ann:p%40ss-1@h/d", "p@ss-1 p%40ss-1", "*** ***"),
        ("postgresql://shop:shop@h/shop", "database shop", "database shop"),
        ("postgresql:ann:hunter22@h/d", "at ann:hunter22@h", "at ann:***@h"),
        ("a:b.c*", "x a:b.c*", "x ***"),
    ],
)
def test_a_known_secret_is_masked_where_another_text_repeats_it(secret: str, text: str, shown: str) -> None:
    forget_secrets()
    try:
        Secret(secret)
        assert without_secrets(text) == shown
        assert masked([{"a": text}]) == [{"a": shown}]
    finally:
        forget_secrets()
    assert without_secrets(text) == text


@given(st.text(min_size=4, max_size=20), st.text(max_size=20))
def test_no_secret_stands_alone_in_what_is_shown(secret: str, other: str) -> None:
    forget_secrets()
    try:
        Secret(secret, "***")
        assume("@" not in secret and secret not in known_secrets._WORDS and secret not in "***")
        assert secret not in without_secrets(f" {secret} ").replace("***", "")
        assert without_secrets(other) == other or secret in other
    finally:
        forget_secrets()
