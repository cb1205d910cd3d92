"""How a project wants to be served, beside its API: limits, headers, proxies, what is measured."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.layers.secret import Secret
from lbconf.project.middleware import helmet_headers, middleware_entries
from lbconf.project.resolved import Project
from lbconf.records import dataclass

__all__ = ["BodyLimit", "Compression", "RateLimit", "Serving", "StaticFolder", "Tls", "serving_of"]

ENCODINGS: Final = ("br", "zstd", "gzip")
NATIVE_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
HSTS: Final = "max-age=15552000; includeSubDomains"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests a client may send in a time."""

    requests: int
    seconds: float
    method: str | None = None
    """None: any."""
    path: str = "/*"
    """The whole path; `*` is any text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimit:
    """Most bytes of a body, of some routes."""

    path: str
    """A route with its placeholders, `/api/files/{id}`; `*` is any text."""
    limit: Any
    """As written: a number, or text such as `2mb`."""
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """Which answers are sent compressed."""

    encodings: tuple[str, ...] = ENCODINGS
    """Those allowed, the preferred first."""
    minimum: int = 1024
    """Bytes below which it does not pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFolder:
    """Files that are served as they are."""

    mount: str
    """Path below which they are."""
    folder: str
    """Relative to the project's root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How the server proves who it is."""

    certificate: str
    key: str | None = None
    password: str | None = None
    clients: str | None = None
    """File of authorities whose certificates clients must show."""
    ciphers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Everything of it."""

    metrics: bool = True
    metrics_token: str | None = None
    timing: bool | str = False
    """true, false, or `asked`: only for requests with the header `X-Server-Timing`."""
    slow_query: float | None = None
    """Seconds."""
    tracing: bool = False
    headers: Mapping[str, str]
    """Sent with every answer."""
    compression: Compression | None = None
    proxies: bool | int | tuple[str, ...] = False
    """Whom to believe `X-Forwarded-*`: everybody, so many hops, or these addresses and networks."""
    hosts: tuple[str, ...] = ()
    """Names that the header `Host` may have; any where there are none."""
    rates: tuple[RateLimit, ...] = ()
    bodies: tuple[BodyLimit, ...] = ()
    static: tuple[StaticFolder, ...] = ()
    tls: Tls | None = None


def serving_of(project: Project) -> Serving:
    """What the server settings and, in LoopBack layouts, the middleware say."""
    said = project.server.settings
    loopback = project.layout.is_loopback
    metrics = said.get("metrics", True)
    token = metrics.get("token") if isinstance(metrics, Mapping) else None
    slow = said.get("slowQuery")
    tls = _tls(said.get("tls"))
    proxies = said.get("trustProxy", said.get("trust proxy", False))
    return Serving(
        metrics=metrics is not False,
        metrics_token=_revealed(token),
        timing=said.get("serverTiming", False) if said.get("serverTiming") in {True, "asked"} else False,
        slow_query=slow / 1000 if isinstance(slow, int | float) and not isinstance(slow, bool) else None,
        tracing=said.get("tracing") is True,
        headers=helmet_headers(project.middleware) if loopback else _headers(said, secure=tls is not None),
        compression=_compression(project),
        proxies=tuple(map(str, proxies)) if isinstance(proxies, list | tuple) else _proxies(proxies),
        hosts=tuple(str(host).lower() for host in _list(said.get("hosts"))),
        rates=(*_rates(said.get("rateLimit")), *_middleware_rates(project)),
        bodies=tuple(_bodies(said.get("bodyLimits"))),
        static=(*_static(said.get("static")), *_middleware_static(project)),
        tls=tls,
    )


def _headers(said: Mapping[str, Any], *, secure: bool) -> dict[str, str]:
    asked = said.get("securityHeaders", True)
    if asked is False:
        return {}
    found = dict(NATIVE_HEADERS) | ({"strict-transport-security": HSTS} if secure else {})
    for name, value in asked.items() if isinstance(asked, Mapping) else ():
        if value is False or value is None:
            found.pop(str(name).lower(), None)
        else:
            found[str(name).lower()] = str(value)
    return found


def _compression(project: Project) -> Compression | None:
    said = project.server.settings.get("compression")
    listed = next((entry for entry in middleware_entries(project.middleware) if entry.name == "compression"), None)
    if listed is not None:
        threshold = listed.option("threshold")
        return Compression(encodings=("gzip",), minimum=threshold if isinstance(threshold, int) else 1024)
    if said is True:
        return Compression()
    if not isinstance(said, Mapping):
        return None
    wanted = tuple(one for one in _list(said.get("encodings")) if one in ENCODINGS)
    least = said.get("minimum")
    return Compression(encodings=wanted or ENCODINGS, minimum=least if isinstance(least, int) else 1024)


def _proxies(said: Any) -> bool | int | tuple[str, ...]:
    if isinstance(said, str):
        return tuple(part.strip() for part in said.split(",") if part.strip())
    return said if isinstance(said, bool | int) else False


def _rates(said: Any) -> Iterator[RateLimit]:
    for one in said if isinstance(said, list | tuple) else (said,):
        if isinstance(one, Mapping) and isinstance(one.get("requests"), int):
            seconds = one.get("seconds", 60)
            method, path = one.get("method"), one.get("path")
            yield RateLimit(
                requests=one["requests"],
                seconds=float(seconds) if isinstance(seconds, int | float) else 60.0,
                method=method.upper() if isinstance(method, str) and method != "*" else None,
                path=path if isinstance(path, str) and path else "/*",
            )


def _middleware_rates(project: Project) -> Iterator[RateLimit]:
    for entry in middleware_entries(project.middleware):
        if entry.name == "express-rate-limit":
            most, window = entry.option("max"), entry.option("windowMs")
            for path in entry.paths or ("/",):
                yield RateLimit(
                    requests=most if isinstance(most, int) else 5,
                    seconds=window / 1000 if isinstance(window, int | float) else 60.0,
                    path=f"{path.rstrip('/')}/*" if not path.endswith("*") else path,
                )


def _bodies(said: Any) -> Iterator[BodyLimit]:
    for one in _list(said):
        if isinstance(one, Mapping) and isinstance(one.get("path"), str) and one.get("limit") is not None:
            method = one.get("method")
            yield BodyLimit(
                path=one["path"], limit=one["limit"], method=method.upper() if isinstance(method, str) else None
            )


def _static(said: Any) -> Iterator[StaticFolder]:
    for mount, folder in said.items() if isinstance(said, Mapping) else ():
        if isinstance(folder, str):
            yield StaticFolder(mount="/" + str(mount).strip("/"), folder=folder)


def _middleware_static(project: Project) -> Iterator[StaticFolder]:
    for entry in middleware_entries(project.middleware):
        if entry.name in {"loopback#static", "serve-static", "express.static", "express#static"}:
            params = entry.params
            folder = params[0] if isinstance(params, list | tuple) and params else params
            if isinstance(folder, str):
                for mount in entry.paths or ("/",):
                    yield StaticFolder(mount="/" + mount.strip("/"), folder=folder)


def _tls(said: Any) -> Tls | None:
    if not isinstance(said, Mapping) or not isinstance(_revealed(said.get("certificate")), str):
        return None
    return Tls(
        certificate=_revealed(said["certificate"]) or "",
        key=_revealed(said.get("key")),
        password=_revealed(said.get("password")),
        clients=_revealed(said.get("clients")),
        ciphers=_revealed(said.get("ciphers")),
    )


def _revealed(value: Any) -> str | None:
    found = value.reveal() if isinstance(value, Secret) else value
    return found if isinstance(found, str) and found else None


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else () if value is None else (value,)
