"""Request bodies: read within a limit, unpacked, and parsed by their media type."""

import json
import re
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from litestar.types import Receive

from lbconf.diagnostics import Code
from lbconf.query.bracket import parse_query_string
from lbconf.query.errors import RequestError
from lbconf.query.javascript import whole_of_json

__all__ = ["NOTHING", "Limits", "UnreadBodyError", "inflater", "parse_body", "parse_json", "read_body", "size_in_bytes"]

NOTHING: Final[Mapping[str, Any]] = {}
"""What a request without a body, or with one of a media type nobody reads, says."""

DEFAULT_LIMIT: Final = 100 * 1024
"""Bytes; LoopBack's default."""


UPLOAD_LIMIT: Final = 1024**3
"""Bytes."""


class UnreadBodyError(RequestError):
    """A body that was not read to its end, so that the connection cannot be used again."""

    def __init__(self, message: str, *, status: int, name: str, rest: bool = True) -> None:
        """Take the parts of the answer; `rest` says whether the client may still be sending."""
        super().__init__(Code.REQUEST_REFUSED, message, status=status, name=name)
        self.rest = rest


class Limits:
    """How large bodies may be, in bytes."""

    __slots__ = ("form", "json", "routes", "upload")

    def __init__(self, remoting: Mapping[str, Any], both: Any = None, upload: Any = None) -> None:
        """Read `json.limit` and `urlencoded.limit` of the remoting settings; `both` where one of them says nothing."""
        default = size_in_bytes(both)
        self.json = _limit(remoting.get("json"), default)
        self.form = _limit(remoting.get("urlencoded"), default)
        self.upload = size_in_bytes(upload, UPLOAD_LIMIT)
        """Bytes of a body that is stored while it is read."""
        self.routes: dict[int, int] = {}
        """Limits of single endpoints, by their `id`."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """The whole body, decompressed. Raises `RequestError` 413 above the limit, 415 for unknown compression."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large()
    inflate = inflater(headers.get(b"content-encoding", b"identity").lower())
    chunks: list[bytes] = []
    size = 0
    received = False
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            msg = "request aborted"
            raise UnreadBodyError(msg, status=400, name="BadRequestError", rest=False)
        if message["type"] != "http.request":
            continue
        chunk = message.get("body", b"")
        received = received or bool(chunk)
        more = message.get("more_body", False)
        if inflate is not None:
            chunk = _inflated(inflate, chunk, limit - size + 1)
        size += len(chunk)
        if size > limit:
            raise _too_large(rest=more)
        chunks.append(chunk)
    if inflate is not None and received and not inflate.eof:
        msg = "unexpected end of file"
        raise UnreadBodyError(msg, status=400, name="BadRequestError", rest=False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def parse_body(body: bytes, content_type: bytes, *, exact: bool = False) -> Any:
    """The data of a body: JSON or a form; nothing for any other media type, as LoopBack does.

    With `exact`, numbers that a float would change are `Decimal`. Raises
    `RequestError` 400 for JSON that is none, 415 for a charset that is not Unicode.
    """
    media, _, rest = content_type.partition(b";")
    media = media.strip().lower()
    if not body:
        return NOTHING
    if media == b"application/json" or (media.startswith(b"application/") and media.endswith(b"+json")):
        return parse_json(_text(body, rest), exact=exact)
    if media == b"application/x-www-form-urlencoded":
        return parse_query_string(_text(body, rest))
    return NOTHING


def parse_json(text: str, *, exact: bool = False) -> Any:
    """A JSON value. Raises `RequestError` 400 with V8's message."""
    try:
        return (_EXACT_DECODER if exact else _DECODER).decode(text)
    except json.JSONDecodeError as error:
        raise RequestError(Code.REQUEST_REFUSED, _complaint(text, error), status=400, name="SyntaxError") from None
    except RecursionError:
        msg = "JSON is nested too deeply"
        raise RequestError(Code.REQUEST_REFUSED, msg, status=400, name="SyntaxError") from None
    except (ValueError, ArithmeticError):
        msg = "JSON holds a number with too many digits"
        raise RequestError(Code.REQUEST_REFUSED, msg, status=400, name="SyntaxError") from None


def size_in_bytes(written: Any, default: int = DEFAULT_LIMIT) -> int:
    """Bytes for `100kb`, `2mb`, `1024`; the default where it is no size. Source: npm `bytes`."""
    if isinstance(written, int) and not isinstance(written, bool):
        return written
    match = _SIZE.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        return default
    return int(float(match.group(1)) * _UNITS[(match.group(2) or "b").lower()])


def _limit(settings: Any, default: int) -> int:
    return size_in_bytes(settings.get("limit"), default) if isinstance(settings, Mapping) else default


def _too_large(*, rest: bool = True) -> UnreadBodyError:
    return UnreadBodyError("request entity too large", status=413, name="PayloadTooLargeError", rest=rest)


def inflater(encoding: bytes) -> Any:
    """What decompresses a content encoding; None for none. Raises `RequestError` 415 for an unknown one."""
    match encoding.strip():
        case b"" | b"identity":
            return None
        case b"gzip" | b"x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case b"deflate":
            return zlib.decompressobj()
        case _:
            msg = f'unsupported content encoding "{encoding.decode("latin-1")}"'
            raise UnreadBodyError(msg, status=415, name="UnsupportedMediaTypeError")


def _inflated(inflate: Any, chunk: bytes, most: int) -> bytes:
    try:
        found: bytes = inflate.decompress(chunk, max(most, 1))
    except zlib.error:
        msg = "incorrect header check"
        raise UnreadBodyError(msg, status=400, name="Error") from None
    return found


def _text(body: bytes, parameters: bytes) -> str:
    match = _CHARSET.search(parameters.decode("latin-1"))
    charset = match.group(1).lower() if match else "utf-8"
    if not charset.startswith("utf-"):
        msg = f'unsupported charset "{charset.upper()}"'
        raise RequestError(Code.REQUEST_REFUSED, msg, status=415, name="UnsupportedMediaTypeError")
    try:
        return body.decode(charset, "replace").removeprefix("\ufeff")
    except LookupError:
        msg = f'unsupported charset "{charset.upper()}"'
        raise RequestError(Code.REQUEST_REFUSED, msg, status=415, name="UnsupportedMediaTypeError") from None


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    at = text.find(error.doc) if error.doc is not text else error.pos
    if at >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "Unexpected end of JSON input"
    if error.msg.startswith("Expecting property name"):
        return f"Expected property name or '}}' in JSON at position {at}"
    return f"Unexpected token {text[at]} in JSON at position {at}"


def _number(text: str) -> float | Decimal:
    number = float(text)
    exact = Decimal(text)
    return number if Decimal(repr(number)) == exact or abs(number) == _INFINITY else exact


def _refuse(name: str) -> NoReturn:
    msg = f"Unexpected token {name[0]}"
    raise json.JSONDecodeError(msg, name, 0)


_INFINITY = float("inf")
_DECODER = json.JSONDecoder(parse_int=whole_of_json, parse_constant=_refuse)
_EXACT_DECODER = json.JSONDecoder(parse_int=whole_of_json, parse_float=_number, parse_constant=_refuse)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?", re.IGNORECASE)
_UNITS: Final = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
