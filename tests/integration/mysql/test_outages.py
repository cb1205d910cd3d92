"""An apply whose server is killed at once and started again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from lbconf.errors import ConnectorError
from lbconf.plan.executor import Limits
from lbconf.plan.progress import Event, Notice
from tests import servers, servers_mysql
from tests.integration import figures
from tests.integration.mysql.killed_apply import AFTER, BEFORE
from tests.integration.mysql.target import MysqlTarget

pytestmark = pytest.mark.slow
ROWS = [(1, "a", "ok", 5, 7), (2, "unknown", "sad", 6, 7)]


class Restartable:
    """A server of our own that can be stopped without any care, as by a power cut."""

    def __init__(self, server: servers_mysql.MysqlServer) -> None:
        self.server = server
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@pid_file, @@datadir")
            row = cursor.fetchone()
        assert row is not None
        self._data = Path(row[1])
        self.pid = int((self._data / row[0]).read_text())
        self._command = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        # What was committed is in the log before anybody is told so, as on any server that is not for tests only.
        self._command.append(b"--innodb-flush-log-at-trx-commit=1")
        self._user = self._data.stat().st_uid
        self._started: list[subprocess.Popen[bytes]] = []
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        for process in self._started:
            process.wait(20)
        end = time.monotonic() + 20
        while self._runs():
            assert time.monotonic() < end
            time.sleep(0.02)

    def _runs(self) -> bool:
        status = Path(f"/proc/{self.pid}/stat")
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"

    def start(self) -> None:
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
        end = time.monotonic() + 60
        while True:
            try:
                self.server.connect().close()
            except pymysql.Error:
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def restartable() -> Iterator[Restartable]:
    if os.environ.get(servers_mysql.MYSQL_URL_VARIABLE):
        pytest.skip("the server is somebody else's: it is not stopped here")
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("there is no /proc to learn from how the server was started")
    try:
        with servers_mysql.mysql() as server:
            found = Restartable(server)
            try:
                yield found
            finally:
                found.end()
    except servers.ServerMissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("same_plan", [True, False], ids=["same plan", "new plan"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_after_the_server_was_killed_the_next_apply_completes(
    restartable: Restartable, part: float, *, same_plan: bool
) -> None:
    target = MysqlTarget(restartable.server.create_database())
    target.apply(target.plan(BEFORE))
    target.run("INSERT INTO one (name, feels, age, old) VALUES ('a', 'ok', 5, 1), (NULL, 'sad', 6, 2)")
    target.run("INSERT INTO linked (oneId) VALUES (1), (2)")
    plan = target.plan(AFTER)
    number = int(part * len(plan.steps))

    def stop(notice: Notice) -> None:
        if (notice.event, notice.step) == (Event.BEGINS, number):
            restartable.stop()

    with pytest.raises(ConnectorError) as caught:
        target.apply(plan, watcher=stop)
    assert caught.value.diagnostics[-1].code == "LB4017"
    restartable.start()
    target.close()
    again = MysqlTarget(target.url)
    limits = Limits(retries=10, first_pause=0.05, longest_pause=0.2)
    again.apply(plan if same_plan else again.plan(AFTER), limits=limits)
    assert again.plan(AFTER).empty
    assert again.run("SELECT id, name, feels, years, level FROM uno ORDER BY id") == ROWS
    assert again.run("SELECT id, oneId, twoId FROM linked ORDER BY id") == [(1, 1, None), (2, 2, None)]
    again.close()
    figures.overcame("MariaDB", figures.STOPPED)
