import pytest

from lbconf.project.naming import dashed, lower_first, pascal


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Accounts", "accounts"), ("OrderLines", "orderLines"), ("ACLs", "acls"), ("URLPart", "urlPart"), ("x", "x")],
)
def test_lower_first(name: str, expected: str) -> None:
    assert lower_first(name) == expected


def test_pascal() -> None:
    assert pascal("order-line") == "OrderLine"


def test_dashed() -> None:
    assert dashed("/OrderLines/Of_This") == "/order-lines/of-this"
