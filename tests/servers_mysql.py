"""A real MariaDB (or any MySQL) for the tests: found, started, stopped. Started as `servers.py` does it.

Looked for in this order: the URL in LBCONF_TEST_MYSQL_URL (a user that may create databases); installed binaries
(`mariadbd` with `mariadb-install-db`). LBCONF_REQUIRE_SERVERS knows it as `mysql`.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import pymysql

from tests.servers import ServerMissingError, free_port

__all__ = ["MYSQL_URL_VARIABLE", "MysqlServer", "mysql", "mysql_origin"]

MYSQL_URL_VARIABLE = "LBCONF_TEST_MYSQL_URL"
START_SECONDS = 60.0
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/libexec")

GUARD = """
if read -r _; then exit 0; fi
kill -TERM "$1" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.5; done
kill -KILL "$1" 2>/dev/null
rm -rf "$2"
"""
"""Waits for a line: with one, all is well; at the end of the input without one, whoever started the server is dead."""

OPTIONS = (
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--max-connections=200",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--loose-innodb-log-file-size=32M",
    "--performance-schema=OFF",
    "--max-allowed-packet=64M",
)
"""Nothing has to outlive the test run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlServer:
    """A running server."""

    url: str
    """Of a user that may create databases."""
    origin: str
    """Where it came from, for the report."""
    socket: Path | None = None
    """Its UNIX socket, where it was started here."""

    def connect(self, url: str | None = None, **changes: Any) -> "pymysql.Connection[Any]":
        """A plain connection of the driver, for what a test does behind lbconf's back."""
        parts = urlsplit(url or self.url)
        settings: dict[str, Any] = {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or 3306,
            "user": unquote(parts.username or "root"),
            "password": unquote(parts.password or ""),
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": 5,
        }
        if parts.path.strip("/"):
            settings["database"] = unquote(parts.path.strip("/"))
        return pymysql.connect(**settings | changes)

    def create_database(self, options: str = "") -> str:
        """URL of a new and empty database."""
        name = f"lbconf_test_{uuid.uuid4().hex[:16]}"
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` {options}")
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made; sessions that still hold its tables are ended."""
        name = urlsplit(url).path.removeprefix("/")
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
            for (number,) in cursor.fetchall():
                with contextlib.suppress(pymysql.Error):
                    cursor.execute(f"KILL {number:d}")
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def mysql_origin() -> str:
    """Where `mysql` will take the server from. Raises `ServerMissingError`."""
    if os.environ.get(MYSQL_URL_VARIABLE):
        return f"the server of {MYSQL_URL_VARIABLE}"
    return str(_binaries()[0])


@contextlib.contextmanager
def mysql() -> Iterator[MysqlServer]:
    """A running server, stopped at the end if it was started here. Raises `ServerMissingError`."""
    given = os.environ.get(MYSQL_URL_VARIABLE)
    if given:
        yield MysqlServer(url=given, origin=f"the server of {MYSQL_URL_VARIABLE}")
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="lbconf-my-"))
    try:
        with _started(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> tuple[Path, Path]:
    """The server and what makes its data folder."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS])
    server, install = shutil.which("mariadbd", path=path), shutil.which("mariadb-install-db", path=path)
    if server is None or install is None:
        msg = f"no MariaDB: {MYSQL_URL_VARIABLE} is not set, mariadbd and mariadb-install-db are not installed"
        raise ServerMissingError(msg)
    return Path(server), Path(install)


@contextlib.contextmanager
def _started(binaries: tuple[Path, Path], folder: Path) -> Iterator[MysqlServer]:
    user = _unprivileged()
    folder.chmod(0o755)
    if user is not None:
        os.chown(folder, user, user)
    as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    data, place = folder / "data", folder / "s.sock"
    install = [
        str(binaries[1]),
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        f"--datadir={data}",
        f"--tmpdir={folder}",
        "--skip-test-db",
        "--skip-name-resolve",
    ]
    made = subprocess.run(
        install, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True, **as_user
    )
    if made.returncode:
        msg = f"{binaries[1]} failed: {made.stderr[-2000:] or made.stdout[-2000:]}"
        raise ServerMissingError(msg)
    port = free_port()
    command = [
        str(binaries[0]),
        "--no-defaults",
        f"--datadir={data}",
        f"--tmpdir={folder}",
        f"--socket={place}",
        f"--pid-file={folder / 'server.pid'}",
        f"--port={port}",
        *OPTIONS,
    ]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **as_user,
        )
    guard = subprocess.Popen(
        ["/bin/sh", "-c", GUARD, "guard", str(server.pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    found = MysqlServer(url=f"mysql://root@127.0.0.1:{port}/", origin=str(binaries[0]), socket=place)
    try:
        _wait_until_ready(server, found, folder / "server.log")
        yield found
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        guard.communicate(b"stopped\n")


def _wait_until_ready(server: "subprocess.Popen[bytes]", found: MysqlServer, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            found.connect().close()
        except pymysql.Error:
            if server.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
                continue
            msg = f"MariaDB does not start: {log.read_text(errors='replace')[-2000:]}"
            raise ServerMissingError(msg) from None
        return


def _unprivileged() -> int | None:
    """User id to run as, where we are root (the server refuses to run so); None otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return 65534
