"""Patterns of checks mean to the server what they mean to the API."""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, assume, example, given, note, settings
from hypothesis import strategies as st

from lbconf.connectors.postgresql.check_patterns import postgresql_pattern
from lbconf.query.errors import RequestError
from lbconf.query.pattern import compile_pattern
from tests.servers import PostgresqlServer

PIECES = st.sampled_from(
    [
        *"ab_-.|()[]^$*+?{},1 é😀", r"\d", r"\W", r"\s", r"\.", r"\u00e9", r"\n", "[a-z]", r"[^\w-]", r"[\]\-]", "(?:",
        "{2}", "{1,3}", "{2,}", "*?", r"\x41", r"\b", "(?=", r"\1", "[]", "[^]", "***:", "(?i)",
    ]
)  # fmt: skip
PATTERNS = st.lists(PIECES, max_size=6).map("".join)
TEXTS = st.text("abz_-.1 Aé😀\n\u2028]", max_size=6)


@pytest.fixture(scope="module")
def session(postgresql_server: PostgresqlServer) -> Iterator[psycopg.Connection]:
    url = postgresql_server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    postgresql_server.drop_database(url)


@given(pattern=PATTERNS, texts=st.lists(TEXTS, min_size=1, max_size=8))
@example(pattern=r"^[a-z][\w.-]{1,3}(\d|é)?$", texts=["ab", "a_1", "aé", "ab\n"])
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_they_match_the_same(session: psycopg.Connection, pattern: str, texts: list[str]) -> None:
    try:
        meant = compile_pattern(pattern, "")
    except RequestError:
        assume(False)  # noqa: FBT003 - the assumption fails
    translated = postgresql_pattern(pattern)
    assume(translated is not None)

    note(f"{pattern!r} {translated!r}")
    found = session.execute(
        "SELECT array_agg(t ~ %s ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, n)", (translated, texts)
    )

    assert found.fetchone() == ([meant.search(text) for text in texts],), translated


@pytest.mark.parametrize("pattern", [r"\bword\b", r"(?=a)", r"(a)\1", r"[\D-z]", "a{300}", "\0"])
def test_there_are_no_words_for_some(pattern: str) -> None:
    assert postgresql_pattern(pattern) is None
