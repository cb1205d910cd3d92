"""Writes every call of a hook, with its context, as one line of JSON to the file that `RECORDING` names."""

import json
import os
from pathlib import Path
from typing import Any

from lbconf.code import (
    HookContext,
    RemoteContext,
    access,
    after_delete,
    after_remote,
    after_remote_error,
    after_save,
    before_delete,
    before_remote,
    before_save,
    loaded,
    persist,
)

PARTS = {
    "instance": "instance",
    "data": "data",
    "where": "where",
    "query": "query",
    "current_instance": "currentInstance",
    "is_new_instance": "isNewInstance",
    "info": "info",
}


def _write(line: dict[str, Any]) -> None:
    with Path(os.environ["RECORDING"]).open("a") as file:
        file.write(json.dumps(line, default=str) + "\n")


def _record(op: str, context: HookContext) -> None:
    parts = {name: getattr(context, part) for part, name in PARTS.items() if getattr(context, part) is not None}
    _write({"model": context.model, "op": op, **parts})


@access
def on_access(context: HookContext) -> None:
    _record("access", context)


@before_save
def on_before_save(context: HookContext) -> None:
    _record("before save", context)


@after_save
def on_after_save(context: HookContext) -> None:
    _record("after save", context)


@loaded
def on_loaded(context: HookContext) -> None:
    _record("loaded", context)


@persist
def on_persist(context: HookContext) -> None:
    _record("persist", context)


@before_delete
def on_before_delete(context: HookContext) -> None:
    _record("before delete", context)


@after_delete
def on_after_delete(context: HookContext) -> None:
    _record("after delete", context)


@before_remote("**")
def on_before_remote(context: RemoteContext) -> None:
    _write({"model": context.model, "op": "beforeRemote", "method": context.method.removeprefix("prototype.")})


@after_remote("**")
def on_after_remote(context: RemoteContext) -> None:
    _write({"model": context.model, "op": "afterRemote", "method": context.method.removeprefix("prototype.")})


@after_remote_error("**")
def on_after_remote_error(context: RemoteContext) -> None:
    _write({"model": context.model, "op": "afterRemoteError", "method": context.method.removeprefix("prototype.")})
