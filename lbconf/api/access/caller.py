"""Who asks."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.records import dataclass, field

__all__ = ["DEFAULT_SCOPES", "NOBODY", "Caller"]

DEFAULT_SCOPES: Final = ("DEFAULT",)
"""What a token may be used for that says nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a token says of who sent it."""

    user_model: str | None = None
    """Name of the model of the user; None without one."""
    user_id: Any = None
    """As the user model's id is in rows; None without a user."""
    application_id: Any = None
    token: Mapping[str, Any] | None = field(default=None)
    """The row of the access token, or the claims of a JWT; None without a token."""
    token_id: Any = None
    """Id of the access token's row; None where no row is behind it."""
    roles: frozenset[str] = frozenset()
    """Roles that the token itself brings, besides those that the data say."""
    scopes: tuple[str, ...] = DEFAULT_SCOPES

    @property
    def known(self) -> bool:
        """Whether there is a user."""
        return self.user_id is not None

    @property
    def outsider(self) -> bool:
        """Whether a JWT tells who it is whose issuer's users are no users of the project."""
        without_row = self.token is not None and self.token_id is None and self.application_id is None
        return without_row and self.user_model is None


NOBODY: Final = Caller()
"""A request without a token."""
