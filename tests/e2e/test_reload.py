"""SIGHUP and restarted workers, under load: nothing is lost, and what cannot be served changes nothing."""

import contextlib
import fcntl
import http.client
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import Served, ask, run_lbconf, served

pytestmark = pytest.mark.timeout(120)

MODEL = "dataSource: db\nproperties: {title: string}\n"
MEMORY = "db: {connector: memory}\n"
SQLITE = "db: {connector: sqlite, file: rows.db}\n"


def project(root: Path, source: str) -> Path:
    write(root, "models/note.yaml", MODEL)
    write(root, "datasources.yaml", source)
    write(root, "server.yaml", "version: 1.0.0\n")
    if source == SQLITE:
        run_lbconf("apply", "--project", str(root), "--yes")
    return root


def write(root: Path, name: str, text: str) -> None:
    path = root / "environments" / "base" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def version(server: Served) -> Any:
    return ask(server, "/openapi.json")[1]["info"]["version"]


@contextlib.contextmanager
def load(server: Served, clients: int = 4) -> Iterator[list[int]]:
    """Clients that ask without a pause, each over one connection for as long as the server keeps it."""
    address = urlsplit(server.url).netloc
    counts = [0] * clients
    problems: list[str] = []
    over = threading.Event()

    def ask_on(number: int) -> None:
        with contextlib.closing(http.client.HTTPConnection(address, timeout=20)) as connection:
            while not over.is_set():
                try:
                    connection.request("GET", "/api/notes")
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException) as error:
                    problems.append(repr(error))
                    return
                if answer.status != 200:
                    problems.append(str(answer.status))
                counts[number] += 1

    threads = [threading.Thread(target=ask_on, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert problems == []


@pytest.mark.parametrize(("source", "workers"), [(MEMORY, 1), (SQLITE, 2)])
def test_a_reload_loses_no_request(tmp_path: Path, source: str, workers: int) -> None:
    root = project(tmp_path, source)
    with served(root, "--insecure-no-access-control", "--workers", str(workers)) as server:
        ask(server, "/api/notes", method="POST", body={"title": "kept"})
        with load(server) as counts:
            for number in (2, 3):
                write(root, "server.yaml", f"version: {number}.0.0\n")
                before = sum("Serving anew" in line for line in server.lines)
                server.process.send_signal(signal.SIGHUP)
                eventually(partial(_told_more, server, before))
                eventually(partial(_is_version, server, f"{number}.0.0"))
            seen = list(counts)
            eventually(lambda: all(now > then for now, then in zip(counts, seen, strict=True)))
        assert ask(server, "/api/notes")[1] == [{"id": 1, "title": "kept"}]


@pytest.mark.parametrize(("source", "workers"), [(MEMORY, 1), (SQLITE, 2)])
def test_a_broken_configuration_keeps_the_old_one(tmp_path: Path, source: str, workers: int) -> None:
    root = project(tmp_path, source)
    with served(root, "--insecure-no-access-control", "--workers", str(workers)) as server, load(server):
        write(root, "models/note.yaml", "dataSource: dbb\n")
        server.process.send_signal(signal.SIGHUP)
        assert "the old one keeps serving" in server.wait_for_line("keeps serving")
        assert any("LB3001" in line for line in server.lines)
        assert ask(server, "/api/notes")[0] == 200


def test_code_is_imported_anew(tmp_path: Path) -> None:
    root = project(tmp_path, MEMORY)
    write(root, "models/note.yaml", MODEL + "code: app.notes\n")
    (root / "app").mkdir()
    (root / "app" / "__init__.py").write_text("")
    code = root / "app" / "notes.py"
    text = (
        "from lbconf.code import before_save\n\n\n@before_save\ndef mark(context):\n"
        "    context.instance['title'] = 'ONE'\n"
    )
    code.write_text(text)
    with served(root, "--insecure-no-access-control") as server:
        assert ask(server, "/api/notes", method="POST", body={})[1]["title"] == "ONE"
        code.write_text(text.replace("ONE", "TWO and more"))
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_line("Serving anew")
        assert ask(server, "/api/notes", method="POST", body={})[1]["title"] == "TWO and more"
        code.write_text("import nothing_like_this\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_line("keeps serving")
        assert ask(server, "/api/notes", method="POST", body={})[1]["title"] == "TWO and more"


def test_a_worker_that_dies_is_replaced_and_can_be_reloaded(tmp_path: Path) -> None:
    root = project(tmp_path, SQLITE)
    with served(root, "--insecure-no-access-control", "--workers", "2") as server:
        children = _children(server.process.pid)
        os.kill(children[0], signal.SIGKILL)
        eventually(lambda: len(set(_children(server.process.pid)) - set(children[:1])) == 2)
        write(root, "server.yaml", "version: 2.0.0\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_line("Serving anew", 40)
        eventually(lambda: version(server) == "2.0.0")


def test_a_worker_that_cannot_start_is_tried_again_while_another_serves(tmp_path: Path) -> None:
    root = project(tmp_path, SQLITE)
    with served(root, "--insecure-no-access-control", "--workers", "2") as server:
        first, second = _children(server.process.pid)
        write(root, "models/note.yaml", "dataSource: dbb\n")
        os.kill(first, signal.SIGKILL)
        server.wait_for_line("A worker does not start", 40)
        assert any("worker-does-not-start" in line and "LB3001" in line for line in server.lines)
        assert not any("Traceback" in line for line in server.lines)
        assert ask(server, "/api/notes")[0] == 200
        write(root, "models/note.yaml", MODEL)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_line("Serving anew", 40)
        eventually(lambda: len(set(_children(server.process.pid)) - {first, second}) == 2)


def test_the_parent_ends_soon_where_a_worker_died_before_it_answered(tmp_path: Path) -> None:
    root = project(tmp_path, SQLITE)
    with served(root, "--insecure-no-access-control", "--workers", "2") as server:
        children = _children(server.process.pid)
        os.kill(children[0], signal.SIGSTOP)
        time.sleep(1.2)  # the parent asks twice a second, and gets no answer
        os.kill(children[0], signal.SIGKILL)
        server.process.terminate()
        assert server.process.wait(15) == 0
        eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_workers_that_cannot_start_end_the_parent(tmp_path: Path) -> None:
    root = project(tmp_path, SQLITE)
    write(root, "models/note.yaml", MODEL + "code: app.notes\n")
    (root / "app").mkdir()
    (root / "app" / "__init__.py").write_text("")
    (root / "app" / "notes.py").write_text(
        "import multiprocessing\n\nif multiprocessing.parent_process() is not None:\n    raise RuntimeError\n"
    )
    done = run_lbconf("serve", "--project", str(root), "--port", "0", "--insecure-no-access-control", "--workers", "2")
    assert done.returncode != 0
    assert "a worker process did not start" in done.stderr
    assert "worker-does-not-start" in done.stderr


def test_a_terminal_that_goes_away_ends_the_server(tmp_path: Path) -> None:
    root = project(tmp_path, MEMORY)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lbconf", "serve", "--project", str(root), "--port", "0"],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - nothing else runs here
    )
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, b"")
        url = next(line.split()[1].decode() for line in lines if b"  API " in line)
        eventually(partial(_answers, urlsplit(url).netloc))
        os.close(theirs)
        os.close(ours)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def _told_more(server: Served, before: int) -> bool:
    return sum("Serving anew" in line for line in server.lines) > before


def _is_version(server: Served, wanted: str) -> bool:
    return bool(version(server) == wanted)


def _answers(address: str) -> bool:
    with contextlib.closing(http.client.HTTPConnection(address, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def _children(parent: int) -> list[int]:
    """Processes that serve, which the parent started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
            if int(stat[1]) == parent and stat[0] != "Z" and b"spawn_main" in command:
                found.append(int(folder.name))
    return sorted(found)
