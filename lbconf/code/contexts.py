"""What a project's functions are given, and what of it they may change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, overload

from lbconf.query.nodes import Row
from lbconf.records import dataclass, field

__all__ = [
    "BootContext",
    "Caller",
    "HookContext",
    "ModelRows",
    "Models",
    "RemoteContext",
    "Request",
    "RoleContext",
]


class Caller(Protocol):
    """Who asks."""

    @property
    def user_id(self) -> Any:
        """The id of the user; None without one."""
        ...

    @property
    def user_model(self) -> str | None:
        """Name of the model of the user; None without one."""
        ...

    @property
    def token(self) -> Mapping[str, Any] | None:
        """The row of the access token, or the claims of a JWT."""
        ...

    @property
    def roles(self) -> frozenset[str]:
        """Roles that the token itself brings."""
        ...


class Request(Protocol):
    """The HTTP request, without its body."""

    @property
    def verb(self) -> str:
        """`GET`, `POST`, ..."""
        ...

    @property
    def path(self) -> str:
        """Below the REST root, percent-encoded."""
        ...

    @property
    def query_string(self) -> bytes:
        """As it came."""
        ...

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """Names in lower case."""
        ...

    @property
    def client(self) -> str | None:
        """Address of who sent it."""
        ...


class ModelRows(Protocol):
    """The rows of one model, read and written in the transaction at hand; hooks of that model run too."""

    @overload
    def create(self, data: Mapping[str, Any]) -> Row: ...
    @overload
    def create(self, data: Sequence[Mapping[str, Any]]) -> list[Row]: ...
    def create(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Row | list[Row]:
        """Insert one row, or several."""
        ...

    def find(self, filter: Mapping[str, Any] | None = None) -> list[Row]:  # noqa: A002 - LoopBack's word
        """Rows that match, in order."""
        ...

    def find_one(self, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's word
        """The first row that matches, or None."""
        ...

    def find_by_id(self, id: Any, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's words
        """The row with that id, or None."""
        ...

    def find_or_create(self, filter: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Row, bool]:  # noqa: A002 - LoopBack's word
        """The first row that matches, else a new one; and whether it is new."""
        ...

    def exists(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        """Whether there is a row with that id."""
        ...

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """Number of rows that match."""
        ...

    def update(self, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        """Set these properties of the row with that id. Raises `NotFoundError` where there is none."""
        ...

    def upsert(self, data: Mapping[str, Any]) -> Row:
        """Change the row with the data's id, or insert it."""
        ...

    def replace_by_id(self, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        """Replace every property of the row. Raises `NotFoundError` where there is none."""
        ...

    def update_all(self, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        """Set these properties on every row that matches; how many there were."""
        ...

    def delete_by_id(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        """Delete the row with that id; whether there was one."""
        ...

    def delete_all(self, where: Mapping[str, Any] | None = None) -> int:
        """Delete every row that matches; how many went."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """`with models.Order.transaction():` all of the block is done or, when an error leaves it, nothing.

        Where the data source has transactions. Hooks are inside one anyway.
        """
        ...


class Models(Protocol):
    """The models of the project by name: `models.Order` or `models["Order"]`."""

    def __getitem__(self, name: str, /) -> ModelRows:
        """The rows of a model. Raises `KeyError` where there is none of that name."""
        ...

    def __getattr__(self, name: str, /) -> ModelRows:
        """The rows of a model. Raises `AttributeError` where there is none of that name."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Names."""
        ...


@dataclass(slots=True, kw_only=True)
class HookContext:
    """One operation on rows, as LoopBack's operation hooks see it; what does not apply is None.

    | | access | before save | persist | loaded | after save | before, after delete |
    |---|---|---|---|---|---|---|
    | a new row, or one that is replaced | | instance | data, current_instance | data | instance | |
    | some properties of one row | query | data, where, current_instance | the same | data | instance | |
    | some properties of all that match | query | data, where | data, where | | data, where, info | |
    | reading | query | | | data | | |
    | deleting | query | | | | | where, perhaps instance |
    """

    model: str
    """Name of the model."""
    models: Models
    options: dict[str, Any]
    """The same for everything that one request causes; `accessToken` is the row of the token, or None."""
    hook_state: dict[str, Any] = field(default_factory=dict)
    """Shared by the hooks of one operation, for what one wants to tell another."""
    caller: Caller | None = None
    """Who sent the request; None outside of one."""
    instance: Row | None = None
    """A whole row."""
    data: Row | None = None
    """Some properties of one row or of many; of `loaded` what the store gave."""
    where: dict[str, Any] | None = None
    """Which rows are written or deleted."""
    query: dict[str, Any] | None = None
    """The filter: `where`, `fields`, `order`, `include`, `limit`, `skip`, those that are set."""
    current_instance: Mapping[str, Any] | None = None
    """The row as it is now; not to be changed."""
    is_new_instance: bool | None = None
    info: dict[str, Any] | None = None
    """`count`: how many rows were written or deleted."""

    @property
    def row(self) -> Row:
        """What is about to be written: `instance`, else `data`."""
        found = self.instance if self.instance is not None else self.data
        if found is None:
            raise AttributeError(f"this hook of {self.model} has neither an instance nor data")
        return found


@dataclass(slots=True, kw_only=True)
class RemoteContext:
    """One call of a method through HTTP."""

    model: str
    """Name of the model."""
    method: str
    """`find`, `prototype.patchAttributes`, `prototype.__get__lines`, a remote method's own name."""
    models: Models
    options: dict[str, Any]
    """As in hooks."""
    request: Request
    caller: Caller
    args: dict[str, Any] = field(default_factory=dict)
    """By name: `id`, `fk`, `filter`, `where`, `data` of a built-in method, those declared of a remote method.
    A before-remote hook may change them."""
    result: Any = None
    """What is answered, as JSON data; an after-remote hook may change it."""
    error: Exception | None = None
    """Of an after-remote-error hook: why the method failed."""
    status: int | None = None
    """Set it to answer with another HTTP status."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers of the answer."""
    find_instance: Callable[[], Row | None] | None = None
    """Reads the row with the id in the path; use `instance`."""
    found_instance: Row | None = None

    @property
    def instance(self) -> Row | None:
        """The row with the id in the path, for methods of an instance; read when it is first asked for."""
        if self.found_instance is None and self.find_instance is not None:
            self.found_instance = self.find_instance()
        return self.found_instance


@dataclass(slots=True, kw_only=True)
class RoleContext:
    """The question whether a caller is in a role."""

    role: str
    caller: Caller
    models: Models
    model: str | None = None
    """Name of the model that is called."""
    id: Any = None
    """Id of the instance that is called; None for a method of the model itself."""
    method: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class BootContext:
    """A server that is about to take requests; its data sources are connected, those that answer."""

    environment: str
    models: Models
    settings: Mapping[str, Any]
    """What the server document, or config.json, says."""
