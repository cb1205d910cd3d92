"""The models of a project as its own code uses them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from lbconf.project.resolved import Model, Project
from lbconf.query.nodes import Row
from lbconf.repository.errors import NotFoundError

__all__ = ["RepositoryModels"]


class Operations(Protocol):
    """What it needs of the repository."""

    project: Project

    def create(self, model: Model, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """The created row, or the list of them."""
        ...

    def find(self, model: Model, filter: Mapping[str, Any] | None) -> list[Row]:  # noqa: A002 - LoopBack's word
        """The rows that match."""
        ...

    def first(self, model: Model, filter: Mapping[str, Any] | None) -> Row | None:  # noqa: A002 - LoopBack's word
        """The first row that matches, or None."""
        ...

    def find_by_id(self, model: Model, id: Any, filter: Mapping[str, Any] | None) -> Row:  # noqa: A002 - LoopBack's words
        """The row with this id. Raises `NotFoundError`."""
        ...

    def find_or_create(self, model: Model, filter: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Row, bool]:  # noqa: A002 - LoopBack's word
        """The first row that matches, else a new one; and whether it is new."""
        ...

    def exists(self, model: Model, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        """Whether there is a row with this id."""
        ...

    def count(self, model: Model, where: Mapping[str, Any] | None) -> int:
        """Number of rows that match."""
        ...

    def patch_by_id(self, model: Model, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        """The row with this id after these properties were set."""
        ...

    def patch_or_create(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The row with the data's id, changed, or a new row."""
        ...

    def replace_by_id(self, model: Model, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        """The row with this id, replaced."""
        ...

    def update_all(self, model: Model, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        """Number of rows that matched; these properties were set on each."""
        ...

    def delete_by_id(self, model: Model, id: Any) -> int:  # noqa: A002 - LoopBack's word
        """1 where there was a row with this id, else 0."""
        ...

    def delete_all(self, model: Model, where: Mapping[str, Any] | None) -> int:
        """Number of rows that matched and are gone."""
        ...

    def transaction(self, model: Model) -> AbstractContextManager[None]:
        """A transaction of the calling thread where the model's data source has them."""
        ...


class RepositoryModels:
    """Every model by name, as attribute or key."""

    def __init__(self, repository: Operations) -> None:
        """Take what reads and writes."""
        self._repository = repository
        self._known: dict[str, _Rows] = {}

    def __getitem__(self, name: str) -> "_Rows":
        """The rows of a model. Raises `KeyError`."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = _Rows(self._repository.project.models[name], self._repository)
        return found

    def __getattr__(self, name: str) -> "_Rows":
        """The rows of a model. Raises `AttributeError`."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the project has no model {name}") from None

    def __iter__(self) -> Iterator[str]:
        """Names."""
        return iter(self._repository.project.models)


class _Rows:
    """The rows of one model."""

    def __init__(self, model: Model, repository: Operations) -> None:
        self._model = model
        self._repository = repository

    def create(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        return self._repository.create(self._model, data)

    def find(self, filter: Mapping[str, Any] | None = None) -> list[Row]:  # noqa: A002 - LoopBack's word
        return self._repository.find(self._model, filter)

    def find_one(self, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's word
        return self._repository.first(self._model, filter)

    def find_by_id(self, id: Any, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's words
        try:
            return self._repository.find_by_id(self._model, id, filter)
        except NotFoundError:
            return None

    def find_or_create(self, filter: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Row, bool]:  # noqa: A002 - LoopBack's word
        return self._repository.find_or_create(self._model, filter, data)

    def exists(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        return self._repository.exists(self._model, id)

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        return self._repository.count(self._model, where)

    def update(self, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        return self._repository.patch_by_id(self._model, id, data)

    def upsert(self, data: Mapping[str, Any]) -> Row:
        return self._repository.patch_or_create(self._model, dict(data))

    def replace_by_id(self, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        return self._repository.replace_by_id(self._model, id, dict(data))

    def update_all(self, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        return self._repository.update_all(self._model, where, dict(data))

    def delete_by_id(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        return bool(self._repository.delete_by_id(self._model, id))

    def delete_all(self, where: Mapping[str, Any] | None = None) -> int:
        return self._repository.delete_all(self._model, where)

    def transaction(self) -> AbstractContextManager[None]:
        return self._repository.transaction(self._model)
