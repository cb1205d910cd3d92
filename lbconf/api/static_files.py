"""Files that are served as they are, below a mount path; never one outside its folder, never a hidden one."""

import asyncio
import logging
import mimetypes
from collections.abc import Callable, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from lbconf.project.serving import StaticFolder
from lbconf.records import dataclass

__all__ = ["StaticFiles"]

CHUNK: Final = 256 * 1024
_LOG = logging.getLogger("lbconf.static")
_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    size: int
    changed: float
    """Seconds since 1970."""
    tag: bytes


class StaticFiles:
    """Answers from files where there is one, else hands on."""

    def __init__(
        self, app: ASGIApp, folders: Sequence[StaticFolder], root: Path, is_taken: Callable[[str], bool]
    ) -> None:
        """Wrap an application. `root` is the project's; `is_taken` tells paths that are the application's own."""
        self._app = app
        found = tuple((folder.mount.rstrip("/"), (root / folder.folder).resolve()) for folder in folders)
        self._folders = tuple((mount, folder) for mount, folder in found if not _holds_settings(folder, root.resolve()))
        for _, folder in found:
            if _holds_settings(folder, root.resolve()):
                _LOG.warning("files of %s are not served: the project's settings and secrets are among them", folder)
        self._is_taken = is_taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] == "http" and http["method"] in _READING and not self._is_taken(http["path"]):
            found = await asyncio.to_thread(self._find, http["path"])
            if found is not None:
                await _send(found, http, send)
                return
        await self._app(scope, receive, send)

    def _find(self, path: str) -> _File | None:
        for mount, folder in self._folders:
            if mount and path != mount and not path.startswith(f"{mount}/"):
                continue
            found = _file(folder, path[len(mount) :])
            if found is not None:
                return found
        return None


def _holds_settings(folder: Path, root: Path) -> bool:
    """Whether a folder has, or is inside of, what configures the project."""
    settings = [root, root / "environments", root / "server"]
    return any(one.is_relative_to(folder) for one in settings) or folder.is_relative_to(root / "environments")


def _file(folder: Path, path: str) -> _File | None:
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        found = folder.joinpath(*parts).resolve()
        if found.is_dir():
            found = (found / "index.html").resolve()
        if not found.is_relative_to(folder) or not found.is_file():
            return None
        facts = found.stat()
    except (OSError, ValueError):
        return None
    tag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'.encode()
    return _File(path=found, size=facts.st_size, changed=facts.st_mtime, tag=tag)


async def _send(found: _File, scope: Any, send: Send) -> None:
    asked = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    known = found.tag in {part.strip().removeprefix(b"W/") for part in asked.split(b",")}
    kind = mimetypes.guess_type(found.path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in {"application/javascript", "application/json"}:
        kind += "; charset=utf-8"
    headers = [
        (b"etag", found.tag),
        (b"last-modified", formatdate(found.changed, usegmt=True).encode()),
        (b"cache-control", b"public, max-age=0"),
        (b"content-type", kind.encode()),
    ]
    if known:
        await send({"type": "http.response.start", "status": 304, "headers": headers[:3]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    headers.append((b"content-length", str(found.size).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    left = found.size if scope["method"] == "GET" else 0
    with found.path.open("rb") as file:
        while left > 0:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, left))
            if not chunk:
                break
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    if not found.size or scope["method"] != "GET":
        await send({"type": "http.response.body", "body": b"", "more_body": False})
