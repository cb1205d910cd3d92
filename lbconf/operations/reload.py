"""Serving that follows the files: a change starts the server anew, a broken change keeps the old one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket
from typing import Any, Final

import uvicorn
from uvicorn.supervisors.basereload import BaseReload

from lbconf.diagnostics import Diagnostic
from lbconf.errors import LbconfError

__all__ = ["ConfigurationReload", "configuration_files"]

SUFFIXES: Final = frozenset({".json", ".jsonc", ".yaml", ".yml", ".js", ".env"})
SKIPPED: Final = frozenset({"node_modules", ".git", ".venv", "venv", "__pycache__", "dist", "build"})
MOST_FILES: Final = 20_000

Times = dict[Path, tuple[int, int]]


class ConfigurationReload(BaseReload):
    """Looks at the configuration files twice a second and restarts the serving process when they changed for good."""

    def __init__(
        self,
        config: uvicorn.Config,
        target: Callable[[list[socket] | None], None],
        sockets: list[socket],
        *,
        root: Path,
        check: Callable[[], Any],
        tell: Callable[[str, tuple[Diagnostic, ...]], None],
    ) -> None:
        """Take what uvicorn needs and the folder to watch.

        `check` raises `LbconfError` for a project that cannot be served; `tell` reports what happened and why.
        """
        super().__init__(config, target, sockets)
        self.reloader_name = "lbconf"
        self._root = root
        self._check = check
        self._tell = tell
        self._seen = configuration_files(root)

    def should_restart(self) -> list[Path] | None:
        """The files that changed, once the project as a whole can be served again; None otherwise."""
        self.pause()
        now = configuration_files(self._root)
        changed = sorted(path for path in self._seen.keys() | now.keys() if self._seen.get(path) != now.get(path))
        self._seen = now
        if not changed:
            return None
        try:
            self._check()
        except LbconfError as error:
            self._tell("The changed configuration cannot be served; the old one keeps serving.", error.diagnostics)
            return None
        self._tell(f"{', '.join(self._shown(path) for path in changed)} changed; serving anew.", ())
        return changed

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)


def configuration_files(root: Path) -> Times:
    """Every configuration file below a folder with its time (nanoseconds) and size (bytes)."""
    found: Times = {}
    for path in _walk(root):
        try:
            facts = path.stat()
        except OSError:
            continue
        found[path] = (facts.st_mtime_ns, facts.st_size)
        if len(found) >= MOST_FILES:
            break
    return found


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            if entry.name not in SKIPPED:
                yield from _walk(entry)
        elif entry.suffix in SUFFIXES or entry.name == ".env":
            yield entry
