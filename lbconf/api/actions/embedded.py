"""What the endpoints of embedsOne and embedsMany do, and those that change the list of a referencesMany."""

from collections.abc import Mapping
from typing import Final

from lbconf.api.actions.call import NOTHING, Action, Answer, Call, created, data, many, one
from lbconf.api.present import encode
from lbconf.project.resolved import Relation
from lbconf.repository.embedded import Embedded, References

__all__ = ["EMBEDDED_ACTIONS"]


def _get(call: Call) -> Answer:
    embedded = _embedded(call)
    if embedded.relation.many:
        return many(call, embedded.find(call.arguments.filter()))
    if not call.endpoint.model.layout.is_loopback:
        call.arguments.filter()  # what is wrong with it is told, though nothing of it is asked
    held = embedded.one()
    return NOTHING if held is None else one(call, held)


def _count(call: Call) -> Answer:
    return data({"count": _embedded(call).count(call.arguments.where())})


def _find_by_id(call: Call) -> Answer:
    return one(call, _embedded(call).by_id(call.fk))


def _create(call: Call) -> Answer:
    sent = call.arguments.instances()
    embedded = _embedded(call)
    return created(call, embedded.create(sent) if isinstance(sent, Mapping) else embedded.create_all(sent))


def _update(call: Call) -> Answer:
    return one(call, _embedded(call).update(call.arguments.instance(), call.arguments.parameters.get("fk")))


def _delete(call: Call) -> Answer:
    _embedded(call).delete(call.arguments.parameters.get("fk"))
    return NOTHING


def _delete_all(call: Call) -> Answer:
    _embedded(call).delete_all(call.arguments.where())
    return NOTHING


def _reference_link(call: Call) -> Answer:
    return one(call, _references(call).add(call.fk))


def _reference_unlink(call: Call) -> Answer:
    _references(call).remove(call.fk)
    return NOTHING


def _reference_exists(call: Call) -> Answer:
    listed = _references(call).has(call.fk)
    return Answer(status=200 if listed else 404, body=encode(listed))


def _embedded(call: Call) -> Embedded:
    if call.inside is not None:
        return call.repository.embedded_in(call.inside, call.id, _relation(call))
    return call.repository.embedded(call.endpoint.model, call.id, _relation(call))


def _references(call: Call) -> References:
    return call.repository.references(call.endpoint.model, call.id, _relation(call))


def _relation(call: Call) -> Relation:
    relation = call.endpoint.relation
    if relation is None:
        msg = "a relation's endpoint without a relation"
        raise TypeError(msg)
    return relation


EMBEDDED_ACTIONS: Final[Mapping[str, Action]] = {
    "embedded_get": _get,
    "embedded_count": _count,
    "embedded_findById": _find_by_id,
    "embedded_create": _create,
    "embedded_update": _update,
    "embedded_updateById": _update,
    "embedded_destroy": _delete,
    "embedded_destroyById": _delete,
    "embedded_delete": _delete_all,
    "reference_link": _reference_link,
    "reference_unlink": _reference_unlink,
    "reference_exists": _reference_exists,
}
"""Names of actions to what they do."""
