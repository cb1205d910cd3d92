"""Entity tags: answers that a client already has, and writes only to what it has seen.

Source: RFC 9110, 8.8.3, 13.1 and 13.2; RFC 9111, 5.2.2.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from lbconf.api.actions.call import Answer, Call
from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint, Result
from lbconf.api.privacy import private
from lbconf.api.request import Request
from lbconf.api.route_table import Found, RouteTable
from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError
from lbconf.records import replace
from lbconf.repository import NotFoundError

__all__ = ["CONDITIONS", "guarded", "tag_of", "tagged"]

CONDITIONS: Final = frozenset({b"if-match", b"if-none-match"})
"""Headers that make a request depend on what is there."""
READING: Final = frozenset({"GET", "HEAD"})
DIGEST_BYTES: Final = 12


def tag_of(body: bytes) -> bytes:
    """The strong entity tag of a body, quotes included."""
    return b'"%b"' % blake2b(body, digest_size=DIGEST_BYTES).hexdigest().encode("ascii")


def tagged(call: Call, answer: Answer) -> Answer:
    """The answer to a request that reads, with its entity tag; 304 without a body where the client has it already."""
    body = answer.body
    if body is None or answer.status != 200 or call.endpoint.action == "head":  # noqa: PLR2004 - an HTTP status
        return answer
    tag = tag_of(body)
    headers = ((b"etag", tag), *answer.headers, *private(call.caller))
    known = call.request.headers.get(b"if-none-match")
    if known is not None and _names(known, tag, weakly=True):
        return Answer(status=304, headers=headers)
    return Answer(status=200, body=body, content_type=answer.content_type, headers=headers)


def guarded(call: Call, act: Callable[[Call], Answer], table: RouteTable) -> Answer:
    """What `act` answers, if what a GET of the same path answers is as `If-Match` and `If-None-Match` demand.

    Looking and writing are one transaction, in which the row is locked. Raises `RequestError` 412.
    """
    headers = call.request.headers
    wanted, unwanted = headers.get(b"if-match"), headers.get(b"if-none-match")
    reading = _reading(call, table)
    if reading is None:
        if wanted is not None:
            raise _failed("Nothing at this path has an entity tag that If-Match could name")
        return act(call)
    with call.repository.transaction(call.endpoint.model):
        call.repository.row_by_id(call.endpoint.model, call.id, locked=True)
        if "fk" in reading.arguments.parameters:
            call.repository.row_by_id(call.endpoint.subject, call.fk, locked=True)
        tag = _current(reading, act)
        if wanted is not None and (tag is None or not _names(wanted, tag, weakly=False)):
            raise _failed("The instance is not the one that If-Match names")
        if unwanted is not None and tag is not None and _names(unwanted, tag, weakly=True):
            raise _failed("There is an instance that If-None-Match rules out")
        answer = act(call)
        if call.endpoint.verb == "DELETE":
            return answer
        tag = _current(reading, act)
    return answer if tag is None else replace(answer, headers=((b"etag", tag), *answer.headers))


def _reading(call: Call, table: RouteTable) -> Call | None:
    """The call that reads what this one writes; None where there is no such thing."""
    path = call.request.path
    if call.endpoint.method == "replaceById":
        path = path.rstrip("/").removesuffix("/replace")
    found = table.match("GET", path)
    if not isinstance(found, Found) or not _is_one(found.endpoint) or "id" not in found.parameters:
        return None
    request = Request(verb="GET", path=path, query_string=b"", headers={}, client=call.request.client)
    arguments = Arguments(found.endpoint, call.arguments.parameters, b"", None)
    return replace(call, endpoint=found.endpoint, arguments=arguments, request=request, context=None)


def _is_one(endpoint: Endpoint) -> bool:
    return endpoint.result is Result.INSTANCE and endpoint.remote is None


def _current(reading: Call, act: Callable[[Call], Answer]) -> bytes | None:
    try:
        body = act(reading).body
    except NotFoundError:
        return None
    return None if body is None or body == b"null" else tag_of(body)


def _names(header: bytes, tag: bytes, *, weakly: bool) -> bool:
    """Whether a list of entity tags has this one, which is strong; `*` has every one."""
    for part in header.split(b","):
        given = part.strip()
        if given in {b"*", tag} or (weakly and given == b"W/" + tag):
            return True
    return False


def _failed(message: str) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message, status=412, name="PreconditionFailedError")
