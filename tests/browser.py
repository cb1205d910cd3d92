"""Headless Chromium driven through its own protocol: evaluate, wait, take a picture. Standard library only.

Source: https://chromedevtools.github.io/devtools-protocol, RFC 6455 (client side, text frames).
"""

import base64
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

__all__ = ["Page", "browser_path", "opened_page"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
START_SECONDS = 30.0


def browser_path() -> str | None:
    """The browser's program: LBCONF_TEST_BROWSER, else the first one on the path, else None."""
    return os.environ.get("LBCONF_TEST_BROWSER") or next(
        (found for name in NAMES if (found := shutil.which(name))), None
    )


class Page:
    """One tab."""

    def __init__(self, connection: "_WebSocket") -> None:
        self._connection = connection
        self._number = 0
        self.problems: list[str] = []
        """Errors the page wrote to its console or threw."""

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(self._connection.receive())
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script: str, seconds: float = 10.0) -> Any:
        """The value of an expression once it is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = self.evaluate(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}\n{self.evaluate('document.body.innerText')}")

    def picture(self, path: Path) -> None:
        """Write what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def _note(self, message: dict[str, Any]) -> None:
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(message["params"]["exceptionDetails"]))
            case "Log.entryAdded" if message["params"]["entry"]["level"] == "error":
                self.problems.append(message["params"]["entry"]["text"])


@contextmanager
def opened_page(url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Page]:
    """A tab that shows a URL, closed with its browser at the end."""
    program = browser_path()
    assert program is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--no-first-run",
                "--remote-debugging-port=0",
                f"--user-data-dir={folder}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            connection = _WebSocket(_tab(Path(folder), process))
            try:
                page = Page(connection)
                for domain in ("Page", "Runtime", "Log"):
                    page.ask(f"{domain}.enable")
                page.ask(
                    "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
                )
                scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
                page.ask("Emulation.setEmulatedMedia", features=[scheme])
                page.ask("Page.navigate", url=url)
                yield page
            finally:
                connection.close()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tab(folder: Path, process: "subprocess.Popen[bytes]") -> str:
    """The address of a new tab's socket."""
    told = folder / "DevToolsActivePort"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the browser ended"
        lines = told.read_text("utf-8").splitlines() if told.exists() else []
        if lines:
            with urlopen(Request(f"http://127.0.0.1:{lines[0]}/json/new", method="PUT"), timeout=10) as answer:
                return str(json.load(answer)["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError("the browser did not start")


class _WebSocket:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._stream = self._socket.makefile("rb")
        assert b" 101 " in self._stream.readline()
        while self._stream.readline().strip():
            pass

    def send(self, text: str) -> None:
        data = text.encode()
        mask = secrets.token_bytes(4)
        if len(data) < 126:
            head = struct.pack("!BB", 0x81, 0x80 | len(data))
        elif len(data) < 65536:
            head = struct.pack("!BBH", 0x81, 0x80 | 126, len(data))
        else:
            head = struct.pack("!BBQ", 0x81, 0x80 | 127, len(data))
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self._socket.sendall(head + mask + masked)

    def receive(self) -> str:
        parts = []
        while True:
            first, second = self._stream.read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._stream.read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._stream.read(8))
            parts.append(self._stream.read(length))
            if first & 0x80:
                return b"".join(parts).decode()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()
