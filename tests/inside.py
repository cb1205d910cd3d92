"""A project's application asked without a server: each test says what comes of a body, and sees every message."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lbconf.operations.serve import ServeOptions, application

__all__ = ["Inside", "Told", "inside", "once"]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    log: tuple[dict[str, Any], ...] = ()

    @property
    def json(self) -> Any:
        """The body's data."""
        return json.loads(self.body) if self.body else None

    @property
    def message(self) -> str:
        """What an error says."""
        return str(self.json["error"]["message"])


@dataclass
class Inside:
    """A running application."""

    app: Any
    lines: list[bytes] = field(default_factory=list)

    async def ask(
        self,
        verb: str,
        target: str,
        body: Any = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        chunks: Iterable[bytes] | None = None,
        leaves: bool = False,
        client: str = "127.0.0.1",
    ) -> Told:
        """The answer to a request; `leaves`: the client goes away after the body, else it stays."""
        path, _, query = target.partition("?")
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        sent = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.append((b"content-type", b"application/json"))
        if not any(name == b"host" for name, _ in sent):
            sent.append((b"host", b"localhost"))
        parts = [b"" if body is None else body] if chunks is None else list(chunks)
        coming: list[Any] = [
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        told: list[Any] = []
        ended = asyncio.Event()

        async def receive() -> Any:
            if coming:
                return coming.pop(0)
            if not leaves:
                await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            told.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                ended.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": verb,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": sent,
            "client": (client, 5000),
            "server": ("127.0.0.1", 3000),
            "state": {},
        }
        await self.app(scope, receive, send)
        start, *rest = told
        found = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        return Told(start["status"], found, b"".join(part.get("body", b"") for part in rest))


@asynccontextmanager
async def inside(root: Path, **options: Any) -> AsyncIterator[Inside]:
    """The application of a project folder, started and ended."""
    app = application(ServeOptions(root=root, **{"access_log": False, **options}))
    events: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.create_task(app(scope, events.get, said.put))
    await events.put({"type": "lifespan.startup"})
    answer = await said.get()
    assert answer["type"] == "lifespan.startup.complete", answer
    try:
        yield Inside(app)
    finally:
        await events.put({"type": "lifespan.shutdown"})
        await said.get()
        await task


def once(root: Path, verb: str, target: str, *arguments: Any, **options: Any) -> Told:
    """The answer of an application that is there for one request."""

    async def run() -> Told:
        async with inside(root) as app:
            return await app.ask(verb, target, *arguments, **options)

    return asyncio.run(run())
