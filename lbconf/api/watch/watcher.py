"""One request, watched from its first byte to its last, and what data sources did for it."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any, Final, TypeVar

from lbconf.api.watch.metrics import Metrics
from lbconf.api.watch.slow import SlowQueries
from lbconf.api.watch.tracing import Tracing
from lbconf.connectors.contract import Connector
from lbconf.project.resolved import Model
from lbconf.query.nodes import Query

__all__ = ["SCOPE_KEY", "RequestWatch", "Watcher"]

A = TypeVar("A")
R = TypeVar("R")

SCOPE_KEY: Final = "lbconf.watch"
"""Where a request's watch is in its scope."""
OPERATIONS: Final[Mapping[str, str]] = {
    "find": "find",
    "find_json": "find",
    "find_json_included": "find",
    "find_json_rows": "find",
    "count": "count",
    "aggregate": "aggregate",
    "insert": "insert",
    "update": "update",
    "delete": "delete",
}
"""Methods of connectors that are watched, and what they are called."""

_PRESENT: ContextVar["RequestWatch | None"] = ContextVar("watch", default=None)


class RequestWatch:
    """What is known of one request so far."""

    __slots__ = ("asked", "endpoint", "id", "queries", "seconds", "span")

    def __init__(self, id: bytes, *, asked: bool, span: Any) -> None:  # noqa: A002 - the word of the log
        """Take the request's id, whether the answer is to tell its times, and the trace's span."""
        self.id = id
        self.asked = asked
        self.endpoint: Any = None
        self.queries = 0
        self.seconds = 0.0
        """That data sources took."""
        self.span = span

    def run(self, function: Callable[[A], R], argument: A) -> R:
        """The result of the function, whose queries count as this request's."""
        token = _PRESENT.set(self)
        try:
            return function(argument)
        finally:
            _PRESENT.reset(token)

    def timing(self, seconds: float) -> bytes:
        """The header `Server-Timing`. Source: W3C, "Server Timing"."""
        words = "query" if self.queries == 1 else "queries"
        return (
            f'total;dur={seconds * 1000:.2f}, db;dur={self.seconds * 1000:.2f};desc="{self.queries} {words}"'
        ).encode("ascii")


class Watcher:
    """Watches requests and queries of one process."""

    def __init__(
        self, metrics: Metrics | None, *, timing: str | bool, slow: SlowQueries | None, tracing: Tracing | None
    ) -> None:
        """Take who is told; `timing` is true, false or `asked`."""
        self.metrics = metrics
        self._timing = timing
        self._slow = slow
        self._tracing = tracing

    def begin(self, scope: Any, request_id: bytes) -> RequestWatch:
        """A request came in."""
        timing = self._timing
        asked = timing is True or (
            timing == "asked" and any(name == b"x-server-timing" for name, _ in scope["headers"])
        )
        span = self._tracing.begin(scope) if self._tracing is not None else None
        watch = RequestWatch(request_id, asked=asked, span=span)
        scope[SCOPE_KEY] = watch
        if self.metrics is not None:
            self.metrics.running += 1
        return watch

    def end(self, watch: RequestWatch, verb: str, status: int, seconds: float) -> None:
        """It was answered, in so many seconds; status 0 where it was not."""
        metrics = self.metrics
        if metrics is not None:
            metrics.running -= 1
            metrics.request(watch.endpoint, verb, status, seconds)
        if watch.span is not None and self._tracing is not None:
            self._tracing.end(watch.span, watch.endpoint, status)

    def observe(self, connectors: Iterable[Connector]) -> None:
        """Watch from now on what these connectors are asked."""
        for connector in connectors:
            for name, operation in OPERATIONS.items():
                # Of the class: a connector that an earlier application used is watched by the later one alone.
                method = getattr(type(connector), name, None)
                if method is not None:
                    setattr(connector, name, self._observed(method.__get__(connector), connector, operation))
            stream = getattr(type(connector), "stream", None)
            if stream is not None:
                vars(connector)["stream"] = self._observed_stream(stream.__get__(connector), connector)

    def _observed_stream(self, method: Callable[..., Any], connector: Connector) -> Callable[..., Any]:
        """The same as one query, whose time is that of all its parts, not that of the client who takes them."""

        @wraps(method)
        def observed(query: Query, size: int) -> Generator[Any, None, None]:
            watch, tracing = _PRESENT.get(), self._tracing
            span = tracing.query(watch.span, "stream", query.model, connector) if tracing and watch else None
            seconds = 0.0
            try:
                with closing(method(query, size)) as parts:
                    while True:
                        started = perf_counter()
                        part = next(parts, None)
                        seconds += perf_counter() - started
                        if part is None:
                            return
                        yield part
            except Exception as error:
                if span is not None and tracing is not None:
                    tracing.failed(span, error)
                raise
            finally:
                if span is not None:
                    span.end()
                self._note(watch, connector, "stream", query, seconds)

        return observed

    def _note(
        self, watch: RequestWatch | None, connector: Connector, operation: str, asked: Any, seconds: float
    ) -> None:
        if watch is not None:
            watch.queries += 1
            watch.seconds += seconds
        if self.metrics is not None:
            name = (asked if isinstance(asked, Model) else asked.model).name
            self.metrics.query(connector.data_source.name, name, operation, seconds)
        if self._slow is not None and seconds >= self._slow.limit:
            self._slow.note(connector, operation, asked, seconds, None if watch is None else watch.id)

    def _observed(self, method: Callable[..., Any], connector: Connector, operation: str) -> Callable[..., Any]:
        metrics, slow, tracing = self.metrics, self._slow, self._tracing
        source = connector.data_source.name

        @wraps(method)
        def observed(first: Any, *rest: Any, **named: Any) -> Any:
            watch = _PRESENT.get()
            model = first if isinstance(first, Model) else first.model
            span = tracing.query(watch.span, operation, model, connector) if tracing and watch else None
            started = perf_counter()
            try:
                return method(first, *rest, **named)
            except BaseException as error:
                if span is not None and tracing is not None:
                    tracing.failed(span, error)
                raise
            finally:
                seconds = perf_counter() - started
                if span is not None:
                    span.end()
                if watch is not None:
                    watch.queries += 1
                    watch.seconds += seconds
                if metrics is not None:
                    metrics.query(source, model.name, operation, seconds)
                if slow is not None and seconds >= slow.limit:
                    slow.note(connector, operation, first, seconds, None if watch is None else watch.id)

        return observed
