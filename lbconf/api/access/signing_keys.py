"""The keys that JSON Web Tokens are checked with: one at hand, or those that an issuer publishes and changes.

Source: RFC 7517 (JSON Web Key sets), OpenID Connect Discovery 1.0.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any, Final, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit

from lbconf.cooperation import apart
from lbconf.project.access_settings import SYMMETRIC, JwtIssuer
from lbconf.records import dataclass

__all__ = ["Keys", "KeysMissingError", "SigningKey", "is_safe_url", "key_set", "keys_of"]

_LOG = logging.getLogger("lbconf.access")

SECONDS: Final = 5.0
LARGEST: Final = 1024 * 1024
"""Bytes of a document of keys."""
STALE_SECONDS: Final = 3600.0
"""After how long published keys are read anew though all that are asked for are known."""
WAITING: Final = 8
"""Calls that wait while keys are read; further ones are told to come again."""
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA",)}
"""Kinds of published keys, and how the names of the algorithms begin that each is good for."""


class KeysMissingError(Exception):
    """An issuer's keys cannot be had at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key and what it is good for."""

    key: Any
    """As PyJWT takes it."""
    id: str | None = None
    algorithms: tuple[str, ...]


class Keys(Protocol):
    """Finds keys."""

    def matching(self, key_id: str | None, algorithm: str) -> Sequence[SigningKey]:
        """The keys that may have signed a token. Raises `KeysMissingError`."""
        ...


class FixedKeys:
    """Keys that do not change while the server runs."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Take them."""
        self._keys = tuple(keys)

    def matching(self, key_id: str | None, algorithm: str) -> Sequence[SigningKey]:
        """Those of this id, or without one, that are good for the algorithm."""
        return _matching(self._keys, key_id, algorithm)


class PublishedKeys:
    """Keys that an issuer publishes, read when they are first needed and when a token names one that is not known.

    However many tokens name unknown keys, they are read no more often than every `refresh` seconds.
    """

    def __init__(
        self, issuer: JwtIssuer, read: Callable[[str], Any] | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        """Take the issuer, what reads the JSON at a URL, and what tells the time in seconds."""
        self._issuer = issuer
        self._read = read or read_json
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._begun: float | None = None
        """When they were last begun to be read."""
        self._good: float | None = None
        """When they were last read well."""
        self._lock = Lock()
        self._turn = BoundedSemaphore(WAITING)

    def matching(self, key_id: str | None, algorithm: str) -> Sequence[SigningKey]:
        """Those of this id that are good for the algorithm; without an id all that are good for it."""
        found = _matching(self._keys, key_id, algorithm)
        if (not found or self._stale()) and self._due():
            if not self._turn.acquire(blocking=False):
                raise KeysMissingError
            try:
                apart(self._refresh, self._begun)
            finally:
                self._turn.release()
            found = _matching(self._keys, key_id, algorithm)
        if self._good is None:
            raise KeysMissingError
        return found

    def _stale(self) -> bool:
        return self._good is None or self._clock() - self._good >= STALE_SECONDS

    def _due(self) -> bool:
        return self._begun is None or self._lock.locked() or self._clock() - self._begun >= self._issuer.refresh

    def _refresh(self, seen: float | None) -> None:
        from http.client import HTTPException

        with self._lock:
            if self._begun != seen:
                return  # another call has just read them
            self._begun = self._clock()
            try:
                self._keys = tuple(key_set(self._read(self._place()), self._issuer.algorithms))
            except (OSError, ValueError, TypeError, AttributeError, RecursionError, HTTPException) as problem:
                _LOG.warning("the keys of %s cannot be read: %s", self._issuer.issuer, type(problem).__name__)
            else:
                self._good = self._clock()

    def _place(self) -> str:
        if self._issuer.jwks_url is not None:
            return self._issuer.jwks_url
        issuer = self._issuer.issuer or ""
        found = self._read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ValueError("the discovered issuer is another")
        place = found.get("jwks_uri")
        if not isinstance(place, str) or not is_safe_url(place):
            raise ValueError("the place of the keys cannot be trusted")
        return place


def keys_of(issuer: JwtIssuer, root: Path) -> Keys:
    """What finds the keys of an issuer. Raises `ValueError` or `OSError` for a key that cannot be read."""
    if issuer.secret is not None:
        algorithms = tuple(name for name in issuer.algorithms if name in SYMMETRIC)
        return FixedKeys([SigningKey(key=issuer.secret, algorithms=algorithms)])
    text = issuer.public_key
    if issuer.key_file is not None:
        text = (root / issuer.key_file).read_text("utf-8")
    if text is None:
        return PublishedKeys(issuer)
    if text.lstrip().startswith("{"):
        return FixedKeys(list(key_set(json.loads(text), issuer.algorithms)))
    return FixedKeys([_from_pem(text, issuer.algorithms)])


def key_set(document: Any, algorithms: Sequence[str]) -> list[SigningKey]:
    """The keys of a JWKS that are good for one of the algorithms; those that cannot be read are left out."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    written = document.get("keys", [document])
    found: list[SigningKey] = []
    for one in written if isinstance(written, list) else ():
        if not isinstance(one, Mapping) or one.get("use", "sig") != "sig":
            continue
        starts = FAMILIES.get(str(one.get("kty")), ())
        own = one.get("alg")
        fitting = (
            tuple(name for name in algorithms if name.startswith(starts) and own in {None, name}) if starts else ()
        )
        if not fitting:
            continue
        try:
            key = PyJWK(dict(one), fitting[0]).key
        except (PyJWTError, ValueError, TypeError):
            continue
        name = one.get("kid")
        found.append(SigningKey(key=key, id=name if isinstance(name, str) else None, algorithms=fitting))
    return found


def is_safe_url(url: str) -> bool:
    """Whether what is read there can be trusted: over TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
        )
    except ValueError:
        return False


def read_json(url: str) -> Any:
    """The JSON at a URL; redirections are not followed. Raises `OSError` or `ValueError`."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Staying(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    if not is_safe_url(url):
        raise URLError("not over TLS")
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - the scheme was looked at
    with build_opener(Staying).open(request, timeout=SECONDS) as answer:
        raw = answer.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError("too large")
    return json.loads(raw)


def _matching(keys: Sequence[SigningKey], key_id: str | None, algorithm: str) -> list[SigningKey]:
    return [
        key for key in keys if algorithm in key.algorithms and (key_id is None or key.id is None or key.id == key_id)
    ]


def _from_pem(text: str, algorithms: Sequence[str]) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    raw = text.strip().encode("utf-8")
    certificate = b"BEGIN CERTIFICATE" in raw
    key: Any = load_pem_x509_certificate(raw).public_key() if certificate else load_pem_public_key(raw)
    kind = "RSA" if isinstance(key, RSAPublicKey) else "EC" if isinstance(key, EllipticCurvePublicKey) else "OKP"
    return SigningKey(key=key, algorithms=tuple(name for name in algorithms if name.startswith(FAMILIES[kind])))
