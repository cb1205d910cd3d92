"""An apply through pgbouncer: in session mode as without, in transaction mode refused before anything is locked."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from lbconf.errors import UnsupportedError
from tests import servers
from tests.integration.postgresql.killed_apply import AFTER, BEFORE
from tests.integration.postgresql.target import PostgresqlTarget


@contextlib.contextmanager
def pooled(url: str, mode: str, folder: Path) -> Iterator[str]:
    """The URL of the same database through a pooler."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    parts, port = urlsplit(url), servers.free_port()
    there = f"host={parts.hostname} port={parts.port} user={unquote(parts.username or '')}"
    if parts.password:
        there += f" password={unquote(parts.password)}"
    told = folder / "pooler.ini"
    told.write_text(
        f"[databases]\n* = {there}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"pool_mode = {mode}\nunix_socket_dir =\nignore_startup_parameters = extra_float_digits,options\n"
    )
    user = 65534 if os.geteuid() == 0 else None  # it does not run as root
    config = os.open(told, os.O_RDONLY)
    process = subprocess.Popen(
        [program, "-q", f"/dev/fd/{config}"],
        pass_fds=(config,),
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        stderr=subprocess.DEVNULL,
    )
    os.close(config)
    through = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
    try:
        end = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(through, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert process.poll() is None, "pgbouncer did not start"
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                break
        yield through
    finally:
        process.terminate()
        process.wait(20)


def test_a_pool_that_lends_by_session_is_as_good_as_none(postgresql_url: str, tmp_path: Path) -> None:
    with pooled(postgresql_url, "session", tmp_path) as url:
        target = PostgresqlTarget(url)
        target.apply(target.plan(BEFORE))
        target.apply(target.plan(AFTER))
        assert target.plan(AFTER).empty
        target.close()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pool_that_lends_by_transaction_is_refused_and_nothing_stays_locked(
    postgresql_url: str, tmp_path: Path, mode: str
) -> None:
    direct = PostgresqlTarget(postgresql_url)
    plan = direct.plan(BEFORE)
    with pooled(postgresql_url, mode, tmp_path) as url:
        target = PostgresqlTarget(url)
        with pytest.raises(UnsupportedError) as caught:
            target.apply(plan)
        assert "lends out the connections" in caught.value.diagnostics[0].message
        assert "session mode" in (caught.value.diagnostics[0].hint or "")
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert direct.run(locks) == [(0,)]
        direct.apply(plan)
        target.close()
    direct.close()
