"""What SQLite and PostgreSQL answer, by version."""

from pathlib import Path

import lbconf
from lbconf.connectors.capabilities import Support, SupportLevel, questions
from lbconf.connectors.postgresql.capabilities import capabilities as of_postgresql
from lbconf.connectors.sqlite.capabilities import capabilities as of_sqlite


def test_whatever_is_not_full_has_a_reason() -> None:
    for found in (of_postgresql(), of_postgresql(90600), of_sqlite(), of_sqlite((3, 8, 0))):
        for _, question, support in questions(found):
            assert support.reason or support.level is SupportLevel.FULL, question


def test_no_server_makes_indexes_while_others_write() -> None:
    """No statement says CONCURRENTLY: whoever writes it changes this answer too."""
    sources = Path(lbconf.__file__).parent.joinpath("connectors", "postgresql").rglob("*.py")
    written = any("CONCURRENTLY" in source.read_text("utf-8") for source in sources)
    assert (of_postgresql().state.online_indexes.level is SupportLevel.FULL) is written


def test_answers_follow_the_version() -> None:
    assert of_postgresql(120000).types.uuid == Support(
        SupportLevel.SINCE, "since 13: gen_random_uuid() without an extension"
    )
    assert of_postgresql(130000).types.uuid.level is SupportLevel.FULL
    assert of_sqlite((3, 34, 1)).write.returning.level is SupportLevel.SINCE
