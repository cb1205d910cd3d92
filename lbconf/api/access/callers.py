"""From a request to its caller, where more than access tokens tells who that is."""

from collections.abc import Mapping
from typing import Any, Protocol

from lbconf.api.access.api_keys import KeyCallers
from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.access.json_web_tokens import JsonWebTokens, is_web_token
from lbconf.api.access.tokens import Tokens, own_id, token_places, token_text, tokens_of, user_literal
from lbconf.api.request import Request
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError
from lbconf.project.access_settings import AccessSettings, access_settings
from lbconf.project.resolved import Project
from lbconf.records import replace
from lbconf.repository import Repository

__all__ = ["Callers", "FindsCallers", "callers_of"]


class FindsCallers(Protocol):
    """Finds who sent a request."""

    def caller(self, request: Request) -> Caller:
        """Who sent a request. Raises `RequestError` 401 for a token that does not hold."""
        ...

    def own_id(self, parameters: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """The placeholders' values, the caller's id where the literal for it stands. Raises `RequestError` 401."""
        ...


class Callers:
    """Finds callers by API keys, JSON Web Tokens and access tokens, in this order."""

    def __init__(
        self, project: Project, tokens: Tokens | None, web_tokens: JsonWebTokens | None, keys: KeyCallers | None
    ) -> None:
        """Take what finds callers by each; None for what is not taken."""
        self._tokens = tokens
        self._web_tokens = web_tokens
        self._keys = keys
        self._places = replace(token_places(project), web_tokens=web_tokens is not None)
        self._literal = user_literal(project)

    def caller(self, request: Request) -> Caller:
        """Who sent a request: `NOBODY` without a token or with an access token that is not known.

        Raises:
            RequestError: 401 for what does not hold, 503 where an issuer cannot be reached.

        """
        if self._keys is not None:
            key = request.headers.get(self._keys.header)
            if key is not None:
                return self._keys.caller(key.decode("latin-1"))
        text = token_text(request, self._places)
        if not text:
            return NOBODY
        if self._web_tokens is not None and is_web_token(text):
            return self._web_tokens.caller(text)
        return NOBODY if self._tokens is None else self._tokens.caller_of(text)

    def own_id(self, parameters: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """The placeholders' values, the caller's id where the literal for it stands. Raises `RequestError` 401."""
        return own_id(self._literal, parameters, caller)


def callers_of(project: Project, repository: Repository) -> FindsCallers | None:
    """What finds callers in a project; None where nothing tells who somebody is.

    Raises:
        LbconfError: a key cannot be read, or a package is missing.

    """
    settings = access_settings(project)
    tokens = tokens_of(project, repository)
    if not settings.jwt and settings.api_keys is None:
        return tokens
    keys = KeyCallers(settings.api_keys, project, repository) if settings.api_keys is not None else None
    return Callers(project, tokens, _web_tokens(settings, project, repository) if settings.jwt else None, keys)


def _web_tokens(settings: AccessSettings, project: Project, repository: Repository) -> JsonWebTokens:
    from importlib.util import find_spec

    missing = next((name for name in ("jwt", "cryptography") if find_spec(name) is None), None)
    if missing is not None:
        raise LbconfError(
            Diagnostic(
                code=Code.DRIVER_MISSING,
                message=f"JSON Web Tokens need the Python package {missing}, which is not installed.",
                hint="pip install 'lbconf[jwt]'",
            )
        )
    try:
        return JsonWebTokens(settings, project, repository)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else "it is no such key"
        raise LbconfError(
            Diagnostic(
                code=Code.SETTING_INVALID,
                message=f"A key of access.jwt cannot be read: {reason}.",
                hint="publicKey is PEM text; keyFile names a file of PEM or a JWKS, below the project's folder.",
            )
        ) from problem
