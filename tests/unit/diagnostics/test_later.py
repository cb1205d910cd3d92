"""Places that are worked out when somebody looks."""

import pickle
from copy import deepcopy

import pytest

from lbconf.diagnostics import LaterLocation, Location
from lbconf.state.serialise import to_data

FOUND = Location(file="m.yaml", line=3, column=5, end_line=3, end_column=9, pointer="/a")


def test_it_is_found_once_and_only_when_looked_at() -> None:
    asked: list[str] = []

    def find(at: str) -> Location:
        asked.append(at)
        return FOUND

    later = LaterLocation(find, "/models/A")
    assert (asked, isinstance(later, Location)) == ([], True)
    assert (str(later), later.pointer, later.end_column, asked) == ("m.yaml:3:5", "/a", 9, ["/models/A"])


def test_it_equals_what_is_found() -> None:
    later = LaterLocation(lambda _: FOUND, "/x")
    assert (later == FOUND, FOUND == later, hash(later) == hash(FOUND)) == (True, True, True)  # noqa: SIM300 - both ways
    assert (later == LaterLocation(lambda _: FOUND, "/y"), later == Location(file="other"), later == "m.yaml") == (
        True,
        False,
        False,
    )


def test_it_is_stored_and_copied_as_a_plain_location() -> None:
    later = LaterLocation(lambda _: FOUND, "/x")
    for copy in (deepcopy(later), pickle.loads(pickle.dumps(later))):  # noqa: S301 - our own bytes
        assert (type(copy), copy) == (Location, FOUND)
    assert to_data(later) == to_data(FOUND)


def test_it_has_no_other_fields() -> None:
    later = LaterLocation(lambda _: FOUND, "/x")
    with pytest.raises(AttributeError):
        later.colour  # noqa: B018 - the reading is what is tested
    with pytest.raises(LookupError, match="nothing stands at /x"):
        str(LaterLocation(lambda _: None, "/x"))
