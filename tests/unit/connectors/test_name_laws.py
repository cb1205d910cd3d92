"""Names that lbconf makes fit the server, come out the same each time, and never meet."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lbconf.connectors.mysql.mapping import MysqlMapping
from lbconf.connectors.postgresql.mapping import PostgresqlMapping
from lbconf.connectors.sql.mapping import SqlMapping
from lbconf.connectors.sqlite.mapping import SqliteMapping
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.structure import QualifiedName

LIMITS = {PostgresqlMapping: 63, MysqlMapping: 64, SqliteMapping: None}
NAMES = st.text("abcdefghij_ü語 ", min_size=1, max_size=90)


def mapping_of(kind: type[SqlMapping]) -> SqlMapping:
    return kind(DataSource(name="db", connector=kind.sections[0], settings={}, layout=Layout.NATIVE))


@pytest.mark.parametrize("kind", LIMITS)
@given(table=NAMES, other=NAMES, column=NAMES)
def test_names_fit_are_steady_and_stay_apart(kind: type[SqlMapping], table: str, other: str, column: str) -> None:
    mapping, limit = mapping_of(kind), LIMITS[kind]
    one, two = QualifiedName("n", table), QualifiedName("n", other)
    found = {suffix: mapping.constraint_name(one, (column,), suffix) for suffix in ("key", "fkey", "check", "pkey")} | {
        "index": mapping.index_name(one, (column,), unique=False)
    }
    assert len(set(found.values())) == len(found)
    for name in found.values():
        assert limit is None or len(name.encode()) <= limit
    assert mapping_of(kind).constraint_name(one, (column,), "fkey") == found["fkey"]
    assume(table != other)
    assert mapping.constraint_name(two, (column,), "fkey") != found["fkey"]
    assert mapping.index_name(two, (column,), unique=False) != found["index"]
