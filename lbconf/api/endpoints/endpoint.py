"""One verb on one path of a model: LoopBack's method names, arguments and results."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from lbconf.code.loading import Function
from lbconf.code.methods import RemoteMethod
from lbconf.project.resolved import Model, Relation
from lbconf.records import dataclass

__all__ = ["FILTER", "WHERE", "Argument", "Body", "Endpoint", "Result", "Row", "paging_of"]

Row = tuple[str, str, str, tuple[str, ...], "Body", "Result", str]
"""An endpoint in a table: prefix of the method, verb, end of the path, query arguments, body, result, summary."""
FILTER = ("filter",)
WHERE = ("where",)


class Body(StrEnum):
    """What a request's body holds."""

    NONE = "none"
    INSTANCE = "instance"
    """One object; properties may be missing."""
    INSTANCES = "instances"
    """One object, or a list of them."""
    ANY = "any"
    """Whatever a remote method takes: an object with its arguments, or one argument itself."""


class Result(StrEnum):
    """What a good answer holds."""

    INSTANCE = "instance"
    INSTANCES = "instances"
    """A list."""
    CREATED = "created"
    """What was created: one instance, or a list when a list was sent."""
    COUNT = "count"
    EXISTS = "exists"
    LINK = "link"
    """The row of the model in between."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Something an endpoint takes beside `filter`, `where` and its body, for the description of the API."""

    name: str
    place: str = "query"
    """`query`, `path` or `header`."""
    schema: Mapping[str, Any]
    """JSON Schema of its value, as small as can be: `{"type": "string"}`."""
    required: bool = False
    description: str = ""


PAGING: Final = (
    Argument(
        name="count",
        schema={"type": "boolean"},
        description="Whether `X-Total-Count` says how many there are in all.",
    ),
    Argument(
        name="after",
        schema={"type": "string"},
        description="Where the page begins: empty for the first one, then as the link `next` of the last answer says.",
    ),
)
"""What lists of the native layout take beside a filter."""


def paging_of(model: "Model") -> tuple[Argument, ...]:
    """The same for lists of this model's endpoints."""
    return () if model.layout.is_loopback else PAGING


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One verb on one path of one model."""

    model: Model
    method: str
    """LoopBack's name: `find`, `prototype.patchAttributes`, `prototype.__get__orders`."""
    action: str
    """Name of the function that answers, without the relation's or scope's name."""
    verb: str
    path: str
    """Below the model's own path, placeholders in braces: `/{id}/orders/{fk}`; `/` for the collection."""
    query: tuple[str, ...] = ()
    """Names of the query arguments: `filter`, `where`."""
    body: Body = Body.NONE
    result: Result = Result.INSTANCE
    relation: Relation | None = None
    delegate: "Endpoint | None" = None
    """The endpoint of a related model that answers for the related instance that the placeholder `nk` names."""
    scope: str | None = None
    """Name of the scope, for its endpoints."""
    target: Model | None = None
    """Model of what is read or written, where it is not `model`."""
    summary: str = ""
    arguments: tuple[Argument, ...] = ()
    """What it takes beside `query` and `body`."""
    body_schema: Mapping[str, Any] | None = None
    """JSON Schema of the body where it is no instance of `subject`; `body` says whether there is one."""
    result_schema: Mapping[str, Any] | None = None
    """JSON Schema of a good answer where `result` does not say it; with `$ref` to `#/components/schemas/Order`."""
    status: int | None = None
    """Status of a good answer where it is neither 200 nor, without a body, 204."""
    faults: tuple[int, ...] = ()
    """Statuses of other answers that are peculiar to it, such as 304 or 412."""
    body_media: tuple[str, ...] = ()
    """Media types of bodies it reads beside JSON and forms."""
    result_media: tuple[str, ...] = ()
    """Media types of good answers it gives beside JSON."""
    documented: bool = True
    """Whether descriptions of the API tell of it."""
    notes: str = ""
    """More about it than `summary` says."""
    remote: RemoteMethod | None = None
    """What the model declares, for a remote method."""
    implementation: Function | None = None
    """The project's function that answers; None where there is none (501)."""
    error_status: int | None = None
    """Status of an error of that function that says none itself."""

    @property
    def subject(self) -> Model:
        """The model of what is read or written."""
        return self.target or self.model

    @property
    def operation_id(self) -> str:
        """LoopBack's operation id: `Order.prototype.__get__lines`."""
        return f"{self.model.name}.{self.method}"
