"""From a verb and a path to an endpoint."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from lbconf.api.endpoints import Endpoint
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.records import dataclass, field

__all__ = ["Found", "NotFound", "RouteTable", "Undecodable"]


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint and the values of its placeholders."""

    endpoint: Endpoint
    parameters: dict[str, Any]
    """Texts; a tuple of them where a key of several parts was given part by part."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """No endpoint takes this verb on this path."""

    model: Model | None
    """The model whose path it starts with."""
    rest: str
    """The path below that model's path, or the whole path."""


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A path segment that is no percent-encoded UTF-8."""

    segment: str


@dataclass(slots=True)
class _Node:
    static: dict[str, "_Node"] = field(default_factory=dict)
    placeholder: "_Node | None" = None
    endpoint: Endpoint | None = None
    names: tuple[str, ...] = ()
    """Names of the placeholders on the way here."""


_WITHOUT_HEAD = frozenset({"findOne", "count"})
"""What LoopBack takes for an id where HEAD is asked."""


class RouteTable:
    """Every endpoint, found in a few steps whatever their number.

    As in LoopBack, static segments ignore case and go before placeholders, one
    slash at the end is allowed, and HEAD is answered by GET's endpoint where it
    has none of its own.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        """Build the table; of two endpoints for one verb and path the first wins."""
        self._roots: dict[str, _Node] = {}
        self._models: dict[tuple[str, ...], Model] = {}
        self._slashes = False
        listed = tuple(endpoints)
        for endpoint in listed:
            self._slashes |= endpoint.model.layout.is_loopback
            model_path = _segments(endpoint.model.path)
            self._models.setdefault(tuple(segment.lower() for segment in model_path), endpoint.model)
            segments = model_path + _segments(endpoint.path)
            self._insert(endpoint.verb, segments, endpoint)
        for endpoint in listed:
            if endpoint.verb == "GET" and not (endpoint.model.layout.is_loopback and endpoint.action in _WITHOUT_HEAD):
                self._insert("HEAD", _segments(endpoint.model.path) + _segments(endpoint.path), endpoint)
        self._longest = max((len(path) for path in self._models), default=0)

    def match(self, verb: str, path: str) -> Found | NotFound | Undecodable:
        """The endpoint for a verb and a percent-encoded path below the REST root, such as `/orders/7`."""
        segments = _segments(path)
        if "" in segments and self._slashes:
            segments = tuple(segment for segment in segments if segment)
        root = self._roots.get(verb)
        if root is not None:
            taken: list[str] = []
            node = _walk(root, segments, 0, taken)
            if node is not None and node.endpoint is not None:
                parameters: dict[str, Any] = {}
                for name, segment in zip(node.names, taken, strict=True):
                    decoded = _decode(segment)
                    if decoded is None:
                        return Undecodable(segment)
                    parameters[name] = _parts(node.endpoint, name, segment) or decoded
                if "null" in parameters.values() and node.endpoint.model.layout.is_loopback:
                    _refuse_null(parameters)
                return Found(node.endpoint, parameters)
        return self._not_found(segments, path)

    def _insert(self, verb: str, segments: tuple[str, ...], endpoint: Endpoint) -> None:
        node = self._roots.setdefault(verb, _Node())
        names: list[str] = []
        for segment in segments:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.placeholder = node.placeholder or _Node()
                node = node.placeholder
            else:
                node = node.static.setdefault(segment.lower(), _Node())
        if node.endpoint is None:
            node.endpoint = endpoint
            node.names = tuple(names)

    def _not_found(self, segments: tuple[str, ...], path: str) -> NotFound:
        lowered = tuple(segment.lower() for segment in segments[: self._longest])
        for length in range(len(lowered), 0, -1):
            model = self._models.get(lowered[:length])
            if model is not None:
                return NotFound(model, "/" + "/".join(segments[length:]))
        return NotFound(None, path or "/")


def _segments(path: str) -> tuple[str, ...]:
    stripped = path.removeprefix("/")
    stripped = stripped.removesuffix("/")
    return tuple(stripped.split("/")) if stripped else ()


def _refuse_null(parameters: Mapping[str, Any]) -> None:
    """LoopBack reads the word as null, which is no id."""
    for name in ("id", "fk", "nk"):
        if parameters.get(name) == "null":
            raise RequestError(Code.REQUEST_REFUSED, f"{name} is a required argument")


def _walk(node: _Node, segments: tuple[str, ...], depth: int, taken: list[str]) -> _Node | None:
    if depth == len(segments):
        return node if node.endpoint is not None else None
    segment = segments[depth]
    following = node.static.get(segment) or node.static.get(segment.lower())
    if following is not None:
        found = _walk(following, segments, depth + 1, taken)
        if found is not None:
            return found
    if node.placeholder is None or not segment:
        return None
    taken.append(segment)
    found = _walk(node.placeholder, segments, depth + 1, taken)
    if found is None:
        taken.pop()
    return found


def _parts(endpoint: Endpoint, name: str, segment: str) -> tuple[str, ...] | None:
    """The parts of a composite key, in which commas are written `%2C`; None where it is none, or encoded as a whole."""
    model = endpoint.model if name == "id" else endpoint.subject
    if len(model.ids) < 2:  # noqa: PLR2004 - a composite key
        return None
    parts = tuple(_decode(part) or "" for part in segment.split(","))
    return parts if len(parts) == len(model.ids) else None


def _decode(segment: str) -> str | None:
    if "%" not in segment:
        return segment
    for index, char in enumerate(segment):
        if char == "%" and len(segment[index + 1 : index + 3].strip("0123456789abcdefABCDEF")) > 0:
            return None
        if char == "%" and len(segment[index + 1 : index + 3]) < len("00"):
            return None
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return None
