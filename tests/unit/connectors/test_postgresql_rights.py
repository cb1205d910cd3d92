"""What is told where PostgreSQL refuses a right: which is missing, to whom, and what gives it."""

from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.errors import translate
from lbconf.diagnostics import Code
from lbconf.layers.secret import Secret
from tests.strategies.rows import data_source


def hint(message: str, **settings: Any) -> str | None:
    """The hint of a right that is missing, as a server's message says."""
    problem = psycopg.errors.InsufficientPrivilege(message)
    (found,) = translate(data_source("postgresql", settings), problem, lambda *_: ()).diagnostics
    assert found.code is Code.PERMISSION_MISSING
    assert message in found.message
    return found.hint


@pytest.mark.parametrize(
    ("settings", "role"),
    [
        ({"url": "postgresql://app:topsecret@localhost/shop"}, '"app"'),
        ({"url": Secret("postgresql://a%22pp:topsecret@localhost/shop"), "user": "other"}, '"a""pp"'),
        ({"user": "app", "password": Secret("topsecret")}, '"app"'),
        ({"username": "app"}, '"app"'),
        ({"user": Secret("app")}, "the role that the data source connects as"),
        ({"url": "postgresql://[broken"}, "the role that the data source connects as"),
        ({}, "the role that the data source connects as"),
    ],
)
def test_the_right_to_make_tables_is_told_with_the_role(settings: Any, role: str) -> None:
    found = hint("permission denied for schema public", **settings) or ""
    assert f'GRANT USAGE, CREATE ON SCHEMA "public" TO {role}' in found
    assert "topsecret" not in found


def test_the_right_to_make_schemas_is_told() -> None:
    found = hint("permission denied for database shop", user="app") or ""
    assert 'GRANT CREATE ON DATABASE "shop" TO "app"' in found


def test_other_rights_are_told_without_advice() -> None:
    assert hint("must be owner of table orders", user="app") is None
