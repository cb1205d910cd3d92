"""The connectors that take part: the one list of them. A suite asks for `place` and looks at its capabilities."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from lbconf.connectors.contract import Reader, Transactional, Writer
from lbconf.connectors.registry import connector_type
from lbconf.project.resolved import Layout, Model
from lbconf.query.evaluate import Semantics
from lbconf.query.nodes import Row
from tests.strategies.rows import create_tables, data_source, rows

Settings = Callable[[pytest.FixtureRequest], Mapping[str, Any]]

CONNECTORS: Mapping[str, Settings] = {
    "memory": lambda _: {},
    "sqlite": lambda request: {"file": str(_folder(request) / "rows.db")},
    "mysql": lambda request: {"url": request.getfixturevalue("mysql_url")},
    "postgresql": lambda request: {"url": request.getfixturevalue("postgresql_url")},
}
"""Each connector with the settings of an empty place of its kind."""


class Store(Reader, Writer, Transactional):
    """What the suites ask of a connector."""


@dataclass(frozen=True, slots=True)
class Place:
    """An open connector over an empty place."""

    connector: Any
    layout: Layout
    prepare: Callable[..., None]
    """Make room for the rows of these models, and of no others."""

    @property
    def semantics(self) -> Semantics:
        """LoopBack's own comparisons hold only where rows are kept as they come, in a LoopBack layout."""
        loose = self.layout.is_loopback and self.connector.capabilities.write.unknown_properties
        return Semantics.LOOPBACK if loose else Semantics.SQL

    def rows(self, kind: Model) -> st.SearchStrategy[Row]:
        """Rows that the place can keep."""
        return rows(kind, whole_seconds=not self.connector.capabilities.types.datetime_milliseconds)


@pytest.fixture(params=[(name, layout) for name in CONNECTORS for layout in (Layout.NATIVE, Layout.LOOPBACK)], ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each connector in each layout."""
    name, layout = request.param
    kind = connector_type(name)
    assert kind is not None
    source = data_source(kind.name, dict(CONNECTORS[name](request)), layout=layout)
    with closing(kind.create(source)) as connector:
        connector.open()
        mapping = kind.mapping(source)

        def prepare(*models: Model) -> None:
            if mapping is not None:
                create_tables(connector, mapping, *models)

        yield Place(connector, layout, prepare)


def _folder(request: pytest.FixtureRequest) -> Path:
    folder = request.getfixturevalue("tmp_path")
    assert isinstance(folder, Path)
    return folder
