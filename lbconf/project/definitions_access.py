"""What users write about callers: tokens, logins, JSON Web Tokens, API keys. Part of `definitions_server`."""

from typing import Annotated, Literal

from pydantic import Field

from lbconf.project.definition_sections import Definition, Texts

__all__ = ["AccessDefinition"]

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"
]
Count = Annotated[int, Field(ge=1)]


class LoginDefinition(Definition):
    """How often somebody may fail to log in."""

    attempts: Count | None = Field(None, description="For one account from one address. Default: 10.")
    attempts_per_account: Count | None = Field(None, description="For one account from everywhere. Default: 50.")
    attempts_per_address: Count | None = Field(None, description="From one address. Default: 100.")
    seconds: Count | None = Field(None, description="After how long failures are forgotten. Default: 900.")


class JwtUserDefinition(Definition):
    """How the claims of a token lead to a user."""

    claim: str | None = Field(None, description="Says who it is; a.b for a claim inside another. Default: sub.")
    model: str | None = Field(None, description="The model of users. Without one the claim itself is the user's id.")
    property_: str | None = Field(
        None, alias="property", description="The property the claim is the value of. Default: the model's id."
    )


class JwtRolesDefinition(Definition):
    """How the claims of a token lead to roles."""

    claim: str | None = Field(None, description="A list, or a text of words: roles, realm_access.roles, scope.")
    names: dict[str, str] | None = Field(None, description="Names in the claim to names of roles; others count not.")


class JwtDefinition(Definition):
    """A party whose JSON Web Tokens are taken."""

    issuer: str | None = Field(None, description="The claim iss; keys that nothing else tells are discovered below it.")
    audience: str | Texts | None = Field(None, description="The claim aud must name one of these.")
    algorithms: list[Algorithm] | None = Field(
        None, description="Algorithms that are taken. Default: RS256 and ES256, HS256 for a secret."
    )
    jwks_url: str | None = Field(None, description="Where the issuer publishes its keys.")
    public_key: str | None = Field(None, description="The issuer's public key, as PEM.")
    key_file: str | None = Field(None, description="A file with the issuer's public key as PEM, or its JWKS.")
    secret: str | None = Field(None, description="The secret shared with the issuer, for HS256 and the like.")
    leeway: int | None = Field(None, ge=0, description="Seconds by which clocks may differ. Default: 30.")
    refresh: int | None = Field(None, ge=1, description="Least seconds between two readings of keys. Default: 60.")
    user: JwtUserDefinition | None = None
    roles: JwtRolesDefinition | None = None
    scopes: str | None = Field(None, description="The claim whose words are scopes, such as scope.")


class ApiKeyDefinition(Definition):
    """A key that a program sends."""

    name: str | None = Field(None, description="Who has it.")
    digest: str | None = Field(None, description="As `lbconf key` prints it: sha256:...")
    roles: Texts | None = None
    scopes: Texts | None = None
    user: str | int | None = Field(None, description="Id of the user it stands for.")
    user_model: str | None = None
    expires: str | None = Field(None, description="A date, or a date and a time.")


class ApiKeysDefinition(Definition):
    """Keys that programs send."""

    header: str | None = Field(None, description="Default: X-API-Key.")
    clients: list[ApiKeyDefinition] | None = None
    model: str | None = Field(
        None,
        description="A model whose rows are keys: digest, and what there is of userId, roles, scopes, expires.",
    )


class AccessDefinition(Definition):
    """Who may say who they are, and how."""

    store_tokens: Literal["digest", "plain"] | None = Field(
        None, description="What is stored of access tokens. Default: digest; plain in LoopBack layouts."
    )
    login: Literal[False] | LoginDefinition | None = Field(None, description="Limits of failed logins; false: none.")
    redirects: Texts | None = Field(
        None, description="Origins beside the server's own that /confirm may send a browser to."
    )
    current_user: str | None = Field(None, description="An id in paths that stands for the caller's own, such as me.")
    jwt: JwtDefinition | list[JwtDefinition] | None = None
    api_keys: ApiKeysDefinition | None = None
