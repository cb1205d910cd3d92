"""Which checks let pass more than the ones they replace."""

import pytest

from lbconf.connectors.sql.checks import widened_checks
from lbconf.state.changes import AddCheck, DropCheck
from lbconf.state.structure import Check, QualifiedName

TABLE = QualifiedName("", "t")


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        ("\"kind\" IN ('a', 'b')", "\"kind\" IN ('a', 'b', 'it''s')", True),
        ("\"kind\" IN ('a', 'b')", "\"kind\" IN ('b', 'c', 'a')", True),
        ("(kind = ANY (ARRAY['a'::text, 'b'::text]))", "(kind = ANY (ARRAY['a'::text, 'b'::text, 'c'::text]))", True),
        (
            "((kind)::text = ANY ((ARRAY['a'::character varying])::text[]))",
            "((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            True,
        ),
        ("\"kind\" IN ('a', 'b')", "\"kind\" IN ('a', 'c')", False),
        ("\"kind\" NOT IN ('a')", "\"kind\" NOT IN ('a', 'b')", False),
        ("\"kind\" IN ('a')", "\"kine\" IN ('a', 'b')", False),
        ("x IN ('a') AND y IN ('b')", "x IN ('a', 'c') AND y IN ('b')", False),
        ("kind = 'a'", "kind = 'b'", False),
        ("kindin('a')", "kindin('a', 'b')", False),
    ],
)
def test_a_check_is_wider_only_where_that_is_certain(before: str, after: str, *, wider: bool) -> None:
    changes = (
        DropCheck(table=TABLE, before=Check(name="c", expression=before)),
        AddCheck(table=TABLE, after=Check(name="c", expression=after)),
    )
    assert widened_checks(changes) == (frozenset({(TABLE, "c")}) if wider else frozenset())
