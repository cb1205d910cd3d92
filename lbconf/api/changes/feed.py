"""Who follows which model's changes, and how they learn of them."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from threading import Event, Thread
from typing import Final

from lbconf.api.changes.change import Change, announced, announcement, change_of, event_text
from lbconf.api.ending import before_ending
from lbconf.api.log import JsonLog
from lbconf.api.present import Presenter
from lbconf.api.threads import WorkerThreads
from lbconf.code.contexts import HookContext
from lbconf.connectors.contract import Announcing
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, LbconfError
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import dataclass
from lbconf.repository import HookedRepository

__all__ = ["Feed", "Follower"]

WAITING: Final = 1000
"""Events that may wait for one slow client before it is dropped."""
MOST_FOLLOWERS: Final = 1000
"""Streams of one process; each keeps a connection, and asks again and again whether its client may still follow."""
RETRY_SECONDS: Final = 30
AGAIN_SECONDS: Final = 1.0
READY_SECONDS: Final = 5.0
CHANNEL: Final = "lbconf_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change, as a follower gets it."""

    change: Change
    text: bytes


class Follower:
    """One client of one model's stream. Belongs to the event loop."""

    def __init__(self, model: Model, matches: Callable[[Row], bool] | None) -> None:
        """Take the model, and what a row must be like to be told of; None: any."""
        self.model = model
        self._matches = matches
        self.waiting: asyncio.Queue[Told | None] = asyncio.Queue(WAITING)
        """None is the end."""
        self.overflown = asyncio.Event()

    def tell(self, told: Told) -> None:
        """Put an event in line, unless the client does not want it; note where the line is too long."""
        if self._matches is not None and (told.change.row is None or not self._matches(told.change.row)):
            return
        try:
            self.waiting.put_nowait(told)
        except asyncio.QueueFull:
            self.overflown.set()

    def end(self) -> None:
        """Let the stream end after what is in line."""
        try:
            self.waiting.put_nowait(None)
        except asyncio.QueueFull:
            self.overflown.set()


