"""Whether a row's value is the only one of its kind, as validations want."""

from collections.abc import Mapping
from typing import Any

from lbconf.project.resolved import Model
from lbconf.project.validations import Validation
from lbconf.query.bind import Binder, all_of
from lbconf.query.nodes import Condition, Query, Row
from lbconf.repository.errors import Flaw, ValidationFailedError
from lbconf.repository.include import equals, same_text
from lbconf.repository.rows import RowReader
from lbconf.repository.stores import Stores
from lbconf.repository.validators import is_blank

__all__ = ["Uniqueness"]


class Uniqueness:
    """Asks the stores of a repository. May be used from several threads."""

    def __init__(self, stores: Stores, binder: Binder) -> None:
        """Take where the rows are and what knows the models' default scopes."""
        self._stores = stores
        self._binder = binder

    def taken(self, model: Model, validation: Validation, row: Mapping[str, Any]) -> bool:
        """Whether another row has the value that a validation wants to be the only one.

        Never for an instance that is kept inside a row of another model.
        """
        if model.data_source is None or not model.persisted:
            return False
        name = validation.property
        names = tuple(part for part in validation.scoped_to if part in row or not model.layout.is_loopback)
        scope = equals(model, names, tuple(row.get(part) for part in names)) if names else None
        own = same_text(model, name, row[name]) if validation.ignore_case else equals(model, (name,), (row[name],))
        where = all_of(own, scope, self._binder.condition(None, model))
        ids = [prop.name for prop in model.ids]
        found = self._stores.find(Query(model=model, where=where, limit=2))
        return any(not ids or any(other.get(id_) != row.get(id_) for id_ in ids) for other in found)

    def check_single(self, reader: RowReader, condition: Condition | None, changes: Row) -> None:
        """Let a change through only where at most one row gets it, and that one stays right.

        Raises:
            ValidationFailedError: several rows would have the same value, or the one row breaks a rule.

        """
        model = reader.model
        found = self._stores.find(Query(model=model, where=condition, limit=2))
        flaws = [] if not found else reader.check({**found[0], **changes}, new=False)
        if not flaws and len(found) > 1:
            names = [name for name in reader.unique if name in changes and not is_blank(changes[name])]
            flaws = [Flaw(name, "uniqueness", "is not unique", changes[name]) for name in names]
        if flaws:
            raise ValidationFailedError(model, flaws)
