"""A project's own code as its author's type checker sees it; mypy checks this file, nothing runs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_type

from lbconf.code import (
    BootContext,
    HookContext,
    HttpError,
    RemoteContext,
    RoleContext,
    after_remote,
    after_save,
    before_save,
    boot,
    remote,
    role,
    validator,
)


@before_save
def stamp(context: HookContext) -> None:
    context.row["changed"] = datetime.now()  # noqa: DTZ005
    assert_type(context.instance, dict[str, Any] | None)
    assert_type(context.is_new_instance, bool | None)


@after_save
async def count(context: HookContext) -> None:
    orders = context.models.Order
    assert_type(orders.count({"size": {"gt": 1}}), int)
    assert_type(orders.find_by_id(1), dict[str, Any] | None)
    assert_type(orders.create({"size": 1}), dict[str, Any])
    assert_type(orders.create([{"size": 1}]), list[dict[str, Any]])
    assert_type(context.models["Order"].find_or_create({}, {"size": 1}), tuple[dict[str, Any], bool])
    with orders.transaction():
        orders.delete_all()
    raise HttpError(409, "no", code="NO", details={"size": 1})


@remote
def greet(context: RemoteContext, name: str, times: int = 1) -> str:
    assert_type(context.args, dict[str, Any])
    assert_type(context.instance, dict[str, Any] | None)
    return name * times


@remote("prototype.close")
def close(context: RemoteContext) -> dict[str, Any]:
    return dict(context.instance or {})


@after_remote("prototype.*")
def mark(context: RemoteContext) -> None:
    context.headers["X-Mark"] = context.method
    context.status = 202


@validator("title", message="is short", code="custom.short")
def long_enough(value: Any, row: Mapping[str, Any]) -> bool:
    return len(str(value)) > len(row)


@role("member")
def is_member(context: RoleContext) -> bool:
    return context.caller.user_id == 1 and context.id is not None


@boot
async def start(context: BootContext) -> None:
    assert_type(context.environment, str)
    assert_type(list(context.models), list[str])


assert_type(greet(RemoteContext.__new__(RemoteContext), "x"), str)
