"""Conditions on related models that their data source cannot join: settled by asking for the keys first.

That is so where the related rows are kept in another data source, where the store knows no joins, and where the
project's own code decides which of the related rows may be seen.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from lbconf.diagnostics import Code
from lbconf.project.resolved import Model
from lbconf.query.allowance import charge
from lbconf.query.coerce import value_converter
from lbconf.query.errors import RequestError
from lbconf.query.nodes import AllOf, AnyOf, Condition, Constant, NoneOf, Order, Query, Related
from lbconf.records import replace
from lbconf.repository.include import key_of, key_text, one_of
from lbconf.repository.stores import Stores

__all__ = ["MOST_KEYS", "Settler"]

MOST_KEYS: Final = 10_000
"""Keys that a condition on another data source's rows may lead to."""
MOST_COMPOSITE: Final = 500
"""The same for keys of several parts."""


class Settler:
    """Settles what queries ask of related rows. May be used from several threads."""

    def __init__(self, stores: Stores) -> None:
        """Take the stores."""
        self._stores = stores

    def settle(self, query: Query) -> Query:
        """The query with nothing in it that its data source cannot join.

        Raises:
            RequestError: a condition leads to too many rows of another data source, or an order to such rows.

        """
        for key in query.order:
            self._check_order(query.model, key)
        return replace(query, where=self._settled(query.where, query.model))

    def _settled(self, condition: Condition | None, model: Model) -> Condition | None:
        match condition:
            case AllOf(parts):
                return AllOf(self._each(parts, model))
            case AnyOf(parts):
                return AnyOf(self._each(parts, model))
            case NoneOf(parts):
                return NoneOf(self._each(parts, model))
            case Related():
                inner = self._settled(condition.condition, condition.model)
                if self._joins(model, condition.model):
                    return replace(condition, condition=inner)
                return self._by_keys(replace(condition, condition=inner), model)
            case _:
                return condition

    def _each(self, parts: Iterable[Condition], model: Model) -> tuple[Condition, ...]:
        return tuple(found for part in parts if (found := self._settled(part, model)) is not None)

    def _joins(self, model: Model, other: Model) -> bool:
        if model.data_source != other.data_source or self._stores.observed(other):
            return False
        return self._stores.joins(model)

    def _by_keys(self, related: Related, model: Model) -> Condition:
        """The condition that the row has one of the keys that the related rows have."""
        other = related.model
        most = MOST_COMPOSITE if len(related.key_to) > 1 else MOST_KEYS
        far = model.data_source != other.data_source
        rows = self._stores.find(
            Query(model=other, where=related.condition, fields=related.key_to, limit=most + 1 if far else None)
        )
        charge(len(rows))
        if far and len(rows) > most:
            message = (
                f"The condition on {related.relation or other.name} leads to more than {most} rows of {other.name}"
            )
            hint = f"{other.name} is kept in another data source than {model.name}. Narrow the condition."
            raise RequestError(Code.BUDGET_SPENT, message, hint=hint)
        names = tuple(prop.name for prop in related.key_to)
        convert = tuple(
            _converter(one.type, two.type) for one, two in zip(related.key_from, related.key_to, strict=True)
        )
        keys: dict[str, tuple[Any, ...]] = {}
        for row in rows:
            key = key_of(row, names)
            if key is not None:
                try:
                    keys[key_text(key)] = tuple(made(part) for made, part in zip(convert, key, strict=True))
                except RequestError:
                    continue
        own = tuple(prop.name for prop in related.key_from)
        return one_of(model, own, list(keys.values())) if keys else Constant(value=False)

    def _check_order(self, model: Model, key: Order) -> None:
        here = model
        for step in key.via:
            if step.model.data_source != here.data_source or self._stores.observed(step.model):
                apart = "kept in another data source" if step.model.data_source != here.data_source else "read by code"
                message = f"{model.name} cannot be ordered by {step.relation}, which is {apart}"
                raise RequestError(Code.FILTER_MALFORMED, message)
            here = step.model


def _converter(to: Any, given: Any) -> Callable[[Any], Any]:
    return (lambda value: value) if to == given else value_converter(to, lenient=True)
