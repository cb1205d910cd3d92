"""What the `server` document (LoopBack: config.json) says about serving."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.project.resolved import EMPTY, ServerSettings

__all__ = ["read_server", "shared_methods"]

_EXPLORER: Final = "loopback-component-explorer"


def read_server(settings: Any, components: Mapping[str, Any], *, loopback: bool) -> ServerSettings:
    """The server's settings, with defaults where nothing usable is said."""
    said: Mapping[str, Any] = settings if isinstance(settings, Mapping) else EMPTY
    root = said.get("restApiRoot")
    host = said.get("host")
    return ServerSettings(
        host=host if isinstance(host, str) and host else "127.0.0.1",
        port=_port(said.get("port")),
        rest_api_root=_path(root if isinstance(root, str) else "/api"),
        explorer=_loopback_explorer(components) if loopback else _native_explorer(said),
        page_size=_rows(said.get("pageSize"), 1000),
        max_page_size=_rows(said.get("maxPageSize"), 10_000),
        settings=said,
    )


def shared_methods(*remoting: Any) -> Mapping[str, bool]:
    """Which remote methods are on or off, by the `sharedMethods` of several `remoting` settings; the last wins."""
    found: dict[str, bool] = {}
    for said in remoting:
        methods = said.get("sharedMethods") if isinstance(said, Mapping) else None
        if isinstance(methods, Mapping):
            found.update((name, on) for name, on in methods.items() if isinstance(on, bool))
    return found


def _port(written: Any) -> int:
    if isinstance(written, str) and written.strip().isdecimal():
        written = int(written)
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written < 65536:  # noqa: PLR2004 - ports end there
        return written
    return 3000


def _rows(written: Any, default: int) -> int:
    if isinstance(written, str) and written.strip().isdecimal():
        written = int(written)
    return written if isinstance(written, int) and not isinstance(written, bool) and written > 0 else default


def _path(path: str) -> str:
    return "/" + path.strip("/") if path.strip("/") else ""


def _loopback_explorer(components: Mapping[str, Any]) -> str | None:
    said = components.get(_EXPLORER)
    if not said:
        return None
    mount = said.get("mountPath") if isinstance(said, Mapping) else None
    return _path(mount) if isinstance(mount, str) and mount.strip("/") else "/explorer"


def _native_explorer(settings: Mapping[str, Any]) -> str | None:
    said = settings.get("explorer", True)
    if isinstance(said, Mapping):
        said = said.get("path", True) if said.get("enabled", True) is not False else False
    if isinstance(said, str) and said.strip("/"):
        return _path(said)
    return "/explorer" if said is True else None
