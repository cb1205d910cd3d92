"""Decorators that say what a function of the project is; each only marks it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar, overload

from lbconf.records import dataclass

__all__ = [
    "HOOKS",
    "REMOTE_HOOKS",
    "Kind",
    "Mark",
    "access",
    "after_delete",
    "after_remote",
    "after_remote_error",
    "after_save",
    "before_delete",
    "before_remote",
    "before_save",
    "boot",
    "loaded",
    "marks_of",
    "persist",
    "remote",
    "role",
    "validator",
]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__lbconf_marks__"


class Kind(StrEnum):
    """What a function is; of hooks the names that LoopBack gives them."""

    ACCESS = "access"
    BEFORE_SAVE = "before save"
    AFTER_SAVE = "after save"
    LOADED = "loaded"
    PERSIST = "persist"
    BEFORE_DELETE = "before delete"
    AFTER_DELETE = "after delete"
    REMOTE = "remote method"
    BEFORE_REMOTE = "before remote"
    AFTER_REMOTE = "after remote"
    AFTER_REMOTE_ERROR = "after remote error"
    VALIDATOR = "validator"
    ROLE = "role"
    BOOT = "boot"


HOOKS: Final[Mapping[str, Kind]] = {
    "access": Kind.ACCESS,
    "before_save": Kind.BEFORE_SAVE,
    "after_save": Kind.AFTER_SAVE,
    "loaded": Kind.LOADED,
    "persist": Kind.PERSIST,
    "before_delete": Kind.BEFORE_DELETE,
    "after_delete": Kind.AFTER_DELETE,
}
"""Operation hooks by the name of their decorator."""

REMOTE_HOOKS: Final[Mapping[str, Kind]] = {
    "before_remote": Kind.BEFORE_REMOTE,
    "after_remote": Kind.AFTER_REMOTE,
    "after_remote_error": Kind.AFTER_REMOTE_ERROR,
}
"""Remote hooks by the name of their decorator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that a function is."""

    kind: Kind
    name: str | None = None
    """Of a remote method its name, of a remote hook a pattern, of a validator a property, of a role its name."""
    message: str = "is invalid"
    """Of a validator: what follows the property's name in the error."""
    code: str = "custom"
    """Of a validator: LoopBack's name of the rule."""


def marks_of(function: Any) -> tuple[Mark, ...]:
    """What a function says it is; nothing for what no decorator has marked."""
    found = getattr(function, _ATTRIBUTE, ())
    return found if isinstance(found, tuple) else ()


def access(function: F) -> F:
    """Before rows are looked for or written by a condition: `context.query` may be changed."""
    return _marked(function, Mark(kind=Kind.ACCESS))


def before_save(function: F) -> F:
    """Before rows are checked and written: `context.instance` (a whole row) or `context.data` may be changed."""
    return _marked(function, Mark(kind=Kind.BEFORE_SAVE))


def after_save(function: F) -> F:
    """After rows were written, before the transaction ends: an error takes the write back where the source can."""
    return _marked(function, Mark(kind=Kind.AFTER_SAVE))


def loaded(function: F) -> F:
    """After a row came from the data source: `context.data` may be changed."""
    return _marked(function, Mark(kind=Kind.LOADED))


def persist(function: F) -> F:
    """Right before rows are written, after they were checked: `context.data` may be changed."""
    return _marked(function, Mark(kind=Kind.PERSIST))


def before_delete(function: F) -> F:
    """Before the rows that match `context.where` are deleted; it may be changed."""
    return _marked(function, Mark(kind=Kind.BEFORE_DELETE))


def after_delete(function: F) -> F:
    """After rows were deleted; `context.info["count"]` says how many."""
    return _marked(function, Mark(kind=Kind.AFTER_DELETE))


@overload
def remote(name: F, /) -> F: ...
@overload
def remote(name: str | None = None, /) -> Callable[[F], F]: ...
def remote(name: Any = None, /) -> Any:
    """The implementation of a remote method that `methods` of the model declares.

    Without a name it is the function's: `mark_paid` is `markPaid` where that is declared.
    `@remote("prototype.close")` implements the method of an instance.
    """
    if callable(name):
        return _marked(name, Mark(kind=Kind.REMOTE))
    return lambda function: _marked(function, Mark(kind=Kind.REMOTE, name=name))


def before_remote(pattern: str, /) -> Callable[[F], F]:
    """Before a method answers a request: `create`, `prototype.patchAttributes`, `prototype.*`, `*`, `**` (any)."""
    return lambda function: _marked(function, Mark(kind=Kind.BEFORE_REMOTE, name=pattern))


def after_remote(pattern: str, /) -> Callable[[F], F]:
    """After a method has answered well: `context.result` may be changed."""
    return lambda function: _marked(function, Mark(kind=Kind.AFTER_REMOTE, name=pattern))


def after_remote_error(pattern: str, /) -> Callable[[F], F]:
    """After a method failed: `context.error` says how; raise another error to answer with that."""
    return lambda function: _marked(function, Mark(kind=Kind.AFTER_REMOTE_ERROR, name=pattern))


def validator(name: str, /, *, message: str = "is invalid", code: str = "custom") -> Callable[[F], F]:
    """A check of one property, `(value, row)`: False or a message where it is wrong, anything else where not."""
    return lambda function: _marked(function, Mark(kind=Kind.VALIDATOR, name=name, message=message, code=code))


def role(name: str, /) -> Callable[[F], F]:
    """Decides who is in a role; access rules name it as `principalId`."""
    return lambda function: _marked(function, Mark(kind=Kind.ROLE, name=name))


def boot(function: F) -> F:
    """Runs when the server starts, once in each worker process, in the order of modules and of functions in them."""
    return _marked(function, Mark(kind=Kind.BOOT))


def _marked(function: F, mark: Mark) -> F:
    # Decorators apply from the innermost outwards, and are read from the top.
    setattr(function, _ATTRIBUTE, (mark, *marks_of(function)))
    return function
