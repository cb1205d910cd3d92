"""From a JSON Web Token to a caller. Source: RFC 7519 (JWT), RFC 8725 (best practices), RFC 6750 (Bearer)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lbconf.api.access.attempts import TooManyError
from lbconf.api.access.caller import DEFAULT_SCOPES, Caller
from lbconf.api.access.owner import id_as_text
from lbconf.api.access.signing_keys import Keys, KeysMissingError, keys_of
from lbconf.diagnostics import Code
from lbconf.patterns import pattern
from lbconf.project.access_settings import AccessSettings, JwtIssuer
from lbconf.project.resolved import Model, Project
from lbconf.query.errors import RequestError
from lbconf.repository import Repository

__all__ = ["InvalidTokenError", "JsonWebTokens", "is_web_token"]

LONGEST: Final = 16 * 1024
"""Characters of a token that is looked at."""
_WEB_TOKEN: Final = pattern(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")
CHALLENGE: Final = b'Bearer error="invalid_token"'
MISSING: Final = object()
MALFORMED: Final = "malformed"
WRONG_KEY: Final = "wrong key"
UNKNOWN_SUBJECT: Final = "unknown subject"


class InvalidTokenError(RequestError):
    """A token does not hold (401); which of its parts is at fault only the log tells."""

    def __init__(
        self,
        error_code: str = "INVALID_TOKEN",
        message: str = "Invalid Access Token",
        *,
        reason: str | None = None,
    ) -> None:
        """Take the code, what is said, and why for the log: nothing that the token says itself."""
        super().__init__(Code.REQUEST_REFUSED, message, status=401, error_code=error_code)
        self.reason = reason
        self.headers = ((b"www-authenticate", CHALLENGE),)


def is_web_token(text: str) -> bool:
    """Whether a token has the form of a JSON Web Token."""
    return text.startswith("eyJ") and _WEB_TOKEN.fullmatch(text) is not None


class JsonWebTokens:
    """Finds callers by JSON Web Tokens of the issuers that are trusted. May be used from several threads."""

    def __init__(self, settings: AccessSettings, project: Project, repository: Repository) -> None:
        """Take the settings. Raises `ValueError` or `OSError` for a key that cannot be read."""
        self._project = project
        self._repository = repository
        self._issuers: tuple[tuple[JwtIssuer, Keys], ...] = tuple(
            (issuer, keys_of(issuer, project.root)) for issuer in settings.jwt
        )

    def caller(self, text: str) -> Caller:
        """Who a token is for.

        Raises:
            InvalidTokenError: 401, it does not hold.
            TooManyError: 503, the issuer's keys cannot be had at the moment.

        """
        import jwt

        if len(text) > LONGEST:
            raise InvalidTokenError(reason="too long")
        try:
            header = jwt.get_unverified_header(text)
            issuer_said = jwt.decode(text, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise InvalidTokenError(reason=MALFORMED) from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        reason = "issuer"
        for issuer, keys in self._issuers:
            if issuer.issuer is None or issuer.issuer == issuer_said:
                if algorithm not in issuer.algorithms:
                    reason = "algorithm" if reason == "issuer" else reason
                    continue
                claims = _claims(text, issuer, keys, key_id if isinstance(key_id, str) else None, algorithm)
                if not isinstance(claims, str):
                    return self._named(issuer, claims)
                reason = claims if claims != WRONG_KEY or reason in {"issuer", "algorithm"} else reason
        raise InvalidTokenError(reason=reason)

    def _named(self, issuer: JwtIssuer, claims: Mapping[str, Any]) -> Caller:
        said = _at(claims, issuer.user_claim)
        if not isinstance(said, str | int) or isinstance(said, bool) or said == "":
            raise InvalidTokenError(reason="no subject")
        if issuer.user_claim == ("email",) and claims.get("email_verified") is not True:
            raise InvalidTokenError(reason="email not verified")
        user: Any = said
        model = self._project.models.get(issuer.user_model) if issuer.user_model is not None else None
        if model is not None:
            user = self._user(model, issuer.user_property, said)
        scopes = _words(_at(claims, issuer.scopes_claim)) if issuer.scopes_claim else DEFAULT_SCOPES
        return Caller(
            user_model=model.name if model is not None else None,
            user_id=user,
            token=claims,
            roles=frozenset(_roles(issuer, claims)),
            scopes=scopes,
        )

    def _user(self, model: Model, name: str | None, said: str | int) -> Any:
        """The id of the user that a claim names."""
        key = model.ids[0]
        if name is None or name == key.name:
            found = self._repository.id_in_rows(model, said)
            if found is None or id_as_text(found).lower() != str(said).lower():
                # an id that is read loosely, as " 1" or "1.0", would be somebody else's
                raise InvalidTokenError(reason=UNKNOWN_SUBJECT)
            return found
        row = self._repository.user_with(model, {name: str(said)})
        if row is None:
            message = "The token is for a user who is not known here"
            raise InvalidTokenError("USER_NOT_FOUND", message, reason=UNKNOWN_SUBJECT)
        return row[key.name]


def _claims(text: str, issuer: JwtIssuer, keys: Keys, key_id: str | None, algorithm: str) -> Mapping[str, Any] | str:
    """What a token says, where one of the keys has signed it and it holds now; otherwise why it does not."""
    import jwt

    try:
        matching = keys.matching(key_id, algorithm)
    except KeysMissingError:
        message = "The issuer of the token cannot be reached; try again"
        raise TooManyError(message, seconds=issuer.refresh, status=503, error_code="ISSUER_AWAY") from None
    reason = WRONG_KEY
    for key in matching:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                text,
                key.key,
                algorithms=[algorithm],
                audience=list(issuer.audience) or None,
                issuer=issuer.issuer,
                leeway=issuer.leeway,
                options={"require": ["exp"], "verify_aud": bool(issuer.audience)},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as problem:
            said = _reason(problem)
            reason = said if said != WRONG_KEY else reason
            continue
        return claims
    return reason


def _reason(problem: Exception) -> str:
    """Why a token does not hold, in words of ours: the library's may hold what the token says."""
    import jwt

    match problem:
        case jwt.InvalidSignatureError() | jwt.InvalidKeyError():
            return WRONG_KEY
        case jwt.ExpiredSignatureError():
            return "expired"
        case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
            return "not valid yet"
        case jwt.InvalidAudienceError():
            return "audience"
        case jwt.InvalidIssuerError():
            return "issuer"
        case jwt.MissingRequiredClaimError():
            return {"exp": "no exp", "aud": "audience", "iss": "issuer"}.get(problem.claim, MALFORMED)
        case _:
            return MALFORMED


def _at(claims: Mapping[str, Any], path: Sequence[str]) -> Any:
    """A claim by its path; a name that itself holds dots comes first, as in names that are URLs."""
    whole = ".".join(path)
    if whole in claims:
        return claims[whole]
    found: Any = claims
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _roles(issuer: JwtIssuer, claims: Mapping[str, Any]) -> tuple[str, ...]:
    if not issuer.roles_claim:
        return ()
    said = _words(_at(claims, issuer.roles_claim))
    names = issuer.role_names
    found = said if names is None else tuple(names[name] for name in said if name in names)
    return tuple(name for name in found if not name.startswith("$"))


def _words(said: Any) -> tuple[str, ...]:
    if isinstance(said, str):
        return tuple(said.split())
    return tuple(item for item in said if isinstance(item, str)) if isinstance(said, list) else ()
