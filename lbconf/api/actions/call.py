"""One request to one endpoint, and the answer to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.arguments import Arguments
from lbconf.api.changes.stream import Following
from lbconf.api.endpoints import Endpoint
from lbconf.api.mail.post import Post
from lbconf.api.present import Presenter, encode
from lbconf.api.problem import JSON_TYPE
from lbconf.api.request import Request
from lbconf.api.streams.feed import Upload
from lbconf.api.streams.forms import Form
from lbconf.api.streams.portions import Portions
from lbconf.code.contexts import RemoteContext
from lbconf.records import dataclass
from lbconf.repository import Repository
from lbconf.repository.embedded import Embedded

__all__ = ["NOTHING", "Action", "Answer", "Call", "created", "data", "many", "one"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer."""

    status: int = 200
    body: bytes | None = None
    """None: no body and no media type."""
    content_type: bytes = JSON_TYPE
    headers: tuple[tuple[bytes, bytes], ...] = ()
    rest: Portions | None = None
    """What comes after `body`, of a list that is sent while it is read."""
    following: Following | None = None
    """What is told for as long as the client stays; None for an answer that ends."""


NOTHING: Final = Answer(status=204)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one endpoint."""

    endpoint: Endpoint
    arguments: Arguments
    repository: Repository
    presenter: Presenter
    request: Request
    caller: Caller = NOBODY
    post: Post | None = None
    """Sends mail, for endpoints of users; None where the project has no data source that does."""
    form: Form | None = None
    """What a list is written in; None for JSON."""
    upload: Upload | None = None
    """A body of many instances, which is read while they are stored; None for every other."""
    context: RemoteContext | None = None
    """What the project's own code saw of it, and may have changed."""
    inside: Embedded | None = None
    """What keeps the instance that the endpoint is about, where that is no row of its own."""

    @property
    def id(self) -> Any:
        """The placeholder `id`: text, or the parts of a composite key."""
        return self.arguments.parameters["id"]

    @property
    def fk(self) -> Any:
        """The placeholder `fk`: text, or the parts of a composite key."""
        return self.arguments.parameters["fk"]


Action: TypeAlias = Callable[[Call], Answer]
"""What an endpoint does. Runs in a worker thread."""


def one(call: Call, row: Mapping[str, Any] | None) -> Answer:
    """The answer that is one instance of what the endpoint is about; None is `null`."""
    return data(call.presenter.instance(call.endpoint.subject, row))


def many(call: Call, rows: Sequence[Mapping[str, Any]]) -> Answer:
    """The answer that is a list of instances."""
    return data(call.presenter.instances(call.endpoint.subject, rows))


def created(call: Call, made: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Answer:
    """The answer to what was created, as it was sent: one instance, or a list."""
    return one(call, made) if isinstance(made, Mapping) else many(call, made)


def data(value: Any) -> Answer:
    """The answer that is this value as JSON."""
    return Answer(body=encode(value))
