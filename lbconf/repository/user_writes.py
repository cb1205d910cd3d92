"""Writing the rows of user models: what must hold whichever way a row is changed.

Where a password or an address changes, tokens that were given before end; a new address is not verified; a user who
goes takes their tokens along. Source: LoopBack 3, documentation of the User model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Self

from lbconf.connectors.contract import Writer
from lbconf.diagnostics import Code
from lbconf.errors import ConstraintError, ConstraintKind
from lbconf.project.resolved import Model, Relation
from lbconf.query.bind import all_of
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Comparison, Condition, Operator, Query, Row, Target
from lbconf.repository.errors import Flaw, ValidationFailedError
from lbconf.repository.include import equals, one_of
from lbconf.repository.user_rows import UNIQUE

__all__ = ["NewHash", "UserWriter", "keeping", "replacing", "token_relation"]

KNOWN_BY: Final = ("email", "password")
"""What a user is known by: when one of them changes, tokens that were given before end."""
AT_ONCE: Final = 500
"""Users whose tokens one statement ends."""

_KEPT: ContextVar[Any] = ContextVar("lbconf_kept_token", default=None)
_REPLACED: ContextVar[list[Row] | None] = ContextVar("lbconf_replaced_users", default=None)


class NewHash(str):
    """The hash of a password that its owner set, or (`same_password`) the old password's in another form."""

    __slots__ = ("same_password",)

    same_password: bool

    def __new__(cls, text: str, *, same_password: bool = False) -> Self:
        """Take the hash."""
        found = super().__new__(cls, text)
        found.same_password = same_password
        return found


@contextmanager
def keeping(token_id: Any) -> Iterator[None]:
    """While this lasts, the token with this id outlives a change of its user's password."""
    before = _KEPT.set(token_id)
    try:
        yield
    finally:
        _KEPT.reset(before)


@contextmanager
def replacing() -> Iterator[None]:
    """While this lasts, rows that are deleted are written anew at once."""
    before = _REPLACED.set([])
    try:
        yield
    finally:
        _REPLACED.reset(before)


def token_relation(models: Mapping[str, Model], user: Model) -> tuple[Model, Relation | None] | None:
    """The model of a user model's access tokens, and the relation to it; None where it has no tokens."""
    relation = user.relations.get("accessTokens")
    if relation is not None and relation.target is not None and relation.target in models:
        return models[relation.target], relation
    found = models.get("AccessToken")
    return None if found is None or "userId" not in found.properties else (found, None)


class UserWriter:
    """Writes the rows of one user model."""

    def __init__(
        self,
        writer: Writer,
        models: Mapping[str, Model],
        find: Callable[[Query], list[Row]],
        writer_of: Callable[[Model], Writer],
    ) -> None:
        """Take what writes, the project's models, what reads rows, and what writes rows of other models."""
        self._writer = writer
        self._models = models
        self._find = find
        self._writer_of = writer_of

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """As the writer's; an address or a name that another has meanwhile is told as LoopBack tells it."""
        with _taken_told(model, rows):
            made = self._writer.insert(model, rows)
        for before in _REPLACED.get() or ():
            after = next((row for row in rows if _same(model, row, before)), None)
            if after is not None and _differs(before, after):
                self._end_tokens(model, [before])
        return made

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """As the writer's.

        Raises:
            RequestError: 401 where passwords may not be changed so.

        """
        password = values.get("password")
        if isinstance(password, NewHash):
            values = {**values, "password": str(password)}
            if password.same_password:
                return self._writer.update(model, where, values)
        elif "password" in values and model.settings.get("rejectPasswordChangesViaPatchOrReplace"):
            raise _not_this_way()
        if not any(values.get(name) for name in KNOWN_BY):
            return self._writer.update(model, where, values)
        before = self._find(Query(model=model, where=where))
        changed = [row for row in before if _differs(row, values)]
        if _must_verify(model) and any(_has_other(row, values, "email") for row in changed):
            values = {**values, "emailVerified": False}
        with _taken_told(model, [values]):
            count = self._writer.update(model, where, values)
        self._end_tokens(model, changed)
        return count

    def delete(self, model: Model, where: Condition | None) -> int:
        """As the writer's; the tokens of those users end first."""
        replaced = _REPLACED.get()
        users = self._find(Query(model=model, where=where)) if token_relation(self._models, model) else []
        if replaced is not None:
            if model.settings.get("rejectPasswordChangesViaPatchOrReplace"):
                raise _not_this_way()
            replaced.extend(users)
        else:
            self._end_tokens(model, users)
        return self._writer.delete(model, where)

    def _end_tokens(self, model: Model, users: Sequence[Row]) -> None:
        found = token_relation(self._models, model)
        if found is None or not users:
            return
        tokens, relation = found
        if tokens.data_source is None:
            return
        name = relation.key_to[0] if relation is not None else "userId"
        if name not in tokens.properties:
            return
        key, kept = model.ids[0].name, _KEPT.get()
        others: list[Condition] = []
        if relation is not None and relation.polymorphic is not None:
            others.append(equals(tokens, (relation.polymorphic.discriminator,), (model.name,)))
        if kept is not None:
            others.append(Comparison(Target(tokens.ids[0]), Operator.NEQ, kept))
        for start in range(0, len(users), AT_ONCE):
            theirs = one_of(tokens, (name,), [(row[key],) for row in users[start : start + AT_ONCE]])
            self._writer_of(tokens).delete(tokens, all_of(theirs, *others))


@contextmanager
def _taken_told(model: Model, rows: Sequence[Row]) -> Iterator[None]:
    """Tell what another user has already, and got between the check and the write, as the check tells it."""
    try:
        yield
    except ConstraintError as problem:
        if problem.kind is not ConstraintKind.UNIQUE or not rows:
            raise
        named = getattr(problem, "properties", ())
        flaws = [
            Flaw(name, "uniqueness", message, rows[0].get(name)) for name, message in UNIQUE.items() if name in named
        ]
        if not flaws or len(rows) > 1:
            raise
        raise ValidationFailedError(model, flaws) from problem


def _not_this_way() -> RequestError:
    message = (
        "Changing user password via patch/replace API is not allowed. Use changePassword() or setPassword() instead."
    )
    return RequestError(Code.REQUEST_REFUSED, message, status=401, error_code="PASSWORD_CHANGE_NOT_ALLOWED")


def _must_verify(model: Model) -> bool:
    return bool(model.settings.get("emailVerificationRequired")) or not model.layout.is_loopback


def _differs(row: Row, values: Row) -> bool:
    return any(_has_other(row, values, name) for name in KNOWN_BY)


def _has_other(row: Row, values: Row, name: str) -> bool:
    return bool(values.get(name)) and values[name] != row.get(name)


def _same(model: Model, one: Row, other: Row) -> bool:
    return all(one.get(prop.name) == other.get(prop.name) for prop in model.ids)
