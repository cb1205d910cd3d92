"""A question about access whose path has a filter: what the answer does not cover is said."""

import json
from pathlib import Path

import pytest

from lbconf.cli.views.access import render_json, render_text
from lbconf.operations.access import FILTER_NOTE, AccessQuestion, explain_access

SHOP = Path(__file__).parents[3] / "examples" / "shop"
RECORDED = Path(__file__).parents[2] / "conformance_rest" / "recorded" / "project"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ('/api/orders/3?filter={"include":"lines"}', True),
        ("/api/orders/3?x=1&filter[include]=lines", True),
        ('/api/orders/3?filter=%7B"include":"lines"%7D', True),
        ('/api/orders/count?where={"customer.name":"a"}', True),
        ("/api/orders/3?page=1", False),
        ("/api/orders/3", False),
    ],
)
def test_a_filter_is_said_to_ask_for_rights_of_its_own(path: str, *, said: bool) -> None:
    found = explain_access(SHOP, AccessQuestion(verb="GET", path=path, offline=True))
    assert (FILTER_NOTE in render_text(found, color=False)) == said
    assert json.loads(render_json(found))["note"] == (FILTER_NOTE if said else None)


def test_loopback_layouts_ask_for_no_right_to_what_is_included() -> None:
    question = AccessQuestion(verb="GET", path='/api/Memos/7?filter={"include":"x"}', offline=True)
    assert explain_access(RECORDED, question).note is None
