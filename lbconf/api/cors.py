"""Cross-origin headers as the npm package `cors` sends them; off unless the configuration asks for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from lbconf.project.resolved import Project

__all__ = ["Cors", "cors_settings"]

EXPOSED: Final = ("X-Total-Count", "Link", "ETag")
"""Headers of answers that scripts of other origins may read, where a native project does not say which."""
METHODS: Final = "GET,HEAD,PUT,PATCH,POST,DELETE"

Header = tuple[bytes, bytes]


def cors_settings(project: Project) -> Mapping[str, Any] | None:
    """The options asked for, None where cross-origin requests get no headers.

    The first enabled entry `cors` in any phase of `middleware`, else `cors` of a native `server` file.
    """
    for phase in project.middleware.values():
        entry = phase.get("cors") if isinstance(phase, Mapping) else None
        for one in entry if isinstance(entry, list | tuple) else (entry,):
            if isinstance(one, Mapping) and one.get("enabled", True) is not False:
                params = one.get("params", {})
                return params if isinstance(params, Mapping) else {}
    said = None if project.layout.is_loopback else project.server.settings.get("cors")
    if said is True:
        return {"exposedHeaders": EXPOSED}
    return {"exposedHeaders": EXPOSED, **said} if isinstance(said, Mapping) else None


class Cors:
    """Answers preflight requests and marks the answers to all others."""

    def __init__(self, app: ASGIApp, settings: Mapping[str, Any], *, every: bool = False) -> None:
        """Wrap an application; `settings` are the package's own options.

        `every`: each OPTIONS is taken for a preflight request, as the package does.
        """
        self._app = app
        self._every = every
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(http["headers"])
        origin = headers.get(b"origin", b"")
        marks, varies = self._origin(origin)
        if http["method"] == "OPTIONS" and (self._every or b"access-control-request-method" in headers):
            marks += self._preflight(headers, varies)
            status = int(self._settings.get("optionsSuccessStatus", 204))
            await send(
                {"type": "http.response.start", "status": status, "headers": [*marks, (b"content-length", b"0")]}
            )
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        exposed = _joined(self._settings.get("exposedHeaders"))
        if exposed:
            marks.append((b"access-control-expose-headers", exposed))
        if varies:
            marks.append((b"vary", b"Origin"))

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *marks]
            await send(message)

        await self._app(scope, receive, marked)

    def _origin(self, origin: bytes) -> tuple[list[Header], bool]:
        """Headers on origin and credentials, and whether the answer depends on the origin."""
        allowed = self._settings.get("origin", "*")
        found: list[Header] = []
        varies = True
        if allowed == "*":
            found.append((b"access-control-allow-origin", b"*"))
            varies = False
        elif isinstance(allowed, str):
            found.append((b"access-control-allow-origin", allowed.encode("latin-1", "replace")))
        elif origin and _allows(allowed, origin.decode("latin-1")):
            found.append((b"access-control-allow-origin", origin))
        if self._settings.get("credentials") is True:
            found.append((b"access-control-allow-credentials", b"true"))
        return found, varies

    def _preflight(self, headers: Mapping[bytes, bytes], varies: bool) -> list[Header]:  # noqa: FBT001 - one private call
        found: list[Header] = [
            (b"access-control-allow-methods", _joined(self._settings.get("methods")) or METHODS.encode())
        ]
        vary = [b"Origin"] if varies else []
        allowed = _joined(self._settings.get("allowedHeaders") or self._settings.get("headers"))
        if not allowed:
            allowed = headers.get(b"access-control-request-headers", b"")
            vary.append(b"Access-Control-Request-Headers")
        if allowed:
            found.append((b"access-control-allow-headers", allowed))
        max_age = self._settings.get("maxAge")
        if max_age is not None:
            found.append((b"access-control-max-age", str(max_age).encode("ascii")))
        if vary:
            found.append((b"vary", b", ".join(vary)))
        return found


def _allows(allowed: Any, origin: str) -> bool:
    if isinstance(allowed, Sequence):
        return origin in allowed
    return allowed is True


def _joined(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    if isinstance(value, Sequence):
        return ",".join(str(item) for item in value).encode("latin-1", "replace")
    return b""
