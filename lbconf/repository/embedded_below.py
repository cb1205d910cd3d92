"""Relations of an instance that is kept inside another row, where `nestRemoting` leads to them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lbconf.project.resolved import Model, Project, Relation
from lbconf.query.nodes import Row
from lbconf.repository.embedded import Embedded, Keeper, Transactions
from lbconf.repository.rows import RowReader

__all__ = ["embedded_below"]


def embedded_below(
    keeper: Keeper, transactions: Transactions, outer: Embedded, at: Any, relation: Relation
) -> Embedded:
    """What the instance that `outer` keeps under the id `at` embeds by this relation of its model.

    LoopBack only reads there: it looks for the instance among the rows of its model, and answers changes with 404.
    """
    inner = _Inner(keeper, transactions, outer, at)
    return Embedded(inner, inner, (outer.target, at, relation))


class _Inner:
    """One embedded instance as if it were a row: a change of it is a change of what keeps it."""

    def __init__(self, keeper: Keeper, transactions: Transactions, outer: Embedded, at: Any) -> None:
        self._keeper = keeper
        self._transactions = transactions
        self._outer = outer
        self._at = at

    @property
    def project(self) -> Project:
        return self._keeper.project

    def row_by_id(self, model: Model, id: Any, *, locked: bool = False) -> Row | None:  # noqa: A002
        del model, id
        return self._outer.held(self._at, locked=locked)

    def patch_row(self, model: Model, row: Row, data: Mapping[str, Any]) -> Row:
        del model
        return self._outer.update(data, self._at) or row

    def create_one(self, model: Model, data: Mapping[str, Any]) -> Row:
        return self._keeper.create_one(model, data)

    def delete_by_id(self, model: Model, id: Any) -> int:  # noqa: A002
        return self._keeper.delete_by_id(model, id)

    def reader(self, model: Model) -> RowReader:
        return self._keeper.reader(model)

    @contextmanager
    def transaction(self, model: Model) -> Iterator[None]:
        """One of the row that keeps the instance; the instance's own model has no store."""
        del model
        with self._transactions.transaction(self._outer.owner):
            yield