class Feed:
    """Tells followers of changes. Its public methods belong to the event loop; writes may happen in any thread."""

    def __init__(
        self,
        repository: HookedRepository,
        presenter: Presenter,
        threads: WorkerThreads,
        log: JsonLog,
        models: Iterable[Model],
    ) -> None:
        """Take what is written through, what shows rows, where rows are read, and the models that may be followed."""
        self._repository = repository
        self._presenter = presenter
        self._threads = threads
        self._log = log
        self._followers: dict[str, list[Follower]] = {}
        self._local: dict[str, Callable[[HookContext], None]] = {}
        self._announced = {model.name: model for model in models if repository.announcer(model) is not None}
        self._listening: dict[str, asyncio.Event] = {}
        """Set while what other processes write to a data source is heard."""
        self._heard: asyncio.Queue[tuple[Model, Change] | None] = asyncio.Queue()
        self._stop = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: asyncio.Task[None] | None = None
        for model in self._announced.values():
            repository.observers.follow(model.name, partial(self._announce, model))

    async def start(self) -> None:
        """Begin to listen to what other processes write."""
        self._loop = asyncio.get_running_loop()
        before_ending(lambda: self._loop is not None and self._loop.call_soon_threadsafe(self.end))
        sources = {model.data_source or "": model for model in self._announced.values()}
        self._listening = {name: asyncio.Event() for name in sources}
        if sources:
            self._reading = asyncio.create_task(self._read())
        for model in sources.values():
            Thread(target=self._listen, args=(model,), name=f"lbconf-changes-{model.data_source}", daemon=True).start()

    def end(self) -> None:
        """End every stream, and listen no more."""
        self._stop.set()
        for followers in self._followers.values():
            for follower in followers:
                follower.end()
        if self._reading is not None:
            self._reading.cancel()

    def tells(self, model: Model) -> bool:
        """Whether a stream is told of every change to a model from now on."""
        listening = self._listening.get(model.data_source or "") if model.name in self._announced else None
        return not self._stop.is_set() and (listening is None or listening.is_set())

    def check_room(self) -> None:
        """Return quietly while there may be one more follower. Raises `RequestError` 503 where there are too many."""
        if sum(map(len, self._followers.values())) >= MOST_FOLLOWERS:
            error = RequestError(Code.REQUEST_REFUSED, "Too many change streams at once", status=503)
            vars(error)["headers"] = ((b"retry-after", str(RETRY_SECONDS).encode()),)
            raise error

    async def ready(self, model: Model) -> None:
        """Wait a moment until every change is told. Raises `ConnectionFailedError` where that takes longer."""
        if self.tells(model):
            return
        listening = self._listening.get(model.data_source or "")
        if listening is None or self._stop.is_set():
            return
        try:
            await asyncio.wait_for(listening.wait(), READY_SECONDS)
        except TimeoutError:
            message = f"what other processes write to {model.data_source} cannot be heard"
            raise ConnectionFailedError(Diagnostic(code=Code.DATA_SOURCE_AWAY, message=message)) from None

    def follow(self, follower: Follower) -> None:
        """Tell a follower of every change from now on."""
        name = follower.model.name
        followers = self._followers.setdefault(name, [])
        followers.append(follower)
        if name not in self._announced and len(followers) == 1:
            self._loop = asyncio.get_running_loop()
            heard = self._local[name] = partial(self._changed, follower.model)
            self._repository.observers.follow(name, heard)

    def unfollow(self, follower: Follower) -> None:
        """Tell it of nothing more; where nobody is left, writes cost what they did before."""
        name = follower.model.name
        followers = self._followers.get(name, [])
        if follower in followers:
            followers.remove(follower)
        if not followers:
            self._followers.pop(name, None)
            heard = self._local.pop(name, None)
            if heard is not None:
                self._repository.observers.unfollow(name, heard)

    # --- in the threads that write ---

    def _changed(self, model: Model, context: HookContext) -> None:
        change = change_of(model, context)
        self._repository.hooks.afterwards(partial(self._hand_over, model, change))

    def _hand_over(self, model: Model, change: Change) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, model, change)

    def _announce(self, model: Model, context: HookContext) -> None:
        announcer = self._repository.announcer(model)
        if announcer is not None:
            announcer.announce(CHANNEL, announcement(self._presenter, model, change_of(model, context)))

    # --- in the threads that listen ---

    def _listen(self, model: Model) -> None:
        announcer = self._repository.announcer(model)
        heard = partial(self._listened, model.data_source or "")
        while announcer is not None and not self._stop.is_set():
            try:
                self._once(announcer, heard)
            except LbconfError as problem:
                # What happens until it listens again is not told: no stream may go on as if nothing had been missed.
                message = problem.diagnostics[0].message
                self._log.event("error", "changes-not-heard", dataSource=model.data_source, message=message)
                if self._loop is not None and not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(self._interrupt, model.data_source or "")
                self._stop.wait(AGAIN_SECONDS)

    def _once(self, announcer: Announcing, heard: Callable[[str], None]) -> None:
        announcer.listen(CHANNEL, heard, self._stop)

    def _listened(self, source: str, message: str) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        if not message:
            self._loop.call_soon_threadsafe(self._listening[source].set)
            return
        found = announced(message)
        if found is None:
            return
        name, change = found
        model = self._announced.get(name)
        if model is not None and model.data_source == source:
            self._loop.call_soon_threadsafe(self._hear, model, change)

    # --- in the event loop ---

    def _hear(self, model: Model, change: Change) -> None:
        if self._followers.get(model.name):
            self._heard.put_nowait((model, change))

    async def _read(self) -> None:
        """Read the rows that announcements speak of, one after the other, so that events keep their order."""
        while (found := await self._heard.get()) is not None:
            model, change = found
            if change.kind != "remove" and change.target is not None:
                try:
                    row = await self._threads.run(partial(self._repository.seen, model), change.target)
                except LbconfError:
                    row = None
                change = Change(kind=change.kind, target=change.target, where=change.where, row=row)
            self._deliver(model, change)

    def _deliver(self, model: Model, change: Change) -> None:
        followers = self._followers.get(model.name)
        if followers:
            told = Told(change=change, text=event_text(self._presenter, model, change))
            for follower in followers:
                follower.tell(told)

    def _interrupt(self, source: str) -> None:
        self._listening[source].clear()
        for followers in self._followers.values():
            for follower in followers:
                if follower.model.data_source == source and follower.model.name in self._announced:
                    follower.end()
