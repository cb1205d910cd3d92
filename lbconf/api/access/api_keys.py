"""From an API key to a caller. Only digests of keys are kept, so that who reads them has no key."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from lbconf.api.access.caller import DEFAULT_SCOPES, Caller
from lbconf.api.access.json_web_tokens import InvalidTokenError
from lbconf.project.access_settings import ApiKeys, moment
from lbconf.project.resolved import Model, Project
from lbconf.repository import Repository

__all__ = ["KeyCallers", "key_digest", "new_key"]

PREFIX: Final = "lbk_"
KEY_BYTES: Final = 32
LONGEST: Final = 512


def new_key() -> str:
    """A key that nobody has yet."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def key_digest(key: str) -> str:
    """What is kept of a key. It needs no salt and no slowness, for nobody guesses 256 random bits."""
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


class KeyCallers:
    """Finds callers by API keys. May be used from several threads."""

    def __init__(self, settings: ApiKeys, project: Project, repository: Repository) -> None:
        """Take the settings."""
        self.header = settings.header.lower().encode("latin-1", "replace")
        self._project = project
        self._repository = repository
        self._clients = {client.digest.lower(): client for client in settings.clients}
        self._model = project.models.get(settings.model) if settings.model is not None else None

    def caller(self, key: str) -> Caller:
        """Who a key is for. Raises `InvalidTokenError` 401."""
        if key and len(key) <= LONGEST:
            digest = key_digest(key)
            client = self._clients.get(digest)
            if client is not None:
                if client.expires is not None and client.expires <= datetime.now(UTC):
                    raise _invalid()
                return self._named(client.name, client.user, client.user_model, list(client.roles), list(client.scopes))
            row = self._repository.user_with(self._model, {"digest": digest}) if self._model is not None else None
            if row is not None:
                return self._from_row(row)
        raise _invalid()

    def _from_row(self, row: Any) -> Caller:
        expires = row.get("expires")
        if expires is not None:
            until = moment(expires)
            if until is None or until <= datetime.now(UTC):
                raise _invalid()
        assert self._model is not None  # noqa: S101 - the row is one of it
        kind = row.get("principalType") or _user_model(self._model)
        return self._named(row.get("name"), row.get("userId"), kind, row.get("roles"), row.get("scopes"))

    def _named(self, name: Any, user: Any, kind: Any, roles: Any, scopes: Any) -> Caller:
        model = self._project.models.get(kind) if isinstance(kind, str) else None
        if user is not None and model is not None:
            user = self._repository.id_in_rows(model, user)
        return Caller(
            user_model=model.name if model is not None else None,
            user_id=user,
            application_id=name,
            token={"name": name},
            roles=frozenset(role for role in _texts(roles) if not role.startswith("$")),
            scopes=_texts(scopes) or DEFAULT_SCOPES,
        )


def _user_model(model: Model) -> str | None:
    """The model of the users that rows of keys are for."""
    return next((one.target for one in model.relations.values() if one.key_from == ("userId",)), None)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


def _invalid() -> InvalidTokenError:
    return InvalidTokenError("INVALID_API_KEY", "Invalid API key")
