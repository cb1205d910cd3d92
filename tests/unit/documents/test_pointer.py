import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.documents.pointer import MISSING, child, join, lookup, split


@given(st.lists(st.text()))
def test_split_undoes_join(segments: list[str]) -> None:
    assert split(join(segments)) == tuple(segments)


@pytest.mark.parametrize(
    ("segment", "pointer"), [("a", "/x/a"), (3, "/x/3"), ("a/b~c", "/x/a~1b~0c"), ("", "/x/"), ("~1", "/x/~01")]
)
def test_child(segment: str | int, pointer: str) -> None:
    assert child("/x", segment) == pointer


@pytest.mark.parametrize(
    ("segments", "value"),
    [
        ((), {"a": [1, {"b": None}]}),
        (("a", "0"), 1),
        (("a", "1", "b"), None),
        (("a", "2"), MISSING),
        (("a", "x"), MISSING),
        (("b",), MISSING),
        (("a", "0", "c"), MISSING),
    ],
)
def test_lookup(segments: tuple[str, ...], value: object) -> None:
    assert lookup({"a": [1, {"b": None}]}, segments) == value
