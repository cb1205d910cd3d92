"""What each endpoint does: arguments in, answer out. Runs in a worker thread."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint
from lbconf.api.present import Presenter, encode
from lbconf.api.problem import JSON_TYPE
from lbconf.project.resolved import Model
from lbconf.records import dataclass
from lbconf.repository import Repository
from lbconf.repository.relations import Related

__all__ = ["ACTIONS", "Answer", "Call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer."""

    status: int = 200
    body: bytes | None = None
    """None: no body and no media type."""
    content_type: bytes = JSON_TYPE
    headers: tuple[tuple[bytes, bytes], ...] = ()


NOTHING: Final = Answer(status=204)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one endpoint."""

    endpoint: Endpoint
    arguments: Arguments
    repository: Repository
    presenter: Presenter

    @property
    def id(self) -> Any:
        """The placeholder `id`: text, or the parts of a composite key."""
        return self.arguments.parameters["id"]

    @property
    def fk(self) -> Any:
        """The placeholder `fk`: text, or the parts of a composite key."""
        return self.arguments.parameters["fk"]


def _find(call: Call) -> Answer:
    model, scope = call.endpoint.model, call.endpoint.scope
    wanted = call.arguments.filter()
    text = call.repository.find_json(model, wanted, scope=scope)
    if text is not None:
        return Answer(body=text)
    return _instances(call, call.repository.find(model, wanted, scope=scope))


def _find_by_id(call: Call) -> Answer:
    model, wanted = call.endpoint.model, call.arguments.filter()
    text = call.repository.find_by_id_json(model, call.id, wanted)
    if text is not None:
        return Answer(body=text)
    return _instance(call, call.repository.find_by_id(model, call.id, wanted))


def _find_one(call: Call) -> Answer:
    return _instance(call, call.repository.find_one(call.endpoint.model, call.arguments.filter()))


def _count(call: Call) -> Answer:
    endpoint = call.endpoint
    return _data({"count": call.repository.count(endpoint.model, call.arguments.where(), scope=endpoint.scope)})


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


def _scope_create(call: Call) -> Answer:
    model = call.endpoint.model
    fixed = {
        name: value
        for name, value in (_scope_where(call) or {}).items()
        if name in model.properties and not isinstance(value, Mapping | list)
    }
    return _instance(call, call.repository.create_one(model, {**call.arguments.instance(), **fixed}))


def _scope_delete(call: Call) -> Answer:
    parts = [part for part in (_scope_where(call), call.arguments.where()) if part]
    call.repository.delete_all(call.endpoint.model, {"and": parts} if parts else None)
    return NOTHING


def _scope_where(call: Call) -> Mapping[str, Any] | None:
    where = call.endpoint.model.scopes[call.endpoint.scope or ""].get("where")
    return where if isinstance(where, Mapping) else None


def _relation_get(call: Call) -> Answer:
    related = _related(call)
    wanted = call.arguments.filter()
    if not related.relation.many:
        return _data(call.presenter.instance(_target(related, call), related.one(wanted)))
    text = related.find_json(wanted)
    if text is not None:
        return Answer(body=text)
    return _data(call.presenter.instances(_target(related, call), related.find(wanted)))


def _relation_count(call: Call) -> Answer:
    return _data({"count": _related(call).count(call.arguments.where())})


def _relation_find_by_id(call: Call) -> Answer:
    return _instance(call, _related(call).by_id(call.fk))


def _relation_create(call: Call) -> Answer:
    data = call.arguments.instances()
    related = _related(call)
    made = related.create(data) if isinstance(data, Mapping) else [related.create(one) for one in data]
    return _created(call, made)


def _relation_update(call: Call) -> Answer:
    return _instance(call, _related(call).update(call.arguments.instance(), call.arguments.parameters.get("fk")))


def _relation_delete(call: Call) -> Answer:
    _related(call).delete(call.arguments.parameters.get("fk"))
    return NOTHING


def _relation_delete_all(call: Call) -> Answer:
    _related(call).delete_all(call.arguments.where())
    return NOTHING


def _relation_link(call: Call) -> Answer:
    return _instance(call, _related(call).link(call.fk, call.arguments.instance()))


def _relation_unlink(call: Call) -> Answer:
    _related(call).unlink(call.fk)
    return NOTHING


def _relation_exists(call: Call) -> Answer:
    linked = _related(call).linked(call.fk)
    return Answer(status=200 if linked else 404, body=encode(linked))


def _related(call: Call) -> Related:
    relation = call.endpoint.relation
    if relation is None:
        msg = "a relation's endpoint without a relation"
        raise TypeError(msg)
    return call.repository.related(call.endpoint.model, call.id, relation.name)


def _target(related: Related, call: Call) -> Model:
    """The other model; a polymorphic row that leads nowhere is presented as it stands."""
    return call.endpoint.target or related.target


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
    "scope_get": _find,
    "scope_count": _count,
    "scope_create": _scope_create,
    "scope_delete": _scope_delete,
    "relation_get": _relation_get,
    "relation_count": _relation_count,
    "relation_findById": _relation_find_by_id,
    "relation_create": _relation_create,
    "relation_update": _relation_update,
    "relation_updateById": _relation_update,
    "relation_destroy": _relation_delete,
    "relation_destroyById": _relation_delete,
    "relation_delete": _relation_delete_all,
    "relation_link": _relation_link,
    "relation_unlink": _relation_unlink,
    "relation_exists": _relation_exists,
}
