import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from lbconf.api.access.signing_keys import KeysMissingError, PublishedKeys, is_safe_url, key_set
from lbconf.project.access_settings import JwtIssuer, read_access
from lbconf.project.resolved import Layout

RSA = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
EC = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
ED = json.loads(OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key()))
ALL = ("RS256", "PS256", "ES256", "EdDSA")


def issuer(**said: Any) -> JwtIssuer:
    (found,) = read_access({"access": {"jwt": {"issuer": "https://id.example", **said}}}, Layout.NATIVE).jwt
    return found


class World:
    """An issuer whose documents and clock the test holds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.keys: list[Any] = [{**RSA, "kid": "one"}]
        self.asked: list[str] = []
        self.away = False
        self.said = {"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"}

    def read(self, url: str) -> Any:
        self.asked.append(url)
        if self.away:
            raise OSError
        return self.said if url.endswith("openid-configuration") else {"keys": self.keys}

    def published(self, **said: Any) -> PublishedKeys:
        return PublishedKeys(issuer(refresh=60, **said), self.read, lambda: self.now)


def test_keys_are_good_for_the_algorithms_of_their_kind_only() -> None:
    found = key_set({"keys": [RSA, EC, ED]}, ALL)
    assert [key.algorithms for key in found] == [("RS256", "PS256"), ("ES256",), ("EdDSA",)]
    assert [key.algorithms for key in key_set({"keys": [{**RSA, "alg": "PS256"}]}, ALL)] == [("PS256",)]


@pytest.mark.parametrize(
    "key",
    [
        {**RSA, "use": "enc"},
        {**RSA, "alg": "RS512"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        "no key",
        None,
    ],
)
def test_what_is_no_key_for_signatures_is_left_out(key: Any) -> None:
    assert key_set({"keys": [key]}, ALL) == []


def test_keys_are_read_when_first_needed_and_kept() -> None:
    world = World()
    keys = world.published()
    assert world.asked == []
    for _ in range(3):
        assert len(keys.matching("one", "RS256")) == 1
    assert world.asked == ["https://id.example/.well-known/openid-configuration", "https://id.example/keys"]


def test_an_unknown_key_is_asked_for_once_an_interval() -> None:
    world = World()
    keys = world.published(jwksUrl="https://id.example/own")
    for number in range(5):
        assert keys.matching(f"unknown {number}", "RS256") == []
    assert world.asked == ["https://id.example/own"]
    world.keys.append({**RSA, "kid": "two"})
    assert keys.matching("two", "RS256") == []
    world.now = 60
    assert len(keys.matching("two", "RS256")) == 1
    assert len(world.asked) == 2


def test_keys_that_the_issuer_takes_away_end_within_the_hour() -> None:
    world = World()
    keys = world.published()
    assert keys.matching("one", "RS256")
    world.keys = [{**RSA, "kid": "two"}]
    world.now = 3599
    assert keys.matching("one", "RS256")
    world.now = 3600
    assert keys.matching("one", "RS256") == []


def test_known_keys_outlive_an_issuer_that_is_away_and_unknown_ones_wait_for_it() -> None:
    world = World()
    keys = world.published()
    world.away = True
    with pytest.raises(KeysMissingError):
        keys.matching("one", "RS256")
    world.away = False
    with pytest.raises(KeysMissingError):
        keys.matching("one", "RS256")
    world.now = 60
    assert keys.matching("one", "RS256")
    world.away, world.now = True, 7200
    assert keys.matching("one", "RS256")


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://other.example", "jwks_uri": "https://id.example/keys"},
        {"issuer": "https://id.example", "jwks_uri": "http://id.example/keys"},
        {"issuer": "https://id.example", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "https://id.example"},
        [],
    ],
)
def test_a_discovery_that_cannot_be_trusted_gives_no_keys(said: Any) -> None:
    world = World()
    world.said = said
    with pytest.raises(KeysMissingError):
        world.published().matching("one", "RS256")
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/keys", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://[::1]/keys", True),
        ("http://id.example/keys", False),
        ("http://localhost.evil.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("http://[", False),
    ],
)
def test_keys_are_read_over_tls_or_on_this_machine(url: str, safe: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_safe_url(url) is safe
