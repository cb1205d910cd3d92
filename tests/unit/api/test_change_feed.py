"""Followers of a model's changes: clients that leave, read too slowly, or may not follow any more."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.access.caller import NOBODY
from lbconf.api.changes.feed import WAITING, Feed
from lbconf.api.changes.stream import Following, stream_changes
from lbconf.api.log import JsonLog
from lbconf.api.present import Presenter
from lbconf.api.threads import WorkerThreads
from lbconf.code.loading import NO_CODE
from lbconf.connectors.contract import Connector
from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.operations.load import load_project
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError, malformed
from lbconf.repository import HookedRepository

FILES = {
    "datasources.yaml": "db: {connector: memory}\n",
    "models/order.yaml": "dataSource: db\nchangeStream: true\nproperties:\n"
    "  id: {type: integer, id: true, generated: true}\n  title: string\n",
}


class Room:
    """A feed of one model on the memory connector, and a client of it."""

    def __init__(self, folder: Path) -> None:
        base = folder / "environments" / "base"
        (base / "models").mkdir(parents=True)
        for name, text in FILES.items():
            (base / name).write_text(text)
        project = load_project(folder)
        connectors: dict[str, Connector] = {"db": MemoryConnector(project.data_sources["db"])}
        self.repository = HookedRepository(project, connectors, code=NO_CODE)
        self.order: Model = project.models["Order"]
        self.lines: list[bytes] = []
        self.log = JsonLog(self.lines.append)
        self.threads = WorkerThreads(2, "test")
        self.feed = Feed(self.repository, Presenter(project), self.threads, self.log, [self.order])
        self.sent: list[bytes] = []
        self.more = True
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        """What the server takes of the stream."""
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])
            self.more = message["more_body"]

    async def receive(self) -> Any:
        """Nothing, until the client leaves."""
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def open(self, send: Callable[[Any], Awaitable[None]] | None = None, **parts: Any) -> "asyncio.Task[None]":
        """The stream of a client."""
        following = Following(model=self.order, caller=NOBODY, **parts)
        channel: Any = (self.receive, send or self.send)
        return asyncio.create_task(stream_changes(following, self.feed, self.threads, self.log, channel))

    async def write(self, title: str) -> None:
        """A row, written in another thread."""
        await self.threads.run(lambda data: self.repository.create_one(self.order, data), {"title": title})

    async def until(self, good: Callable[[], bool]) -> None:
        """Let the loop go on until something is so."""
        async with asyncio.timeout(10):
            while not good():  # noqa: ASYNC110 - what is waited for is no event
                await asyncio.sleep(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_writes_cost_nothing_more_once_the_last_client_has_left(folder: Path) -> None:
    async def story() -> None:
        room = Room(folder)
        await room.feed.start()
        assert room.repository.observers.of("Order") is None
        first, second = room.open(), room.open()
        await room.until(lambda: room.sent.count(b":ok\n\n") == 2)
        assert room.repository.observers.of("Order") is not None

        await room.write("a")
        await room.until(lambda: sum(b'"title":"a"' in text for text in room.sent) == 2)
        room.gone.set()
        await asyncio.gather(first, second)

        assert room.repository.observers.of("Order") is None

    asyncio.run(story())


def test_a_client_that_does_not_read_is_dropped_and_the_others_are_told_on(folder: Path) -> None:
    async def story() -> None:
        room = Room(folder)
        await room.feed.start()
        stuck = asyncio.Event()

        async def never(message: Any) -> None:
            if message.get("body") and b"event" in message["body"]:
                stuck.set()
                await asyncio.Event().wait()

        slow, quick = room.open(never), room.open()
        await room.until(lambda: b":ok\n\n" in room.sent)
        await room.write("first")
        await stuck.wait()
        for number in range(WAITING + 1):
            await room.write(str(number))
        await asyncio.wait_for(slow, 10)

        assert any(b"change-stream-dropped" in line for line in room.lines)
        await room.until(lambda: sum(b"event: data" in text for text in room.sent) == WAITING + 2)
        assert not quick.done()
        room.gone.set()
        await quick

    asyncio.run(story())


def test_a_stream_ends_once_its_client_may_not_follow_any_more(folder: Path) -> None:
    async def story() -> None:
        room = Room(folder)
        await room.feed.start()
        asked = 0

        def allowed() -> None:
            nonlocal asked
            asked += 1
            if asked > 2:
                raise malformed("the token has ended")

        await asyncio.wait_for(room.open(allowed=allowed, heartbeat=0.01), 10)

        assert room.sent[:3] == [b":ok\n\n", b":\n\n", b":\n\n"]
        assert room.sent[-1] == b"event: end\ndata: null\n\n"
        assert not room.more

    asyncio.run(story())


def test_rows_that_a_client_may_not_read_are_not_told(folder: Path) -> None:
    async def story() -> None:
        room = Room(folder)
        await room.feed.start()
        stream = room.open(sees=lambda key: key == 2)
        await room.until(lambda: b":ok\n\n" in room.sent)
        for title in ("a", "b", "c"):
            await room.write(title)
        await room.threads.run(lambda data: room.repository.update_all(room.order, None, data), {"title": "all"})
        await room.write("d")
        await room.until(lambda: any(b'"b"' in text for text in room.sent))
        room.feed.end()
        await asyncio.wait_for(stream, 10)

        told = [text for text in room.sent if b"event: data" in text]
        assert len(told) == 1
        assert b'"target":2' in told[0]

    asyncio.run(story())


def test_what_is_written_in_a_transaction_is_told_when_it_ends_well(folder: Path) -> None:
    async def story() -> None:
        room = Room(folder)
        await room.feed.start()
        stream = room.open()
        await room.until(lambda: b":ok\n\n" in room.sent)

        def fail(_: None) -> None:
            with room.repository.transaction(room.order):
                room.repository.create_one(room.order, {"title": "lost"})
                raise malformed("taken back")

        def succeed(_: None) -> int:
            with room.repository.transaction(room.order):
                room.repository.create_one(room.order, {"title": "kept"})
                return sum(b"kept" in text for text in room.sent)

        with pytest.raises(RequestError):
            await room.threads.run(fail, None)
        assert await room.threads.run(succeed, None) == 0
        await room.until(lambda: any(b"kept" in text for text in room.sent))
        assert not any(b"lost" in text for text in room.sent)
        room.gone.set()
        await stream

    asyncio.run(story())
