import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.layers import secrecy
from lbconf.layers.secrecy import is_secret_key, is_secret_variable

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
