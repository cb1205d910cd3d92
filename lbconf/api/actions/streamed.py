"""What the endpoints of lists do for a client who wants lines of JSON or CSV."""

from collections.abc import Callable, Generator, Mapping
from typing import Any, Final

from lbconf.api.actions.call import Answer, Call
from lbconf.api.actions.relations import related_of
from lbconf.api.bodies import parse_json
from lbconf.api.privacy import private
from lbconf.api.streams.forms import Form, written
from lbconf.api.streams.portions import Portions
from lbconf.project.resolved import Model
from lbconf.query.nodes import Query, Row

__all__ = ["STREAMED", "streamed", "streamed_whole"]

STREAMED: Final = frozenset({"find", "scope_get", "relation_get"})
"""Actions whose lists may have any length."""
ROWS_AT_ONCE: Final = 250


def streamed(call: Call, form: Form) -> Answer:
    """The answer whose rows are read while they are sent; the first of them are there already."""
    model, query, parts = _rows(call)
    rows = (call.presenter.instances(model, part) for part in parts)
    return _answer(call, form, (model, query), rows, parts.close)


def streamed_whole(call: Call, form: Form, act: Callable[[Call], Answer]) -> Answer:
    """The same made of the JSON that the endpoint answers, where the project's code may have its say on that."""
    answer = act(call)
    found = parse_json((answer.body or b"").decode(), exact=True) if answer.body else None
    if not isinstance(found, list):
        return answer
    rows = iter([[row for row in found if isinstance(row, Mapping)]])
    model = call.endpoint.subject
    return _answer(call, form, (model, call.repository.bound(model, call.arguments.filter())), rows, lambda: None)


def _rows(call: Call) -> tuple[Model, Query, Generator[list[Row], None, None]]:
    wanted = call.arguments.filter()
    if call.endpoint.action == "relation_get":
        related = related_of(call)
        query, parts = related.stream(wanted, ROWS_AT_ONCE)
        return related.target, query, parts
    model = call.endpoint.model
    query, parts = call.repository.stream(model, wanted, scope=call.endpoint.scope, size=ROWS_AT_ONCE)
    return model, query, parts


def _answer(
    call: Call,
    form: Form,
    about: tuple[Model, Query],
    rows: Any,
    close: Callable[[], object],
) -> Answer:
    model, query = about
    writer = written(form, model, query, call.presenter.hides(model))

    def made() -> Generator[bytes, None, None]:
        try:
            head = writer.head()
            for part in rows:
                yield head + writer.rows(part)
                head = b""
            if head:
                yield head
        finally:
            close()

    parts = Portions(made())
    first = parts.next()
    name = f"{model.plural}.{writer.ending}".encode("ascii", "replace").replace(b'"', b"")
    headers = (
        (b"content-disposition", b'attachment; filename="%b"' % name),
        (b"vary", b"accept"),
        (b"x-content-type-options", b"nosniff"),
        *private(call.caller),
    )
    return Answer(body=first, content_type=writer.media, headers=headers, rest=parts)
