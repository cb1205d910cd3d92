"""Operation hooks at work: who observes which model, and what the operation at hand is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final, TypeAlias

from lbconf.code.contexts import HookContext, Models
from lbconf.code.loading import Function, ProjectCode
from lbconf.code.marks import Kind
from lbconf.code.running import call
from lbconf.code.scope import present_scope
from lbconf.project.resolved import Model
from lbconf.query.nodes import Row
from lbconf.records import dataclass, field

__all__ = ["Frame", "Hooks", "Observed", "Observers"]

Observed: TypeAlias = Mapping[Kind, tuple[Function, ...]]
"""What runs for one model, in order."""

_READ_BY: Final = frozenset({Kind.ACCESS, Kind.LOADED})


@dataclass(slots=True, kw_only=True)
class Frame:
    """One operation on one model, while it goes on."""

    model: Model | None = None
    """None: the project's own code is at work, whose operations start anew."""
    hook_state: dict[str, Any] = field(default_factory=dict)
    quiet: bool = False
    """Whether rows are looked for without hooks: LoopBack tells of this operation's reading once, before it."""
    where: dict[str, Any] | None = None
    """Which rows are written."""
    row: Mapping[str, Any] | None = None
    """The row that is created, replaced or changed, as it will be."""
    instance: Row | None = None
    """The row that is deleted, where it is known."""
    new: bool | None = None
    replacing: bool = False
    single_step: bool = False
    """Whether the store finds out by itself if the row is new."""
    stored: Row | None = None
    """What was written, after the hooks that may change it."""


class Observers:
    """The functions that observe each model; may be used from several threads."""

    def __init__(self, code: ProjectCode) -> None:
        """Take the project's code."""
        self._own: dict[str, Observed] = {name: found.hooks for name, found in code.models.items() if found.hooks}
        self._now = dict(self._own)
        self._followers: dict[str, tuple[Function, ...]] = {}
        self._lock = Lock()

    def of(self, name: str) -> Observed | None:
        """What runs for a model; None where nothing does."""
        return self._now.get(name)

    def reads(self, name: str) -> bool:
        """Whether something runs when rows of a model are read."""
        found = self._now.get(name)
        return found is not None and not _READ_BY.isdisjoint(found)

    def follow(self, name: str, follower: Function) -> None:
        """Run a function after every save and delete of a model, from now on."""
        with self._lock:
            self._set(name, (*self._followers.get(name, ()), follower))

    def unfollow(self, name: str, follower: Function) -> None:
        """Run it no more."""
        with self._lock:
            self._set(name, tuple(one for one in self._followers.get(name, ()) if one is not follower))

    def _set(self, name: str, followers: tuple[Function, ...]) -> None:
        self._followers[name] = followers
        own = self._own.get(name)
        if followers:
            known: dict[Kind, tuple[Function, ...]] = dict(own or {})
            for kind in (Kind.AFTER_SAVE, Kind.AFTER_DELETE):
                known[kind] = (*known.get(kind, ()), *followers)
            self._now[name] = known
        elif own is not None:
            self._now[name] = own
        else:
            self._now.pop(name, None)


class _Transaction:
    """What waits for the end of the transaction at hand."""

    __slots__ = ("afterwards",)

    def __init__(self) -> None:
        self.afterwards: list[Callable[[], None]] = []


# Several requests may take turns in one thread, so these belong to the context of each, not to the thread.
_FRAMES: Final[ContextVar[tuple[Frame, ...]]] = ContextVar("operations", default=())
_TRANSACTION: Final[ContextVar[_Transaction | None]] = ContextVar("transaction", default=None)


class Hooks:
    """Runs hooks. May be used from several threads; what one of them is at is its own."""

    def __init__(self, observers: Observers, models: Models) -> None:
        """Take who observes what, and the models that hooks may use."""
        self.observers = observers
        self._models = models

    @property
    def frame(self) -> Frame | None:
        """The operation at hand."""
        frames = _FRAMES.get()
        return frames[-1] if frames else None

    def frame_of(self, model: Model) -> Frame | None:
        """The operation at hand, if it is one on this model."""
        found = self.frame
        return found if found is not None and found.model is model else None

    @contextmanager
    def within(self, frame: Frame) -> Iterator[Frame]:
        """Let an operation be the one at hand."""
        token = _FRAMES.set((*_FRAMES.get(), frame))
        try:
            yield frame
        finally:
            _FRAMES.reset(token)

    def context(self, model: Model, state: dict[str, Any] | None = None, **parts: Any) -> HookContext:
        """What the hooks of one step are given."""
        scope = present_scope()
        return HookContext(
            model=model.name,
            models=self._models,
            options=scope.options,
            caller=scope.caller,
            hook_state={} if state is None else state,
            **parts,
        )

    def run(self, functions: tuple[Function, ...], context: HookContext) -> None:
        """Run functions one after the other; the first that fails ends it."""
        with self.within(_OWN_CODE):
            for function in functions:
                call(function, context)

    @contextmanager
    def transaction(self, *, undone_alone: bool = False) -> Iterator[None]:
        """Note that a transaction goes on; what `afterwards` was given runs when the outermost has ended well.

        `undone_alone`: when an exception leaves this part of one, what it gave is forgotten.
        """
        outer = _TRANSACTION.get()
        if outer is not None:
            known = len(outer.afterwards)
            try:
                yield
            except BaseException:
                if undone_alone:
                    del outer.afterwards[known:]
                raise
            return
        held = _Transaction()
        token = _TRANSACTION.set(held)
        try:
            yield
        finally:
            _TRANSACTION.reset(token)
        for function in held.afterwards:
            function()

    def afterwards(self, function: Callable[[], None]) -> None:
        """Run a function once the transaction at hand has ended well; at once where there is none."""
        held = _TRANSACTION.get()
        if held is None:
            function()
        else:
            held.afterwards.append(function)


_OWN_CODE: Final = Frame()
