"""An apply whose server is stopped at once and started again, or runs out of disk."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from lbconf.errors import ConnectorError
from lbconf.plan.executor import Limits
from lbconf.plan.progress import Event, Notice
from tests import servers
from tests.integration import figures
from tests.integration.postgresql.killed_apply import AFTER, BEFORE
from tests.integration.postgresql.target import PostgresqlTarget

pytestmark = pytest.mark.slow
WAYS = ("online", "offline")
PATIENT = Limits(retries=10, first_pause=0.05, longest_pause=0.2)


class Restartable:
    """A server of our own that can be stopped without any care, as by a power cut."""

    def __init__(self, server: servers.PostgresqlServer) -> None:
        self.server = server
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        self._data = Path(row[0])
        self.pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        self._command = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self._user = self._data.stat().st_uid
        self._started: list[subprocess.Popen[bytes]] = []

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGQUIT)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                psycopg.connect(self.server.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if not (self._data / "postmaster.pid").exists() or not self._runs():
                    return
            time.sleep(0.05)

    def _runs(self) -> bool:
        for process in self._started:
            process.poll()
        status = Path(f"/proc/{self.pid}/stat")
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"

    def start(self) -> None:
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        user = self._user if os.geteuid() == 0 else None
        started = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self._data,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        self._started.append(started)
        self.pid = started.pid
        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.server.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(20)


@pytest.fixture(scope="module")
def restartable() -> Iterator[Restartable]:
    if os.environ.get(servers.URL_VARIABLE):
        pytest.skip("the server is somebody else's: it is not stopped here")
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("there is no /proc to learn from how the server was started")
    try:
        with servers.postgresql() as server:
            found = Restartable(server)
            yield found
            found.end()
    except servers.ServerMissingError as error:
        pytest.skip(str(error))


def prepared(url: str, number: int = 3000) -> PostgresqlTarget:
    target = PostgresqlTarget(url)
    target.apply(target.plan(BEFORE))
    target.run(
        "INSERT INTO one (name, feels) VALUES ('a', 'ok'), ('b', 'sad'), (NULL, 'sad')",
        f"INSERT INTO many (name, one) SELECT 'm' || i, 1 + i % 3 FROM generate_series(1, {number}) AS i",
    )
    return target


def complete(target: PostgresqlTarget, number: int = 3000) -> None:
    assert [step.summary for step in target.plan(AFTER).steps] == []
    assert target.run("SELECT id, name FROM uno ORDER BY id") == [(1, "a"), (2, "b"), (3, "nobody")]
    assert target.run("SELECT count(*), count(DISTINCT token) FROM many") == [(number, number)]
    assert target.run("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid") == []
    assert target.connector.history()[-1].result == "applied"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("same_plan", [True, False], ids=["same plan", "new plan"])
@pytest.mark.parametrize("part", [0.1, 0.35, 0.6, 0.85])
def test_after_the_server_was_stopped_at_once_the_next_apply_completes(
    restartable: Restartable, way: str, part: float, *, same_plan: bool
) -> None:
    target = prepared(restartable.server.create_database())
    plan = target.plan(AFTER, online=way == "online")
    number = int(part * len(plan.steps))

    def stop(notice: Notice) -> None:
        if (notice.event, notice.step) == (Event.BEGINS, number):
            restartable.stop()

    with pytest.raises(ConnectorError) as caught:
        target.apply(plan, watcher=stop)
    assert caught.value.diagnostics[-1].code == "LB4017"
    restartable.start()
    target.close()
    again = PostgresqlTarget(target.url)
    again.apply(plan if same_plan else again.plan(AFTER, online=way == "online"), limits=PATIENT)
    complete(again)
    figures.overcame("PostgreSQL", figures.STOPPED)
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of 24 MB for the server's user."""
    disk = Path("/tmp") / f"lbconf-disk-{os.getpid()}"  # noqa: S108 - where the server's user may get to
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=False, capture_output=True
    )
    try:
        if mounted.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
        yield disk
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "-l", disk], check=False)
        disk.rmdir()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("same_plan", [True, False], ids=["same plan", "new plan"])
def test_after_a_full_disk_the_next_apply_completes(
    postgresql_server: servers.PostgresqlServer, small_disk: Path, way: str, *, same_plan: bool
) -> None:
    rows = 60_000
    url = postgresql_server.create_database()
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        if not Path(row[0]).exists():
            pytest.skip("the server runs on another machine")
        place = small_disk / "tables"
        place.mkdir()
        owner = Path(row[0]).stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'".encode())
        connection.execute(f"ALTER DATABASE {name} SET default_tablespace = {name}".encode())
    target = prepared(url, rows)
    try:
        plan = target.plan(AFTER, online=way == "online")
        free = os.statvfs(small_disk)
        (small_disk / "ballast").write_bytes(bytes(max(free.f_bavail * free.f_frsize - 3_000_000, 0)))
        with pytest.raises(ConnectorError) as caught:
            target.apply(plan)
        assert "No space left on device" in caught.value.diagnostics[0].message
        assert target.run("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid") == []
        (small_disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
        target.apply(plan if same_plan else target.plan(AFTER, online=way == "online"), limits=PATIENT)
        complete(target, rows)
        figures.overcame("PostgreSQL", figures.FULL)
    finally:
        target.close()
        postgresql_server.drop_database(url)
        with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
            connection.execute(f"DROP TABLESPACE {name}".encode())
