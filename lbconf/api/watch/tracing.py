"""Traces from request to query, where OpenTelemetry is installed and asked for.

lbconf makes spans through the API package; who collects them is set up outside, as by `opentelemetry-instrument`.

Source: OpenTelemetry semantic conventions for HTTP servers and databases.
"""

from typing import Any

from lbconf.connectors.contract import Connector
from lbconf.project.resolved import Model

__all__ = ["Tracing", "tracing"]


class Tracing:
    """Makes spans."""

    def __init__(self, api: Any, propagate: Any) -> None:
        """Take the modules `opentelemetry.trace` and `opentelemetry.propagate`."""
        self._api = api
        self._propagate = propagate
        self._tracer = api.get_tracer("lbconf")

    def begin(self, scope: Any) -> Any:
        """The span of a request, a child of the one that its headers name."""
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return self._tracer.start_span(
            scope["method"],
            context=self._propagate.extract(carrier),
            kind=self._api.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.scheme": scope.get("scheme", "http")},
        )

    def end(self, span: Any, endpoint: Any, status: int) -> None:
        """End a request's span; the path is the route's, never the one that was sent."""
        if endpoint is not None:
            route = f"{endpoint.model.path}{endpoint.path}"
            span.update_name(f"{endpoint.verb} {route}")
            span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", status)
        if status >= 500 or not status:  # noqa: PLR2004 - HTTP: the server's fault
            span.set_status(self._api.StatusCode.ERROR)
        span.end()

    def query(self, parent: Any, operation: str, model: Model, connector: Connector) -> Any:
        """The span of a query inside a request."""
        return self._tracer.start_span(
            f"{operation} {model.name}",
            context=self._api.set_span_in_context(parent),
            kind=self._api.SpanKind.CLIENT,
            attributes={
                "db.system.name": connector.data_source.connector,
                "db.operation.name": operation,
                "db.collection.name": model.name,
            },
        )

    def failed(self, span: Any, error: BaseException) -> None:
        """Mark a span; the error's words stay out, for they may hold values."""
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(self._api.StatusCode.ERROR)


def tracing() -> Tracing | None:
    """What makes spans; None where OpenTelemetry is not installed."""
    try:
        from opentelemetry import propagate, trace
    except ImportError:
        return None
    return Tracing(trace, propagate)
