"""Rows of user models: passwords hashed as they come, e-mail addresses checked, nobody twice.

Source: LoopBack 3, documentation of the User model.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lbconf.diagnostics import Code
from lbconf.patterns import pattern
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.repository import validators
from lbconf.repository.credentials import LONGEST_PASSWORD, hash_password, is_password_hash
from lbconf.repository.errors import Flaw
from lbconf.repository.rows import RowReader

__all__ = ["UserReader", "hashed_password", "is_user_model"]

Taken = Callable[[Model, str, Mapping[str, Any]], bool]
"""Whether another row than this one has the same value of a property."""

UNIQUE: Final = {"email": "Email already exists", "username": "User already exists"}
_EMAIL: Final = pattern(r"[^\s@<>\"(),:;\\]+@[^\s@.,:;<>()\[\]\\\"]+(\.[^\s@.,:;<>()\[\]\\\"]+)+")


def is_user_model(model: Model) -> bool:
    """Whether the model's rows are users with passwords."""
    return model.is_a("User") and "password" in model.properties


class UserReader(RowReader):
    """Reads and checks the rows of a user model."""

    def __init__(self, model: Model, taken: Taken, not_unique: validators.Taken) -> None:
        """Take what asks the store whether a value is taken, and whether a validation's value is."""
        super().__init__(model, not_unique)
        self._taken = taken
        self._lowers = model.settings.get("caseSensitiveEmail") is False
        settings = model.settings
        self._unique = {} if settings.get("realmRequired") and settings.get("realmDelimiter") else UNIQUE

    def read(self, data: Mapping[str, Any], *, drops_unknown: bool = False) -> tuple[Row, list[Flaw]]:
        """As every row; the password comes out hashed, and what is no text is none.

        Raises:
            RequestError: 422 for an empty password or one that is too long.

        """
        given = data.get("password")
        if given is not None and not isinstance(given, str):
            data = {name: value for name, value in data.items() if name != "password"}
            given = None
        row, flaws = super().read(data, drops_unknown=drops_unknown)
        if given is not None:
            row["password"] = self._hashed(given)
        email = row.get("email")
        if self._lowers and isinstance(email, str):
            row["email"] = email.lower()
        return row, flaws

    def check(self, row: Mapping[str, Any], *, new: bool) -> list[Flaw]:
        """As every row, and of its own: the form of the address, and that nobody else has it or the name."""
        flaws = super().check(row, new=new)
        blank = {flaw.property for flaw in flaws}
        email = row.get("email")
        if email and "email" not in blank and not _EMAIL.fullmatch(str(email)):
            flaws.append(Flaw("email", "custom.email", "is invalid", email))
        flaws.extend(
            Flaw(name, "uniqueness", message, row[name])
            for name, message in self._unique.items()
            if row.get(name) and name not in {flaw.property for flaw in flaws} and self._taken(self.model, name, row)
        )
        return flaws

    def _hashed(self, plain: str) -> str:
        if self.model.layout.is_loopback and is_password_hash(plain):
            return plain
        return hashed_password(plain)


def hashed_password(plain: Any) -> str:
    """The hash of a new password. Raises `RequestError` 422 for one that cannot be taken."""
    if not isinstance(plain, str) or not plain:
        raise RequestError(Code.REQUEST_REFUSED, "Invalid password", status=422, error_code="INVALID_PASSWORD")
    if len(plain) > LONGEST_PASSWORD:
        message = f"The password entered was too long. Max length is {LONGEST_PASSWORD} (entered {len(plain)})"
        raise RequestError(Code.REQUEST_REFUSED, message, status=422, error_code="PASSWORD_TOO_LONG")
    return hash_password(plain)
