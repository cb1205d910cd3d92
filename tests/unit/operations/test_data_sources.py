"""Connectors of data sources: names, URLs, missing drivers."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from lbconf.connectors import registry
from lbconf.connectors.contract import ConnectorType
from lbconf.diagnostics import Code, Collector
from lbconf.errors import ConnectorError
from lbconf.layers.secret import Secret
from lbconf.operations import data_sources
from lbconf.operations.built import bare_project
from lbconf.operations.data_sources import create_connector, create_connectors, data_source_from_url, with_url
from lbconf.project.resolved import DataSource, Layout


def source(connector: str, **settings: object) -> DataSource:
    return DataSource(name="db", connector=connector, settings=MappingProxyType(settings), layout=Layout.NATIVE)


def test_a_url_takes_the_place_of_the_settings_and_stays_secret() -> None:
    found = with_url(source("postgresql", host="old", max=3), "postgres://u:pw@new/x")

    assert found.connector == "postgresql"
    assert found.settings["max"] == 3
    assert found.settings["url"] == Secret("postgres://u:pw@new/x")
    assert "pw" not in repr(found)


def test_settings_of_another_connector_do_not_leak() -> None:
    found = with_url(source("sqlite", file="a.db"), "postgresql://localhost/x")

    assert found.connector == "postgresql"
    assert "file" not in found.settings


@pytest.mark.parametrize("url", ["gopher://x", "nothing"])
def test_a_url_that_no_connector_answers_to(url: str) -> None:
    with pytest.raises(ConnectorError) as refused:
        data_source_from_url(url)

    (finding,) = refused.value.diagnostics
    assert finding.code is Code.CONNECTOR_MISSING
    assert "sqlite://" in (finding.hint or "")


def test_an_unknown_connector_is_told_with_the_nearest() -> None:
    with pytest.raises(ConnectorError) as refused:
        create_connector(source("postgresq"))

    assert refused.value.diagnostics[0].hint == "did you mean postgresql?"


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(kind: ConnectorType) -> str | None:
        return registry.missing_driver(replace(kind, drivers=("no_such_driver_here",)))

    monkeypatch.setattr(data_sources, "missing_driver", without)

    with pytest.raises(ConnectorError) as refused:
        create_connector(source("postgresql"))

    (finding,) = refused.value.diagnostics
    assert finding.code is Code.DRIVER_MISSING
    assert finding.message == (
        "data source db: PostgreSQL needs the Python package no_such_driver_here, which is not installed"
    )
    assert finding.hint == "pip install 'lbconf[postgresql]'"


def test_one_data_source_without_connector_leaves_the_others(tmp_path: Path) -> None:
    good, bad = source("memory"), replace(source("redis"), name="cache")
    project = replace(bare_project(good), data_sources=MappingProxyType({"db": good, "cache": bad}), root=tmp_path)
    problems = Collector()

    assert list(create_connectors(project, problems=problems)) == ["db"]
    assert [found.code for found in problems.diagnostics] == [Code.CONNECTOR_MISSING]
    with pytest.raises(ConnectorError):
        create_connectors(project)
