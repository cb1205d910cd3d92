"""What the server's settings say about callers: `access`, or `lbconf.access` in a LoopBack project's config.json."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lbconf.layers.secret import Secret
from lbconf.project.resolved import Layout, Project
from lbconf.records import dataclass

__all__ = [
    "SYMMETRIC",
    "AccessSettings",
    "ApiKey",
    "ApiKeys",
    "JwtIssuer",
    "LoginLimits",
    "access_settings",
    "moment",
    "read_access",
    "stores_digests",
    "written_access",
]

SYMMETRIC: Final = frozenset({"HS256", "HS384", "HS512"})
USUAL: Final = ("RS256", "ES256")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLimits:
    """How often somebody may fail to log in."""

    attempts: int = 10
    """For one account from one address."""
    per_account: int = 50
    per_address: int = 100
    seconds: int = 900
    """After how long failures are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtIssuer:
    """A party whose JSON Web Tokens are taken."""

    issuer: str | None
    audience: tuple[str, ...]
    """Empty: whatever audience."""
    algorithms: tuple[str, ...]
    jwks_url: str | None
    public_key: str | None
    key_file: str | None
    secret: str | None
    leeway: int
    """Seconds."""
    refresh: int
    """Least seconds between two readings of keys."""
    user_claim: tuple[str, ...]
    """Names of claims, each inside the one before."""
    user_model: str | None
    user_property: str | None
    roles_claim: tuple[str, ...]
    role_names: Mapping[str, str] | None
    scopes_claim: tuple[str, ...]

    @property
    def discovers(self) -> bool:
        """Whether the place of the keys is asked of the issuer."""
        return self.jwks_url is self.public_key is self.key_file is self.secret is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that a program sends."""

    name: str
    digest: str
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    user: str | int | None = None
    user_model: str | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """Where keys are looked for."""

    header: str = "X-API-Key"
    clients: tuple[ApiKey, ...] = ()
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSettings:
    """Who may say who they are, and how."""

    digests: bool
    """Whether only digests of access tokens are stored."""
    login: LoginLimits | None
    redirects: frozenset[str] = frozenset()
    """Origins in lower case."""
    current_user: str | None = None
    """A placeholder's value that stands for the caller's own id, such as `me` (native)."""
    jwt: tuple[JwtIssuer, ...] = ()
    api_keys: ApiKeys | None = None


def access_settings(project: Project) -> AccessSettings:
    """The settings of a project, with defaults where nothing usable is said."""
    return read_access(project.server.settings, project.layout)


def stores_digests(project: Project) -> bool:
    """Whether only digests of access tokens are stored."""
    return _digests(written_access(project.server.settings, project.layout), project.layout)


def written_access(server: Mapping[str, Any], layout: Layout) -> Mapping[str, Any]:
    """The section as written; empty without one."""
    if layout.is_loopback:
        own = server.get("lbconf")
        server = own if isinstance(own, Mapping) else {}
    said = server.get("access")
    return said if isinstance(said, Mapping) else {}


def read_access(server: Mapping[str, Any], layout: Layout) -> AccessSettings:
    """The settings that the server's document holds."""
    said = written_access(server, layout)
    jwt = said.get("jwt")
    issuers = jwt if isinstance(jwt, list | tuple) else (jwt,)
    return AccessSettings(
        digests=_digests(said, layout),
        login=_limits(said.get("login")),
        redirects=frozenset(origin.rstrip("/").lower() for origin in _texts(said.get("redirects"))),
        current_user=_text(said.get("currentUser")),
        jwt=tuple(_issuer(one) for one in issuers if isinstance(one, Mapping)),
        api_keys=_api_keys(said.get("apiKeys")),
    )


def _digests(said: Mapping[str, Any], layout: Layout) -> bool:
    written = said.get("storeTokens")
    return written == "digest" if written is not None else not layout.is_loopback


def _limits(said: Any) -> LoginLimits | None:
    if said is False:
        return None
    written: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    usual = LoginLimits()
    return LoginLimits(
        attempts=_count(written.get("attempts"), usual.attempts),
        per_account=_count(written.get("attemptsPerAccount"), usual.per_account),
        per_address=_count(written.get("attemptsPerAddress"), usual.per_address),
        seconds=_count(written.get("seconds"), usual.seconds),
    )


def _issuer(said: Mapping[str, Any]) -> JwtIssuer:
    user = said.get("user") if isinstance(said.get("user"), Mapping) else {}
    roles = said.get("roles") if isinstance(said.get("roles"), Mapping) else {}
    assert isinstance(user, Mapping)  # noqa: S101 - just seen to
    assert isinstance(roles, Mapping)  # noqa: S101 - just seen to
    secret = _text(said.get("secret"))
    names = roles.get("names")
    audience = said.get("audience")
    return JwtIssuer(
        issuer=_text(said.get("issuer")),
        audience=_texts(audience) if isinstance(audience, list | tuple) else _texts((audience,)),
        algorithms=_texts(said.get("algorithms")) or (("HS256",) if secret else USUAL),
        jwks_url=_text(said.get("jwksUrl")),
        public_key=_text(said.get("publicKey")),
        key_file=_text(said.get("keyFile")),
        secret=secret,
        leeway=_count(said.get("leeway"), 30, least=0),
        refresh=_count(said.get("refresh"), 60),
        user_claim=_path(user.get("claim"), "sub"),
        user_model=_text(user.get("model")),
        user_property=_text(user.get("property")),
        roles_claim=_path(roles.get("claim"), ""),
        role_names=dict(names) if isinstance(names, Mapping) else None,
        scopes_claim=_path(said.get("scopes"), ""),
    )


def _api_keys(said: Any) -> ApiKeys | None:
    if not isinstance(said, Mapping):
        return None
    clients = said.get("clients")
    return ApiKeys(
        header=_text(said.get("header")) or ApiKeys().header,
        clients=tuple(
            ApiKey(
                name=_text(one.get("name")) or f"client {number}",
                digest=_text(one.get("digest")) or "",
                roles=_texts(one.get("roles")),
                scopes=_texts(one.get("scopes")),
                user=one.get("user"),
                user_model=_text(one.get("userModel")),
                expires=moment(one.get("expires")),
            )
            for number, one in enumerate(clients if isinstance(clients, list | tuple) else ())
            if isinstance(one, Mapping)
        ),
        model=_text(said.get("model")),
    )


def moment(written: Any) -> datetime | None:
    """The point in time that is meant, UTC where nothing else is said; None where none is."""
    if not isinstance(written, str | datetime):
        return None
    try:
        found = datetime.fromisoformat(written) if isinstance(written, str) else written
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _text(value: Any) -> str | None:
    plain = value.reveal() if isinstance(value, Secret) else value
    return plain if isinstance(plain, str) and plain else None


def _texts(value: Any) -> tuple[str, ...]:
    found = (_text(item) for item in value) if isinstance(value, list | tuple) else ()
    return tuple(text for text in found if text is not None)


def _path(value: Any, usual: str) -> tuple[str, ...]:
    written = _text(value) or usual
    return tuple(written.split(".")) if written else ()


def _count(value: Any, usual: int, *, least: int = 1) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else usual
