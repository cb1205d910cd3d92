"""What each endpoint does: arguments in, answer out. Runs in a worker thread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint
from lbconf.api.present import Presenter, encode
from lbconf.api.problem import JSON_TYPE
from lbconf.repository import Repository

__all__ = ["ACTIONS", "Answer", "Call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer."""

    status: int = 200
    body: bytes | None = None
    """None: no body and no media type."""
    content_type: bytes = JSON_TYPE
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one endpoint."""

    endpoint: Endpoint
    arguments: Arguments
    repository: Repository
    presenter: Presenter

    @property
    def id(self) -> str:
        """The placeholder `id`, as text."""
        return self.arguments.parameters["id"]

    @property
    def fk(self) -> str:
        """The placeholder `fk`, as text."""
        return self.arguments.parameters["fk"]


def _find(call: Call) -> Answer:
    model = call.endpoint.model
    wanted = call.arguments.filter()
    text = call.repository.find_json(model, wanted)
    if text is not None:
        return Answer(body=text)
    return _instances(call, call.repository.find(model, wanted))


def _find_by_id(call: Call) -> Answer:
    model = call.endpoint.model
    wanted = call.arguments.filter()
    return _instance(call, call.repository.find_by_id(model, call.id, wanted))


def _find_one(call: Call) -> Answer:
    return _instance(call, call.repository.find_one(call.endpoint.model, call.arguments.filter()))


def _count(call: Call) -> Answer:
    return _data({"count": call.repository.count(call.endpoint.model, call.arguments.where())})


def _exists(call: Call) -> Answer:
    return _data({"exists": call.repository.exists(call.endpoint.model, call.id)})


def _head(call: Call) -> Answer:
    there = call.repository.exists(call.endpoint.model, call.id)
    return Answer(status=200 if there else 404, body=encode({"exists": there}))


def _create(call: Call) -> Answer:
    return _created(call, call.repository.create(call.endpoint.model, call.arguments.instances()))


def _patch_or_create(call: Call) -> Answer:
    return _instance(call, call.repository.patch_or_create(call.endpoint.model, call.arguments.instance()))


def _replace_or_create(call: Call) -> Answer:
    return _instance(call, call.repository.replace_or_create(call.endpoint.model, call.arguments.instance()))


def _upsert_with_where(call: Call) -> Answer:
    where = call.arguments.where()
    return _instance(call, call.repository.upsert_with_where(call.endpoint.model, where, call.arguments.instance()))


def _update_all(call: Call) -> Answer:
    where = call.arguments.where()
    return _data({"count": call.repository.update_all(call.endpoint.model, where, call.arguments.instance())})


def _patch_attributes(call: Call) -> Answer:
    return _instance(call, call.repository.patch_by_id(call.endpoint.model, call.id, call.arguments.instance()))


def _replace_by_id(call: Call) -> Answer:
    return _instance(call, call.repository.replace_by_id(call.endpoint.model, call.id, call.arguments.instance()))


def _delete_by_id(call: Call) -> Answer:
    return _data({"count": call.repository.delete_by_id(call.endpoint.model, call.id)})


def _instance(call: Call, row: Mapping[str, Any] | None) -> Answer:
    return _data(call.presenter.instance(call.endpoint.subject, row))


def _instances(call: Call, rows: Sequence[Mapping[str, Any]]) -> Answer:
    return _data(call.presenter.instances(call.endpoint.subject, rows))


def _created(call: Call, made: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Answer:
    return _instance(call, made) if isinstance(made, Mapping) else _instances(call, made)


def _data(value: Any) -> Answer:
    return Answer(body=encode(value))


ACTIONS: Final[Mapping[str, Callable[[Call], Answer]]] = {
    "find": _find,
    "findById": _find_by_id,
    "findOne": _find_one,
    "count": _count,
    "exists": _exists,
    "head": _head,
    "create": _create,
    "patchOrCreate": _patch_or_create,
    "replaceOrCreate": _replace_or_create,
    "upsertWithWhere": _upsert_with_where,
    "updateAll": _update_all,
    "patchAttributes": _patch_attributes,
    "replaceById": _replace_by_id,
    "deleteById": _delete_by_id,
}
