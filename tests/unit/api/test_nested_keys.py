"""Foreign keys out of instances that stand in the data, as a LoopBack 3.28 was seen to take them."""

from typing import Any

import pytest

from lbconf.api.nested_keys import with_nested_keys
from lbconf.project.resolved import Layout
from tests.strategies.shop import shop

LOOPBACK = shop(Layout.LOOPBACK)["Product"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"name": "a", "category": {"id": 1}}, {"name": "a", "categoryId": 1}),
        ({"category": {"id": "2"}}, {"categoryId": "2"}),
        ({"category": {"id": 1}, "categoryId": 2}, {"categoryId": 2}),
        ({"categoryId": 2, "category": {"id": 1}}, {"categoryId": 1}),
        ({"categoryId": 2, "category": {"name": "x"}}, {}),
        ({"categoryId": 2, "category": 5}, {}),
        ({"categoryId": 2, "category": [{"id": 3}]}, {}),
        ({"categoryId": 2, "category": {"id": None}}, {"categoryId": None}),
        ({"categoryId": 2, "category": None}, {"categoryId": 2}),
        ([{"category": {"id": 1}}, None, 5], [{"categoryId": 1}, None, 5]),
        ({"suppliers": [{"id": 1}]}, {"suppliers": [{"id": 1}]}),
        (5, 5),
    ],
)
def test_an_instance_in_the_data_tells_its_key(data: Any, found: Any) -> None:
    assert with_nested_keys(LOOPBACK, data) == found
    assert with_nested_keys(shop(Layout.NATIVE)["Product"], data) == data
