"""Arguments of a call: placeholders, query and body, with LoopBack's rules for text that should be data."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.endpoints import Body, Endpoint
from lbconf.diagnostics import Code
from lbconf.query.bracket import parse_query_string, unread_parameter
from lbconf.query.errors import RequestError, malformed
from lbconf.query.javascript import json_text
from lbconf.query.nodes import Filter
from lbconf.query.parse import parse_filter, parse_where, told_object

__all__ = ["Arguments"]

READING: Final = frozenset({"GET", "HEAD"})
NAMING_ROWS: Final = frozenset({"updateAll", "upsertWithWhere"})
"""Actions that LoopBack does not do without a condition."""
PASSED_OVER: Final = frozenset({"access_token"})


class Arguments:
    """What a request says, read when it is asked for."""

    __slots__ = ("_body", "_query", "_query_string", "endpoint", "parameters")

    def __init__(self, endpoint: Endpoint, parameters: Mapping[str, Any], query_string: bytes, body: Any) -> None:
        """Take the placeholders' values, the query string as it came and the parsed body."""
        self.endpoint = endpoint
        self.parameters = parameters
        self._query_string = query_string
        self._query: dict[str, Any] | None = None
        self._body = body

    @property
    def body(self) -> Any:
        """The parsed body as it came."""
        return self._body

    def with_body(self, body: Any) -> "Arguments":
        """The same with another body."""
        return Arguments(self.endpoint, self.parameters, self._query_string, body)

    def query(self, name: str) -> Any:
        """A query argument as text, list or nested data; None where it is not there.

        Raises:
            RequestError: 400, in the native layout, for a query that would not be read as it is meant.

        """
        if not self._query_string:
            return None
        if self._query is None:
            text = self._query_string.decode("latin-1")
            if ("[" in text or "%5" in text) and not self.endpoint.model.layout.is_loopback:
                _check_understood(text)
            self._query = parse_query_string(text)
        return self._query.get(name)

    def filter(self) -> Filter:
        """The query argument `filter`. Raises `RequestError` 400."""
        raw = self.told("filter")
        return parse_filter(raw, by_id=raw is not None and self.of_one_by_id)

    @property
    def of_one_by_id(self) -> bool:
        """Whether an id names the row and LoopBack would read no more of a filter than `fields` and `include`."""
        return self.endpoint.action == "findById" and self.endpoint.model.layout.is_loopback

    def where(self) -> Mapping[str, Any] | None:
        """The query argument `where`.

        Where rows are written by it nothing of the query may be lost on the way: a condition that
        is misspelt or not understood would otherwise reach every row.

        Raises:
            RequestError: 400.

        """
        if self.endpoint.verb not in READING:
            self._check_nothing_lost()
            if (
                self.endpoint.action in NAMING_ROWS
                and self.endpoint.model.layout.is_loopback
                and not self.query("where")
            ):
                raise malformed("where is a required argument", hint="An empty object, {}, reaches every instance.")
        return parse_where(self.told("where"))

    def told(self, name: str) -> Any:
        """The query argument; in the native layout an error says what of its JSON is wrong."""
        raw = self.query(name)
        if raw is None or self.endpoint.model.layout.is_loopback:
            return raw
        return told_object(raw, name)

    def _check_nothing_lost(self) -> None:
        text = self._query_string.decode("latin-1")
        _check_understood(text)
        loopback = self.endpoint.model.layout.is_loopback
        for name, value in parse_query_string(text).items():
            if name == "where":
                if value == "" and not loopback:
                    raise malformed("The parameter where is empty", hint="Leave it out to reach every instance.")
            elif name not in PASSED_OVER and (not loopback or name == "filter" or "where" in name.lower()):
                raise malformed(f"The parameter {json_text(name)} is not known here", hint="Did you mean where?")

    def only(self, *names: str) -> None:
        """Return quietly when the query has no other parameters than these. Raises `RequestError` 400 naming one."""
        text = self._query_string.decode("latin-1")
        if not text:
            return
        _check_understood(text)
        unknown = next((one for one in parse_query_string(text) if one not in names and one not in PASSED_OVER), None)
        if unknown is not None:
            hint = f"It takes {' and '.join(names)}; what is asked stands inside."
            raise malformed(f"The parameter {json_text(unknown)} is not known here", hint=hint)

    def instance(self) -> dict[str, Any]:
        """The body as one object. Raises `RequestError` 400."""
        body = self._body
        if isinstance(body, Mapping):
            return dict(body)
        if body is None:
            return {}
        raise _no_object()

    def instances(self) -> dict[str, Any] | list[Any]:
        """The body as one object or a list of objects; LoopBack takes null in a list for none with properties.

        Raises:
            RequestError: 400.

        """
        body = self._body
        if isinstance(body, list) and self.endpoint.body is Body.INSTANCES:
            if None in body and self.endpoint.model.layout.is_loopback:
                body = [{} if item is None else item for item in body]
            if not all(isinstance(item, dict) for item in body):
                raise _no_object()
            return body
        return self.instance()


def _check_understood(text: str) -> None:
    """Raise `RequestError` 400 for a query of which a part would be dropped, such as `filter[where][__proto__]`."""
    lost = unread_parameter(text)
    if lost is not None:
        raise malformed(f"The parameter {json_text(lost)} is not understood")


def _no_object() -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, "Value is not an object.")
