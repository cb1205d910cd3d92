"""What access rules see of an endpoint: the method's names, the kind of access, the scopes of tokens it takes.

Source: LoopBack 3, documentation of access control and of remote methods.
"""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.caller import DEFAULT_SCOPES
from lbconf.api.endpoints import Endpoint
from lbconf.api.sharing import ALIASES
from lbconf.project.access import TOKENS
from lbconf.repository.user_rows import narrow_reset

__all__ = ["EXECUTE", "READ", "WRITE", "access_scopes", "access_type", "method_name", "method_names", "ruled_names"]

READ: Final = "READ"
WRITE: Final = "WRITE"
EXECUTE: Final = "EXECUTE"
TYPES: Final = frozenset({READ, WRITE, EXECUTE, "REPLICATE"})
INSTANCE: Final = "prototype."
EXPLICIT: Final[Mapping[str, str]] = {
    "createChangeStream": READ,
    "diff": READ,
    "createUpdates": READ,
    "checkpoint": "REPLICATE",
    "login": EXECUTE,
    "logout": EXECUTE,
    "resetPassword": EXECUTE,
    "changePassword": EXECUTE,
    "setPassword": EXECUTE,
    "verify": EXECUTE,
}
"""Methods whose kind of access their verb does not tell."""
WRITING: Final = frozenset({"create", "updateOrCreate", "update", "destroyById", "deleteById", "removeById"})
READING: Final = frozenset({"exists", "find", "findById", "findOne", "count"})


def method_name(endpoint: Endpoint) -> str:
    """The method's name as rules write it: `patchAttributes`, `__get__lines`."""
    return endpoint.method.removeprefix(INSTANCE)


def method_names(endpoint: Endpoint) -> tuple[str, ...]:
    """The method's name and its aliases, as rules write them."""
    names = (endpoint.method, *ALIASES.get(endpoint.method, ()))
    return tuple(name.removeprefix(INSTANCE) for name in names)


def ruled_names(endpoint: Endpoint) -> tuple[str, ...]:
    """The names by which rules in files reach the method: in LoopBack's layouts its own name only, as LoopBack does."""
    names = method_names(endpoint)
    return names[:1] if endpoint.model.layout.is_loopback else names


def access_type(endpoint: Endpoint) -> str:
    """`READ`, `WRITE`, `EXECUTE` or `REPLICATE`: as a remote method says, else as what it does.

    In native projects reading access tokens is writing: whoever has one may change whatever its user may.
    """
    name = method_name(endpoint)
    if endpoint.relation is not None and endpoint.subject.is_a(TOKENS) and not endpoint.model.layout.is_loopback:
        return WRITE
    written = _declared(endpoint)
    if written is not None:
        said = str(written.get("accessType") or "").upper()
        if said in TYPES:
            return said
    elif name in EXPLICIT:
        return EXPLICIT[name]
    several = written is not None and isinstance(written.get("http"), list | tuple)
    if endpoint.verb in {"GET", "HEAD"} and not several:
        return READ
    if written is None or name in WRITING:
        return WRITE
    return READ if name in READING else EXECUTE


def access_scopes(endpoint: Endpoint) -> tuple[str, ...]:
    """The scopes one of which a token must have."""
    written = _declared(endpoint)
    said = written.get("accessScopes") if written is not None else None
    if isinstance(said, list | tuple):
        return tuple(str(scope) for scope in said)
    if endpoint.action == "user_set_password" and narrow_reset(endpoint.model):
        return ("reset-password",)
    return DEFAULT_SCOPES


def _declared(endpoint: Endpoint) -> Mapping[str, Any] | None:
    """What the model's `methods` say of it; None for LoopBack's own methods."""
    for name in (endpoint.method, method_name(endpoint)):
        found = endpoint.model.methods.get(name)
        if isinstance(found, Mapping):
            return found
    return None
