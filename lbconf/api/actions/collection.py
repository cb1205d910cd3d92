"""What the endpoints of a model itself do."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.actions.call import Action, Answer, Call, created, data, many, one
from lbconf.api.actions.paging import page_answer, wants_page
from lbconf.api.nested_keys import with_nested_keys
from lbconf.api.present import encode

__all__ = ["COLLECTION_ACTIONS"]


def _find(call: Call) -> Answer:
    model, scope = call.endpoint.model, call.endpoint.scope
    wanted = call.arguments.filter()
    if wants_page(call, wanted):
        return page_answer(
            call,
            wanted,
            lambda wanted, after, count: call.repository.page(model, wanted, scope=scope, after=after, count=count),
            lambda page: call.presenter.instances(model, page.rows),
        )
    text = call.repository.find_json(model, wanted, scope=scope)
    if text is not None:
        return Answer(body=text)
    return many(call, call.repository.find(model, wanted, scope=scope))


def _find_by_id(call: Call) -> Answer:
    model, wanted = call.endpoint.model, call.arguments.filter()
    text = call.repository.find_by_id_json(model, call.id, wanted)
    if text is not None:
        return Answer(body=text)
    return one(call, call.repository.find_by_id(model, call.id, wanted))


def _find_one(call: Call) -> Answer:
    return one(call, call.repository.find_one(call.endpoint.model, call.arguments.filter()))


def _count(call: Call) -> Answer:
    endpoint = call.endpoint
    return data({"count": call.repository.count(endpoint.model, call.arguments.where(), scope=endpoint.scope)})


def _exists(call: Call) -> Answer:
    if call.request.verb == "HEAD" and call.endpoint.model.layout.is_loopback:
        return _head(call)
    return data({"exists": call.repository.exists(call.endpoint.model, call.id)})


def _head(call: Call) -> Answer:
    there = call.repository.exists(call.endpoint.model, call.id)
    return Answer(status=200 if there else 404, body=encode({"exists": there}))


def _whole(call: Call) -> Any:
    """The data of a whole instance; attributes to patch are taken as they are."""
    return with_nested_keys(call.endpoint.model, call.arguments.instance())


def _create(call: Call) -> Answer:
    return created(
        call,
        call.repository.create(call.endpoint.model, with_nested_keys(call.endpoint.model, call.arguments.instances())),
    )


def _patch_or_create(call: Call) -> Answer:
    return one(call, call.repository.patch_or_create(call.endpoint.model, _whole(call)))


def _replace_or_create(call: Call) -> Answer:
    return one(call, call.repository.replace_or_create(call.endpoint.model, _whole(call)))


def _upsert_with_where(call: Call) -> Answer:
    where = call.arguments.where()
    return one(call, call.repository.upsert_with_where(call.endpoint.model, where, _whole(call)))


def _update_all(call: Call) -> Answer:
    where = call.arguments.where()
    return data({"count": call.repository.update_all(call.endpoint.model, where, _whole(call))})


def _patch_attributes(call: Call) -> Answer:
    return one(call, call.repository.patch_by_id(call.endpoint.model, call.id, call.arguments.instance()))


def _replace_by_id(call: Call) -> Answer:
    return one(call, call.repository.replace_by_id(call.endpoint.model, call.id, _whole(call)))


def _delete_by_id(call: Call) -> Answer:
    return data({"count": call.repository.delete_by_id(call.endpoint.model, call.id)})


COLLECTION_ACTIONS: Final[Mapping[str, Action]] = {
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
"""Names of actions to what they do."""
