"""What the server's settings say of callers can be used, and is safe."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from lbconf.diagnostics import Code, Diagnostic, Severity, nearest
from lbconf.layers.secret import Secret
from lbconf.patterns import pattern
from lbconf.project.access_settings import SYMMETRIC, ApiKeys, JwtIssuer, moment, read_access, written_access
from lbconf.project.rules.facts import Facts

__all__ = ["access_settings_usable"]

LEAST_SECRET: Final = 32
"""Bytes. Source: RFC 7518, section 3.2."""
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DIGEST: Final = pattern(r"sha256:[0-9a-f]{64}")


def access_settings_usable(facts: Facts) -> Iterator[Diagnostic]:
    """What is wrong with `access`."""
    said = written_access(facts.server, facts.layout)
    if not said:
        return
    at = "/server/lbconf/access" if facts.layout.is_loopback else "/server/access"
    settings = read_access(facts.server, facts.layout)
    jwt = said.get("jwt")
    several = isinstance(jwt, list | tuple)
    for number, issuer in enumerate(settings.jwt):
        yield from _issuer(facts, issuer, f"{at}/jwt/{number}" if several else f"{at}/jwt")
    for number, one in enumerate(jwt if isinstance(jwt, list | tuple) else (jwt,)):
        for name in ("jwksUrl", "publicKey", "keyFile", "secret"):
            value = one.get(name) if isinstance(one, Mapping) else None
            if (value.reveal() if isinstance(value, Secret) else value) == "":
                place = f"{at}/jwt/{number}/{name}" if several else f"{at}/jwt/{name}"
                yield _wrong(facts, f"`{name}` of access.jwt is empty", place, "write the key, or leave it out")
    if settings.api_keys is not None:
        written = said.get("apiKeys")
        yield from _api_keys(facts, settings.api_keys, written if isinstance(written, Mapping) else {}, f"{at}/apiKeys")
    for number, origin in enumerate(said.get("redirects") or ()):
        parts = urlsplit(origin) if isinstance(origin, str) else None
        if parts is not None and not (parts.scheme in {"http", "https"} and parts.netloc and not parts.path.strip("/")):
            message = f"{origin} is no origin: a scheme, a host and perhaps a port"
            yield _wrong(facts, message, f"{at}/redirects/{number}", "write https://shop.example.com")


def _issuer(facts: Facts, issuer: JwtIssuer, at: str) -> Iterator[Diagnostic]:
    named = {
        "jwksUrl": issuer.jwks_url,
        "publicKey": issuer.public_key,
        "keyFile": issuer.key_file,
        "secret": issuer.secret,
    }
    keys = [name for name, value in named.items() if value is not None]
    if len(keys) > 1:
        yield _wrong(facts, f"{' and '.join(keys)} say two keys of one issuer", f"{at}/{keys[1]}", "keep one of them")
    unset = [said for name in (*named, "issuer", "audience") for said in _unset(facts, issuer, name, at)]
    yield from unset
    if issuer.discovers and issuer.issuer is None and not any(said.severity is Severity.ERROR for said in unset):
        hint = "add issuer, or one of jwksUrl, publicKey, keyFile and secret"
        yield _wrong(facts, "nothing says with which key tokens are checked", at, hint)
    for name, url in (("jwksUrl", issuer.jwks_url), ("issuer", issuer.issuer if issuer.discovers else None)):
        if url is not None and not _is_safe(url):
            message = f"keys that are read at {url} could be anybody's"
            yield _wrong(facts, message, f"{at}/{name}", "use a URL that begins with https://")
    for name in issuer.algorithms:
        if (name in SYMMETRIC) != (issuer.secret is not None):
            wanted = "a secret" if name in SYMMETRIC else "a public key"
            message = f"{name} checks tokens with {wanted}"
            yield _wrong(facts, message, f"{at}/algorithms", "name the algorithms that the issuer signs with")
    if issuer.secret is not None and len(issuer.secret.encode()) < LEAST_SECRET:
        message = f"a secret of less than {LEAST_SECRET} bytes can be guessed"
        yield _warned(facts, message, f"{at}/secret", "agree on a longer, random one")
    if not issuer.audience and f"{at}/audience" not in facts.absent:
        message = "tokens that the issuer made for others are taken as well"
        yield _warned(facts, message, at, "add audience: the name that the issuer knows this API by")
    yield from _user(facts, issuer, f"{at}/user")


def _unset(facts: Facts, issuer: JwtIssuer, name: str, at: str) -> Iterator[Diagnostic]:
    """What an unset variable takes away: the key that tokens are checked with, or a check of who made them for whom."""
    origins = facts.absent.get(f"{at}/{name}")
    if not origins:
        return
    hopeless = name != "audience" and issuer.discovers and issuer.issuer is None
    if hopeless:
        without = "nothing says with which key tokens are checked"
    elif name == "issuer":
        without = "tokens of any issuer are taken"
    elif name == "audience":
        without = "tokens for others are taken as well"
    elif issuer.discovers:
        without = f"tokens are checked with keys that {issuer.issuer} would publish"
    else:
        return  # another key is there
    yield facts.found(
        Code.VARIABLE_UNSET,
        f"{origins[-1].variable} is not set, so `{name}` of access.jwt is left out: {without}",
        origins[-1].location or facts.places.value(at),
        f"set {origins[-1].variable}",
        severity=Severity.ERROR if hopeless or facts.environment == "production" else Severity.WARNING,
    )


def _user(facts: Facts, issuer: JwtIssuer, at: str) -> Iterator[Diagnostic]:
    if issuer.user_model is None:
        return
    model = facts.models.get(issuer.user_model)
    if model is None:
        yield _unknown(facts, issuer.user_model, f"{at}/model")
    elif issuer.user_property is not None and issuer.user_property not in model.properties:
        near = nearest(issuer.user_property, model.properties)
        message = f"model {model.name} has no property {issuer.user_property}"
        yield _wrong(facts, message, f"{at}/property", f"did you mean {near}?" if near else None)


def _api_keys(facts: Facts, keys: ApiKeys, said: Mapping[str, Any], at: str) -> Iterator[Diagnostic]:
    clients = said.get("clients")
    for number, client in enumerate(keys.clients):
        if not _DIGEST.fullmatch(client.digest.lower()):
            message = f"the digest of {client.name} is none that a key could have"
            yield _wrong(facts, message, f"{at}/clients/{number}/digest", "take the one that lbconf key prints")
        if client.user_model is not None and client.user_model not in facts.models:
            yield _unknown(facts, client.user_model, f"{at}/clients/{number}/userModel")
        written = clients[number].get("expires") if isinstance(clients, list | tuple) else None
        if written is not None and moment(written) is None:
            message = f"{written} is no point in time"
            yield _wrong(facts, message, f"{at}/clients/{number}/expires", "write 2030-12-31, or 2030-12-31T12:00:00Z")
    if keys.model is None:
        return
    model = facts.models.get(keys.model)
    if model is None:
        yield _unknown(facts, keys.model, f"{at}/model")
    elif "digest" not in model.properties:
        message = f"model {model.name} has no property digest, by which keys are found"
        yield _wrong(facts, message, f"{at}/model", "add digest: {type: string, required: true} and hide it")


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL))


def _unknown(facts: Facts, name: str, at: str) -> Diagnostic:
    near = nearest(name, facts.models)
    return _wrong(facts, f"there is no model {name}", at, f"did you mean {near}?" if near else None)


def _wrong(facts: Facts, message: str, at: str, hint: str | None) -> Diagnostic:
    return facts.found(Code.SETTING_INVALID, message, facts.places.value(at), hint)


def _warned(facts: Facts, message: str, at: str, hint: str) -> Diagnostic:
    return facts.found(Code.SETTING_INVALID, message, facts.places.value(at), hint, severity=Severity.WARNING)
