"""Reading and parsing request bodies."""

import asyncio
import gzip
import math
import zlib
from decimal import Decimal
from typing import Any

import pytest

from lbconf.api.bodies import Limits, UnreadBodyError, parse_body, read_body, size_in_bytes
from lbconf.query.errors import RequestError

JSON = b"application/json"


def read(*chunks: bytes, limit: int = 100, headers: dict[bytes, bytes] | None = None) -> bytes:
    messages: list[Any] = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]

    async def receive() -> Any:
        return messages.pop(0)

    return asyncio.run(read_body(receive, headers or {}, limit))


def test_chunks_are_joined() -> None:
    assert read(b"ab", b"", b"cd") == b"abcd"


def test_exactly_the_limit_is_fine() -> None:
    assert read(b"x" * 60, b"x" * 40) == b"x" * 100


@pytest.mark.parametrize("headers", [{}, {b"content-length": b"101"}])
def test_above_the_limit(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(UnreadBodyError) as caught:
        read(b"x" * 60, b"x" * 41, headers=headers)
    assert (caught.value.status, caught.value.name) == (413, "PayloadTooLargeError")


@pytest.mark.parametrize(
    ("encoding", "packed"), [(b"gzip", gzip.compress(b"hello", mtime=0)), (b"deflate", zlib.compress(b"hello"))]
)
def test_compressed_bodies(encoding: bytes, packed: bytes) -> None:
    assert read(packed[:7], packed[7:], headers={b"content-encoding": encoding}) == b"hello"


def test_a_bomb_is_stopped_at_the_limit() -> None:
    with pytest.raises(UnreadBodyError) as caught:
        read(gzip.compress(b"\0" * 50_000_000), limit=60_000, headers={b"content-encoding": b"gzip"})
    assert caught.value.status == 413


@pytest.mark.parametrize(("encoding", "body", "status"), [(b"gzip", b"no gzip", 400), (b"br", b"x", 415)])
def test_compression_nobody_reads(encoding: bytes, body: bytes, status: int) -> None:
    with pytest.raises(UnreadBodyError) as caught:
        read(body, headers={b"content-encoding": encoding})
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a": [1, 2.5, null]}', JSON, {"a": [1, 2.5, None]}),
        (b'{"a": 1}', b"Application/JSON; charset=UTF-8", {"a": 1}),
        (b'{"a": 1}', b"application/vnd.api+json", {"a": 1}),
        (b"\xef\xbb\xbf[]", JSON, []),
        (b"5", JSON, 5),
        (b'{"a": 1}', b"text/plain", {}),
        (b'{"a": 1}', b"", {}),
        (b"", JSON, {}),
        (
            b"title=a+b&stars=3&tag=x&tag=y",
            b"application/x-www-form-urlencoded",
            {"title": "a b", "stars": "3", "tag": ["x", "y"]},
        ),
        (b"meta[a][b]=1", b"application/x-www-form-urlencoded", {"meta": {"a": {"b": "1"}}}),
        ('{"a": "ü"}'.encode("utf-16"), b"application/json; charset=utf-16", {"a": "ü"}),
    ],
)
def test_media_types(body: bytes, content_type: bytes, expected: Any) -> None:
    assert parse_body(body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"title": ', "Unexpected end of JSON input"),
        (b'{"title": "abc', "Unexpected end of JSON input"),
        (b"{x", "Expected property name or '}' in JSON at position 1"),
        (b"nope", "Unexpected token n in JSON at position 0"),
        (b'{"a": NaN}', "Unexpected token N in JSON at position 6"),
        (b"[" * 100_000, "JSON is nested too deeply"),
    ],
)
def test_what_is_no_json(body: bytes, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_body(body, JSON)
    assert (caught.value.status, caught.value.name, caught.value.message) == (400, "SyntaxError", message)


@pytest.mark.parametrize("charset", [b"latin-1", b"utf-99"])
def test_charsets_that_are_not_unicode(charset: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        parse_body(b"{}", b"application/json; charset=" + charset)
    assert caught.value.status == 415


def test_an_exponent_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        parse_body(b"[1e9999999999999999999]", JSON, exact=True)
    assert (caught.value.status, caught.value.name) == (400, "SyntaxError")


def test_whole_numbers_end_where_javascripts_do() -> None:
    assert parse_body(b"[" + b"9" * 5000 + b", 1" + b"0" * 300 + b"]", JSON) == [math.inf, 10**300]


def test_numbers_without_loss_where_they_are_wanted() -> None:
    text = b"[0.1, 12.34, 0.12345678901234567890123, 123456789012345678901234567890]"

    assert parse_body(text, JSON, exact=True) == [
        0.1,
        12.34,
        Decimal("0.12345678901234567890123"),
        123456789012345678901234567890,
    ]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("100kb", 102_400),
        ("2MB", 2_097_152),
        ("1.5 kb", 1536),
        ("77", 77),
        (77, 77),
        ("much", 102_400),
        (None, 102_400),
    ],
)
def test_sizes(written: Any, size: int) -> None:
    assert size_in_bytes(written) == size


def test_limits_come_from_the_remoting_settings() -> None:
    assert Limits({"json": {"limit": "1mb"}}, "2kb").form == 2048
    limits = Limits({"json": {"limit": "1mb"}, "urlencoded": {"extended": True}})

    assert (limits.json, limits.form) == (1_048_576, 102_400)
