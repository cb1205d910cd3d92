"""The layers around the application: what every request passes first, where the project asks for it."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Any

from litestar.types import ASGIApp, Send

from lbconf.api.bodies import Limits, size_in_bytes
from lbconf.api.compression import Compressed
from lbconf.api.cors import Cors, cors_settings
from lbconf.api.endpoints import Endpoint
from lbconf.api.model_api import send_fault
from lbconf.api.problem import Fault
from lbconf.api.proxies import ForwardedRequests, NamedHosts
from lbconf.api.rate_limits import RateLimits
from lbconf.api.static_files import StaticFiles
from lbconf.project.resolved import Project
from lbconf.project.serving import Serving

__all__ = ["layered", "limit_routes", "security_headers"]


def layered(app: ASGIApp, project: Project, serving: Serving, own_paths: Collection[str]) -> ASGIApp:
    """The application inside the layers that are asked for, and nothing else.

    Args:
        app: The application.
        project: The project.
        serving: How it wants to be served.
        own_paths: Paths of the application beside the REST root, which no file takes the place of.
    """
    found = app
    if serving.static:
        found = StaticFiles(found, serving.static, project.root, _taken(project, own_paths))
    if serving.compression is not None:
        found = Compressed(found, serving.compression)
    if serving.rates:
        found = RateLimits(found, serving.rates, _refuse_often)
    cors = cors_settings(project)
    if cors is not None:
        found = Cors(found, cors, every=project.layout.is_loopback)
    if serving.hosts:
        found = NamedHosts(found, serving.hosts, _refuse_host)
    if serving.proxies:
        found = ForwardedRequests(found, serving.proxies)
    return found


def security_headers(serving: Serving) -> tuple[tuple[bytes, bytes], ...]:
    """What every answer has that does not have it already."""
    return tuple(
        (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in serving.headers.items()
    )


def limit_routes(limits: Limits, serving: Serving, root: str, endpoints: Iterable[Endpoint]) -> None:
    """Note the endpoints whose bodies may be larger, or must be smaller, than others."""
    for endpoint in endpoints if serving.bodies else ():
        route = f"{root}{endpoint.model.path}{endpoint.path}".rstrip("/")
        for one in serving.bodies:
            if one.method in {None, endpoint.verb} and fnmatchcase(route.lower(), one.path.rstrip("/").lower()):
                size = size_in_bytes(one.limit)
                if size is not None:
                    limits.routes[id(endpoint)] = size


def _taken(project: Project, own_paths: Collection[str]) -> Any:
    root = project.server.rest_api_root.rstrip("/")
    explorer = project.server.explorer
    mounts = tuple(path.rstrip("/") for path in (root, explorer) if path)

    def taken(path: str) -> bool:
        return path in own_paths or any(path == mount or path.startswith(f"{mount}/") for mount in mounts)

    return taken


async def _refuse_often(scope: Any, send: Send, seconds: int) -> None:
    headers = ((b"retry-after", str(seconds).encode("ascii")),)
    fault = Fault(status=429, name="TooManyRequestsError", message="Too many requests", headers=headers)
    await send_fault(fault, scope, send)


async def _refuse_host(scope: Any, send: Send) -> None:
    await send_fault(Fault(status=421, name="MisdirectedRequestError", message="Unknown host"), scope, send)
