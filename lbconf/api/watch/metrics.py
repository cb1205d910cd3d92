"""Counts and times of requests and queries, in the text form that Prometheus reads.

Source: Prometheus, "Exposition formats", text-based format 0.0.4.
"""

import os
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from threading import Lock
from typing import Any, Final

from lbconf.records import dataclass

__all__ = ["CONTENT_TYPE", "Family", "Metrics", "exposition"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
OTHER: Final = ("OTHER", "(other)")
"""Verb and route of what is no endpoint: pages, unknown paths."""
VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with all its series."""

    name: str
    kind: str
    """`counter`, `gauge` or `histogram`."""
    help: str
    samples: Mapping[str, float]
    """By what follows the name: `_count{route="/x"}`, `{state="idle"}`, or nothing."""


class _Times:
    """A histogram."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def samples(self, labels: str) -> Iterable[tuple[str, float]]:
        total = 0
        for bound, count in zip((*BOUNDS, "+Inf"), self.buckets, strict=True):
            total += count
            yield f'_bucket{{{labels},le="{bound}"}}', total
        yield f"_sum{{{labels}}}", self.sum
        yield f"_count{{{labels}}}", total


class _Route(_Times):
    __slots__ = ("labels", "statuses")

    def __init__(self, verb: str, route: str) -> None:
        super().__init__()
        self.labels = f'method="{verb}",route="{_escaped(route)}"'
        self.statuses: dict[int, int] = {}


class Metrics:
    """Counts of one process. Requests are counted by the event loop's thread alone, queries by any."""

    def __init__(self, gauges: Callable[[], Iterable[Family]] = tuple, root: str = "") -> None:
        """Take what tells the values that are only looked at when somebody asks, and the path before all routes."""
        self._gauges = gauges
        self._root = root
        self._routes: dict[object, _Route] = {}
        self._queries: dict[tuple[str, str, str], _Times] = {}
        self._lock = Lock()
        self.running = 0
        """Requests that are being answered."""

    def request(self, endpoint: Any, verb: str, status: int, seconds: float) -> None:
        """Count a request that was answered. `endpoint` is None for what is none."""
        key = id(endpoint) if endpoint is not None else verb
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = self._route(endpoint, verb)
        route.buckets[bisect_left(BOUNDS, seconds)] += 1
        route.sum += seconds
        statuses = route.statuses
        statuses[status] = statuses.get(status, 0) + 1

    def query(self, source: str, model: str, operation: str, seconds: float) -> None:
        """Count what a data source was asked for a model."""
        key = (source, model, operation)
        with self._lock:
            times = self._queries.get(key)
            if times is None:
                times = self._queries[key] = _Times()
            times.add(seconds)

    def families(self) -> tuple[Family, ...]:
        """Everything counted so far."""
        requests: dict[str, float] = {}
        durations: dict[str, float] = {}
        for route in list(self._routes.values()):
            durations.update(route.samples(route.labels))
            for status, count in list(route.statuses.items()):
                requests[f'{{{route.labels},status="{status}"}}'] = count
        with self._lock:
            queries = {
                name: value
                for (source, model, operation), times in self._queries.items()
                for name, value in times.samples(
                    f'data_source="{_escaped(source)}",model="{_escaped(model)}",operation="{operation}"'
                )
            }
        return (
            Family(name="lbconf_requests_total", kind="counter", help="Requests answered.", samples=requests),
            Family(
                name="lbconf_request_duration_seconds",
                kind="histogram",
                help="Time from a request to the end of its answer.",
                samples=durations,
            ),
            Family(
                name="lbconf_query_duration_seconds",
                kind="histogram",
                help="Time that a data source took, by model.",
                samples=queries,
            ),
            Family(
                name="lbconf_requests_in_progress",
                kind="gauge",
                help="Requests being answered.",
                samples={"": self.running},
            ),
            *self._gauges(),
            *_process(),
        )

    def _route(self, endpoint: Any, verb: str) -> _Route:
        if endpoint is None:
            return _Route(verb if verb in VERBS else OTHER[0], OTHER[1])
        route = f"{self._root}{endpoint.model.path}{endpoint.path}"
        return _Route(endpoint.verb, route.rstrip("/") or "/")


def exposition(families: Iterable[Family]) -> bytes:
    """The text of a scrape."""
    lines: list[str] = []
    for family in families:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{family.name}{series} {_number(value)}" for series, value in family.samples.items()]
    return ("\n".join(lines) + "\n").encode()


def _process() -> Iterable[Family]:
    used = time.process_time()
    yield Family(name="process_cpu_seconds_total", kind="counter", help="Processor time.", samples={"": used})
    memory = _resident()
    if memory is not None:
        yield Family(
            name="process_resident_memory_bytes", kind="gauge", help="Memory of the process.", samples={"": memory}
        )
    python = ".".join(map(str, sys.version_info[:3]))
    yield Family(
        name="lbconf_info",
        kind="gauge",
        help="What serves.",
        samples={f'{{version="{version("lbconf")}",python="{python}"}}': 1},
    )


def _resident() -> int | None:
    try:
        with open("/proc/self/statm", encoding="ascii") as facts:  # noqa: PTH123 - no file of a project
            return int(facts.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
