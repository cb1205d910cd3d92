"""What stands around the endpoints: CORS, access log, negotiation, error bodies."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.access_log import AccessLog, query_without_secrets
from lbconf.api.cors import EXPOSED, Cors, cors_settings
from lbconf.api.negotiation import accepts_json, wants_problem
from lbconf.api.problem import Fault, fault_of, loopback_body, problem_body
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConstraintError, ConstraintKind, LbconfError, TimedOutError
from lbconf.project.resolved import Layout, Project, ServerSettings
from lbconf.query.errors import RequestError

Headers = Iterable[tuple[bytes, bytes]]


def ask(app: Any, method: str = "GET", headers: Headers = (), query: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "method": method,
        "path": "/api/Orders",
        "raw_path": b"/api/Orders",
        "query_string": query,
        "headers": list(headers),
        "client": ("10.0.0.1", 5),
    }

    async def run() -> None:
        await app(scope, receive, send)
        await asyncio.sleep(0.1)

    asyncio.run(run())
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello", "more_body": False})


RECORDED = {"origin": True, "credentials": True, "maxAge": 86400}


def test_preflight_as_recorded() -> None:
    headers = [
        (b"origin", b"http://example.com"),
        (b"access-control-request-method", b"POST"),
        (b"access-control-request-headers", b"content-type,authorization"),
    ]
    status, found, body = ask(Cors(hello, RECORDED), "OPTIONS", headers)

    assert (status, body) == (204, b"")
    assert found == {
        "access-control-allow-origin": "http://example.com",
        "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
        "access-control-allow-headers": "content-type,authorization",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "86400",
        "vary": "Origin, Access-Control-Request-Headers",
        "content-length": "0",
    }


def test_simple_request_as_recorded() -> None:
    _, found, body = ask(Cors(hello, RECORDED), headers=[(b"origin", b"http://example.com")])

    assert body == b"hello"
    assert found == {
        "content-type": "text/plain",
        "access-control-allow-origin": "http://example.com",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({}, "*"),
        ({"origin": "https://a.example"}, "https://a.example"),
        ({"origin": ["https://a.example", "http://example.com"]}, "http://example.com"),
        ({"origin": ["https://a.example"]}, None),
        ({"origin": False}, None),
    ],
)
def test_origins(settings: dict[str, Any], allowed: str | None) -> None:
    _, found, _ = ask(Cors(hello, settings), headers=[(b"origin", b"http://example.com")])

    assert found.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    ("layout", "middleware", "server", "settings"),
    [
        (Layout.LOOPBACK, {"initial": {"cors": {"params": {"origin": True}}}}, {}, {"origin": True}),
        (Layout.LOOPBACK, {"initial": {"cors": {}}}, {}, {}),
        (Layout.LOOPBACK, {"initial": {"cors": {"enabled": False}}}, {}, None),
        (Layout.LOOPBACK, {"initial": {"compression": {}}}, {}, None),
        (Layout.LOOPBACK, {}, {"cors": True}, None),
        (Layout.NATIVE, {}, {}, None),
        (Layout.NATIVE, {}, {"cors": False}, None),
        (Layout.NATIVE, {}, {"cors": True}, {"exposedHeaders": EXPOSED}),
        (
            Layout.NATIVE,
            {},
            {"cors": {"origin": "https://a.example"}},
            {"exposedHeaders": EXPOSED, "origin": "https://a.example"},
        ),
        (Layout.NATIVE, {}, {"cors": {"exposedHeaders": "X-Mine"}}, {"exposedHeaders": "X-Mine"}),
    ],
)
def test_cors_is_off_unless_configured(
    layout: Layout, middleware: dict[str, Any], server: dict[str, Any], settings: dict[str, Any] | None
) -> None:
    project = Project(
        root=Path(),
        environment="test",
        layout=layout,
        data_sources={},
        models={},
        server=ServerSettings(settings=server),
        middleware=middleware,
    )

    assert cors_settings(project) == settings


def test_access_log_line() -> None:
    written: list[bytes] = []
    _, found, _ = ask(
        AccessLog(hello, written.append),
        headers=[(b"x-request-id", b"abc-1")],
        query=b"filter=%7B%7D&access_token=s3cret",
    )

    line = json.loads(written[0])
    assert found["x-request-id"] == "abc-1"
    assert isinstance(line.pop("time"), str)
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "event": "request",
        "id": "abc-1",
        "method": "GET",
        "path": "/api/Orders",
        "status": 200,
        "bytes": 5,
        "client": "10.0.0.1",
        "query": "filter=%7B%7D&access_token=***",
    }


@pytest.mark.parametrize("given", [b"", b"a\nb", b"x" * 200, b"<script>"])
def test_strange_request_ids_are_replaced(given: bytes) -> None:
    _, found, _ = ask(AccessLog(hello, None), headers=[(b"x-request-id", given)])

    assert len(found["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("access_token=abc", "access_token=***"),
        ("a=1&Password=x&b=2", "a=1&Password=***&b=2"),
        ("filter[where][apiKey]=x", "filter[where][apiKey]=***"),
        ("where=%7B%22password%22%3A%22x%22%7D&limit=1", "where=***&limit=1"),
        ("where=1", "where=1"),
    ],
)
def test_secret_parameters(query: str, shown: str) -> None:
    assert query_without_secrets(query) == shown


@pytest.mark.parametrize(
    ("accept", "json_taken", "problem_wanted"),
    [
        (None, True, False),
        (b"*/*", True, False),
        (b"application/json", True, False),
        (b"text/html, application/xhtml+xml, */*;q=0.8", True, False),
        (b"application/*", True, False),
        (b"text/html", False, False),
        (b"application/json;q=0", False, False),
        (b"application/problem+json", True, True),
        (b"application/json, application/problem+json", True, True),
        (b"application/json, application/problem+json;q=0", True, False),
    ],
)
def test_negotiation(accept: bytes | None, json_taken: bool, problem_wanted: bool) -> None:  # noqa: FBT001
    assert (accepts_json(accept), wants_problem(accept)) == (json_taken, problem_wanted)


def diagnostic(message: str) -> Diagnostic:
    return Diagnostic(code=Code.REQUEST_REFUSED, message=message)


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (
            RequestError(Code.REQUEST_REFUSED, "no", status=404, error_code="MODEL_NOT_FOUND"),
            {"statusCode": 404, "name": "Error", "message": "no", "code": "MODEL_NOT_FOUND"},
        ),
        (
            RequestError(
                Code.REQUEST_REFUSED, "bad", status=422, name="ValidationError", details={"codes": {"a": ["b"]}}
            ),
            {"statusCode": 422, "name": "ValidationError", "message": "bad", "details": {"codes": {"a": ["b"]}}},
        ),
        (ConnectionFailedError(diagnostic("host db1")), {"statusCode": 503, "message": "Service Unavailable"}),
        (TimedOutError(diagnostic("slow")), {"statusCode": 503, "message": "Service Unavailable"}),
        (
            ConstraintError(diagnostic("twice"), kind=ConstraintKind.UNIQUE),
            {"statusCode": 409, "name": "ConflictError", "message": "There is such an instance already."},
        ),
        (
            ConstraintError(diagnostic("too long"), kind=ConstraintKind.TYPE),
            {"statusCode": 422, "name": "ValidationError", "message": "The data source refuses the instance."},
        ),
        (LbconfError(diagnostic("inner")), {"statusCode": 500, "message": "Internal Server Error"}),
        (KeyError("password=s3cret"), {"statusCode": 500, "message": "Internal Server Error"}),
    ],
)
def test_loopback_bodies(error: Exception, body: dict[str, Any]) -> None:
    assert json.loads(loopback_body(fault_of(error))) == {"error": body}


def test_problem_details() -> None:
    fault = Fault(status=404, message="no", code="MODEL_NOT_FOUND")

    assert json.loads(problem_body(fault, "/api/Orders/9")) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no",
        "instance": "/api/Orders/9",
        "name": "Error",
        "code": "MODEL_NOT_FOUND",
    }
