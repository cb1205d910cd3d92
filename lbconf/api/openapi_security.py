"""How a caller says who they are, and which endpoints ask for it. Source: OpenAPI 3.1, security schemes."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.denial import denied_status
from lbconf.api.access.methods import access_type, ruled_names
from lbconf.api.endpoints import Endpoint
from lbconf.project.access_settings import access_settings
from lbconf.project.permissions import Principal, is_allowed
from lbconf.project.resolved import Project

__all__ = ["Security", "security_of"]

STRANGER: Final[tuple[Principal, ...]] = (("ROLE", "$everyone"), ("ROLE", "$unauthenticated"))
OWN_CALLER: Final = frozenset({"logout", "changePassword", "setPassword"})
"""Methods that work on whoever asks, so that nobody else may."""

_BEARER: Final[Mapping[str, Any]] = {
    "type": "http",
    "scheme": "bearer",
    "description": "The id of an access token, as `login` answers it.",
}
_JWT: Final[Mapping[str, Any]] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
_TOKENS: Final[Mapping[str, Mapping[str, Any]]] = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The id of an access token, as `login` answers it.",
    },
    "tokenHeader": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Access-Token",
        "description": "The id of an access token.",
    },
    "tokenQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "access_token",
        "description": "The id of an access token; it may end up in logs of others.",
    },
}


class Security:
    """The security schemes of a project, and what each endpoint needs of them."""

    def __init__(self, project: Project, schemes: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the schemes; empty where the project looks at no tokens."""
        self._project = project
        self.schemes = schemes
        self._any: list[dict[str, list[str]]] = [{name: []} for name in schemes]

    @property
    def known(self) -> bool:
        """Whether callers can say who they are."""
        return bool(self.schemes)

    def is_open(self, endpoint: Endpoint) -> bool:
        """Whether whoever is not known may ask."""
        if endpoint.method in OWN_CALLER:
            return False
        return not self._project.auth or open_to_strangers(endpoint)

    def wanted(self, endpoint: Endpoint) -> list[dict[str, list[str]]] | None:
        """The requirements of an endpoint; None where there is nothing to say."""
        if not self.schemes:
            return None
        return [{}, *self._any] if self.is_open(endpoint) else self._any

    def statuses(self, endpoint: Endpoint) -> tuple[int, ...]:
        """Statuses of answers to those who may not ask, or whose token does not hold."""
        found: set[int] = {401} if self.schemes else set()
        if self._project.auth and (not self.is_open(endpoint) or endpoint.model.acls):
            found |= {401, denied_status(self._project, endpoint.model)}
        return tuple(found)


def security_of(project: Project) -> Security:
    """What a project looks at to find who asks."""
    schemes: dict[str, Mapping[str, Any]] = {}
    if any(model.is_a("AccessToken") and model.data_source for model in project.models.values()):
        schemes |= _TOKENS if project.layout.is_loopback else {"bearer": _BEARER, **_TOKENS}
    settings = access_settings(project)
    for place, issuer in enumerate(settings.jwt, start=1):
        name = "jwt" if len(settings.jwt) == 1 else f"jwt{place}"
        address = f"{str(issuer.issuer).rstrip('/')}/.well-known/openid-configuration"
        schemes[name] = {"type": "openIdConnect", "openIdConnectUrl": address} if issuer.discovers else _JWT
    if settings.api_keys is not None:
        schemes["apiKey"] = {"type": "apiKey", "in": "header", "name": settings.api_keys.header}
    return Security(project, schemes)


def open_to_strangers(endpoint: Endpoint) -> bool:
    """Whether the access rules allow a call by somebody who is not known."""
    return is_allowed(endpoint.model, ruled_names(endpoint), access_type(endpoint), STRANGER)
