"""Tokens in signed cookies, as projects of LoopBack set them. Source: cookie-parser and cookie-signature."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from lbconf.layers.secret import Secret
from lbconf.project.resolved import Project

__all__ = ["cookie_secrets", "signed_cookie"]

SIGNED: Final = "s:"
LONGEST: Final = 16 * 1024
PARSERS: Final = frozenset({"cookie-parser", "loopback#cookieParser"})


def cookie_secrets(project: Project) -> tuple[str, ...]:
    """The secrets that the middleware `cookie-parser` was told; none without it."""
    for phase in project.middleware.values():
        for name, written in phase.items() if isinstance(phase, Mapping) else ():
            if name in PARSERS:
                entries = written if isinstance(written, list | tuple) else (written,)
                found = [one.get("params") for one in entries if isinstance(one, Mapping)]
                return tuple(text for params in found for text in _texts(params))
    return ()


def signed_cookie(header: bytes, names: Sequence[str], secrets: Sequence[str]) -> str | None:
    """The value of the first of these cookies that is signed with one of the secrets; None without one."""
    if len(header) > LONGEST:
        return None
    sent: dict[str, str] = {}
    for part in header.decode("latin-1").split(";"):
        name, mark, value = part.strip().partition("=")
        if mark:
            sent.setdefault(name, unquote(value.strip('"')))
    for name in names:
        found = _unsigned(sent.get(name, ""), secrets)
        if found is not None:
            return found
    return None


def _unsigned(text: str, secrets: Sequence[str]) -> str | None:
    value, dot, signature = text.removeprefix(SIGNED).rpartition(".")
    if not text.startswith(SIGNED) or not dot:
        return None
    for secret in secrets:
        digest = hmac.digest(secret.encode(), value.encode("utf-8", "surrogatepass"), "sha256")
        made = base64.b64encode(digest).rstrip(b"=")
        if hmac.compare_digest(made, signature.encode("utf-8", "surrogatepass")):
            return value
    return None


def _texts(params: Any) -> tuple[str, ...]:
    listed = params if isinstance(params, list | tuple) else (params,)
    flat = [item for one in listed for item in (one if isinstance(one, list | tuple) else (one,))]
    plain = [item.reveal() if isinstance(item, Secret) else item for item in flat]
    return tuple(item for item in plain if isinstance(item, str) and item)
