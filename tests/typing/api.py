"""The public API as a user's type checker sees it; mypy checks this file, nothing runs it."""

from datetime import datetime
from typing import Any, assert_type

import lbconf
from lbconf.operations.loaded import LoadedDataSource, LoadedModel, LoadedProject


def project() -> None:
    with lbconf.load(".", "production", layout="native", sets=["/datasources/db/host=db1"]) as loaded:
        assert_type(loaded, LoadedProject)
        assert_type(loaded.environment, str)
        assert_type(loaded.models, tuple[str, ...])
        assert_type(loaded.data_source("db"), LoadedDataSource)
        assert_type(loaded.model("Account"), LoadedModel)


def data_source(source: lbconf.LoadedDataSource) -> None:
    plan = source.plan(["Account"])
    assert_type(plan.empty, bool)
    assert_type(source.apply(plan, accept=["deletes-data"]).steps, int)
    assert_type(source.autoupdate().steps, int)
    assert_type(source.automigrate(["Account"], accept=["deletes-data"]).steps, int)
    assert_type(source.is_actual(), bool)
    assert_type(source.discover("account"), list[dict[str, Any]])
    assert_type(source.discover_and_build_models(), dict[str, LoadedModel])
    source.connect()
    source.ping()
    source.disconnect()


def model(accounts: lbconf.LoadedModel) -> None:
    assert_type(accounts.create({"email": "a@example.org"}), dict[str, Any])
    assert_type(accounts.create([{"email": "a@example.org"}]), list[dict[str, Any]])
    assert_type(accounts.find({"where": {"created": {"gt": datetime.now()}}}), list[dict[str, Any]])  # noqa: DTZ005
    assert_type(accounts.find_one(), dict[str, Any] | None)
    assert_type(accounts.find_by_id(1), dict[str, Any] | None)
    assert_type(accounts.exists(1), bool)
    assert_type(accounts.count({"level": 1}), int)
    assert_type(accounts.upsert({"id": 1, "level": 2}), dict[str, Any])
    assert_type(accounts.replace_by_id(1, {"email": "a@example.org"}), dict[str, Any])
    assert_type(accounts.update_all({"level": 1}, {"level": 2}), int)
    assert_type(accounts.delete_by_id(1), bool)
    assert_type(accounts.delete_all({"level": 1}), int)


def database(url: str) -> None:
    with lbconf.connect(url) as loaded:
        assert_type(loaded, LoadedProject)
