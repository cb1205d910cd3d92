"""Rows of user models: passwords hashed as they come, e-mail addresses checked, nobody twice; no role twice either.

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

__all__ = [
    "UNIQUE",
    "RoleReader",
    "UserReader",
    "bcrypt_cost",
    "check_password",
    "has_realms",
    "hashed_password",
    "is_role_model",
    "is_user_model",
    "narrow_reset",
]

Taken = Callable[[Model, str, Mapping[str, Any]], bool]
"""Whether another row than this one has the same value of a property."""

UNIQUE: Final = {"email": "Email already exists", "username": "User already exists"}
"""What no two users may have alike, and what is said to the second."""
USUAL_COST: Final = 10
"""Of LoopBack's bcrypt hashes."""
_NATIVE_EMAIL: Final = pattern(
    r"[^\s\x00-\x1f\x7f@<>\"(),:;\\]+@[^\s\x00-\x1f\x7f@.,:;<>()\[\]\\\"]+(\.[^\s\x00-\x1f\x7f@.,:;<>()\[\]\\\"]+)+"
)
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LABEL: Final = r"(?!-)[A-Za-z0-9\u0080-\U0010ffff-]{1,63}(?<!-)"
_EMAIL: Final = pattern(
    rf"(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@(?=.{{1,253}}$)({_LABEL}(\.{_LABEL})*|\[(\d{{1,3}}\.){{3}}\d{{1,3}}\])"
)
"""What LoopBack takes for an address: a host needs no dot. Source: RFC 5321, sections 4.1.2 and 4.5.3.1, without
quoted local parts."""


def is_user_model(model: Model) -> bool:
    """Whether the model's rows are users with passwords."""
    return model.is_a("User") and "password" in model.properties


def is_role_model(model: Model) -> bool:
    """Whether the model's rows are LoopBack's roles, which have names of their own."""
    return model.layout.is_loopback and model.is_a("Role") and "name" in model.properties


def has_realms(model: Model) -> bool:
    """Whether users of two realms may have the same address or name."""
    return bool(model.settings.get("realmRequired") and model.settings.get("realmDelimiter"))


class UserReader(RowReader):
    """Reads and checks the rows of a user model."""

    def __init__(self, model: Model, taken: Taken, not_unique: validators.Taken) -> None:
        """Take what asks the store whether a value is taken, and whether a validation's value is."""
        super().__init__(model, not_unique)
        self._taken = taken
        self._lowers = model.settings.get("caseSensitiveEmail") is False

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
        address = data.get("email")
        if address is not None and not isinstance(address, str) and self.model.layout.is_loopback:
            flaws = [*flaws, Flaw("email", "custom.string", "is invalid", address)]
        email = row.get("email")
        if self._lowers and isinstance(email, str):
            row["email"] = email.lower()
        return row, flaws

    def check(self, row: Mapping[str, Any], *, new: bool) -> list[Flaw]:
        """As every row, and of its own: the form of the address, and that nobody else has it or the name."""
        flaws = super().check(row, new=new)
        blank = {flaw.property for flaw in flaws}
        email = row.get("email")
        form = _EMAIL if self.model.layout.is_loopback else _NATIVE_EMAIL
        if email and "email" not in blank and not form.fullmatch(str(email)):
            flaws.append(Flaw("email", "custom.email", "is invalid", email))
        flaws.extend(
            Flaw(name, "uniqueness", message, row[name])
            for name, message in UNIQUE.items()
            if row.get(name) and name not in {flaw.property for flaw in flaws} and self._taken(self.model, name, row)
        )
        return flaws

    def _hashed(self, plain: str) -> str:
        if self.model.layout.is_loopback and is_password_hash(plain):
            return plain
        return hashed_password(plain, self.model)


class RoleReader(RowReader):
    """Reads and checks the rows of LoopBack's role model."""

    def __init__(self, model: Model, taken: Taken, not_unique: validators.Taken) -> None:
        """Take the same as for users."""
        super().__init__(model, not_unique)
        self._taken = taken

    def check(self, row: Mapping[str, Any], *, new: bool) -> list[Flaw]:
        """As every row, and that no other role has the name."""
        flaws = super().check(row, new=new)
        known = not row.get("name") or any(flaw.property == "name" for flaw in flaws)
        if not known and self._taken(self.model, "name", row):
            flaws.append(Flaw("name", "uniqueness", "already exists", row["name"]))
        return flaws


def check_password(plain: Any) -> None:
    """Raise `RequestError` 422 for a new password that cannot be taken."""
    if not isinstance(plain, str) or not plain:
        raise RequestError(Code.REQUEST_REFUSED, "Invalid password.", status=422, error_code="INVALID_PASSWORD")
    length = len(plain.encode("utf-8", "surrogatepass"))
    if length > LONGEST_PASSWORD:
        message = f"The password entered was too long. Max length is {LONGEST_PASSWORD} (entered {length})"
        raise RequestError(Code.REQUEST_REFUSED, message, status=422, error_code="PASSWORD_TOO_LONG")


def hashed_password(plain: Any, model: Model) -> str:
    """The hash of a new password. Raises `RequestError` 422 for one that cannot be taken."""
    check_password(plain)
    return hash_password(plain, bcrypt_cost(model))


def bcrypt_cost(model: Model) -> int | None:
    """What a hash of a model of users costs to make that LoopBack still reads; None where passwords get argon2."""
    if model.settings.get("passwordHash") != "bcrypt":
        return None
    said = str(model.settings.get("saltWorkFactor"))
    return int(said) if said.isdecimal() and len(said) <= len("99") else USUAL_COST


def narrow_reset(model: Model) -> bool:
    """Whether a token for setting a new password is good for nothing else."""
    said = model.settings.get("restrictResetPasswordTokenScope")
    return bool(said) if model.layout.is_loopback else said is not False
