"""What the endpoints of relations do."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.actions.call import NOTHING, Action, Answer, Call, created, data, one
from lbconf.api.actions.embedded import EMBEDDED_ACTIONS
from lbconf.api.actions.paging import page_answer, wants_page
from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint
from lbconf.api.present import encode
from lbconf.project.resolved import Model, Relation, RelationKind
from lbconf.records import replace
from lbconf.repository.relations import Related

_EMBEDDED: Final = frozenset({RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY})

__all__ = ["RELATION_ACTIONS", "related_of"]


def _relation_get(call: Call) -> Answer:
    related = related_of(call)
    if not related.relation.many and related.relation.kind not in _EMBEDDED and call.endpoint.model.layout.is_loopback:
        return data(call.presenter.instance(_target(related, call), related.one()))
    wanted = call.arguments.filter()
    if not related.relation.many:
        return data(call.presenter.instance(_target(related, call), related.one(wanted)))
    if wants_page(call, wanted):
        return page_answer(
            call,
            wanted,
            lambda wanted, after, count: related.page(wanted, after=after, count=count),
            lambda page: call.presenter.instances(_target(related, call), page.rows),
        )
    text = related.find_json(wanted)
    if text is not None:
        return Answer(body=text)
    return data(call.presenter.instances(_target(related, call), related.find(wanted)))


def _relation_count(call: Call) -> Answer:
    return data({"count": related_of(call).count(call.arguments.where())})


def _relation_find_by_id(call: Call) -> Answer:
    return one(call, related_of(call).by_id(call.fk))


def _relation_create(call: Call) -> Answer:
    data = call.arguments.instances()
    related = related_of(call)
    if isinstance(data, Mapping):
        return created(call, _made(call, related, data))
    return created(call, call.repository.each(related.target, data, lambda one: _made(call, related, one)))


def _made(call: Call, related: Related, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The created row; for a referencesMany its id is listed too."""
    if related.relation.kind is not RelationKind.REFERENCES_MANY:
        return related.create(data)
    references = call.repository.references(call.endpoint.model, call.id, related.relation)
    return references.create(data)


def _relation_delete_one_referenced(call: Call, related: Related) -> None:
    call.repository.references(call.endpoint.model, call.id, related.relation).delete(related.by_id(call.fk))


def _relation_update(call: Call) -> Answer:
    return one(call, related_of(call).update(call.arguments.instance(), call.arguments.parameters.get("fk")))


def _relation_delete(call: Call) -> Answer:
    related = related_of(call)
    if related.relation.kind is RelationKind.REFERENCES_MANY:
        _relation_delete_one_referenced(call, related)
    else:
        related.delete(call.arguments.parameters.get("fk"))
    return NOTHING


def _relation_delete_all(call: Call) -> Answer:
    related_of(call).delete_all(call.arguments.where())
    return NOTHING


def _relation_link(call: Call) -> Answer:
    return one(call, related_of(call).link(call.fk, call.arguments.instance()))


def _relation_unlink(call: Call) -> Answer:
    related_of(call).unlink(call.fk)
    return NOTHING


def _relation_exists(call: Call) -> Answer:
    linked = related_of(call).linked(call.fk)
    return Answer(status=200 if linked else 404, body=encode(linked))


def _nested(call: Call) -> Answer:
    """What the endpoint of the related model answers for the related instance."""
    delegate, parameters = call.endpoint.delegate, call.arguments.parameters
    if delegate is None:
        msg = "a nested endpoint without the one it leads to"
        raise TypeError(msg)
    relation = call.endpoint.relation
    if relation is not None and relation.kind in _EMBEDDED:
        return _nested_in_embedded(call, relation, delegate)
    related = related_of(call)
    row = related.by_id(parameters["nk"]) if related.relation.many else related.one()
    ids = tuple((row or {}).get(prop.name) for prop in delegate.model.ids)
    below = {**parameters, "id": ids if len(ids) > 1 else ids[0]}
    arguments = Arguments(delegate, below, call.request.query_string, call.arguments.body)
    return _BELOW[delegate.action](replace(call, endpoint=delegate, arguments=arguments))


def _nested_in_embedded(call: Call, relation: Relation, delegate: Endpoint) -> Answer:
    """The same for an instance inside a row; null where there is none, as LoopBack answers."""
    parameters = call.arguments.parameters
    outer, at = call.repository.embedded(call.endpoint.model, call.id, relation), parameters.get("nk")
    if outer.held(at) is None:
        return data(None)
    arguments = Arguments(delegate, {**parameters, "id": at}, call.request.query_string, call.arguments.body)
    return _BELOW[delegate.action](replace(call, endpoint=delegate, arguments=arguments, inside=outer))


def related_of(call: Call) -> Related:
    """What the relation of a call's endpoint leads to from the row that its path names."""
    relation = call.endpoint.relation
    if relation is None:
        msg = "a relation's endpoint without a relation"
        raise TypeError(msg)
    if call.inside is not None:
        return call.repository.related_to(call.endpoint.model, call.inside.held(call.id) or {}, relation)
    return call.repository.related(call.endpoint.model, call.id, relation.name)


def _target(related: Related, call: Call) -> Model:
    """The other model; a polymorphic row that leads nowhere is presented as it stands."""
    return call.endpoint.target or related.target


RELATION_ACTIONS: Final[Mapping[str, Action]] = {
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
    "relation_nested": _nested,
}
"""Names of actions to what they do."""

_BELOW: Final[Mapping[str, Action]] = {**RELATION_ACTIONS, **EMBEDDED_ACTIONS}
"""What an endpoint below another relation may do."""
