"""Transactions: all of a group of writes, or nothing."""

import contextlib
import threading

import pytest

from lbconf.datatypes import StringType
from lbconf.errors import ConstraintError
from lbconf.project.resolved import Model
from lbconf.query.nodes import Comparison, Operator, Query, Target
from tests.conformance.conftest import Place
from tests.strategies.rows import model


class Stop(Exception):  # noqa: N818 - no error: it ends a transaction
    """Ends a transaction."""


@pytest.fixture
def kind(place: Place) -> Model:
    support = place.connector.capabilities.write.transactions
    if not support:
        pytest.skip(support.reason)
    made = model({"name": StringType()}, layout=place.layout)
    place.prepare(made)
    place.connector.insert(made, [{"name": "a"}, {"name": "b"}])
    return made


def names(place: Place, kind: Model) -> list[str]:
    return sorted(row["name"] for row in place.connector.find(Query(model=kind)))


def named(kind: Model, name: str) -> Comparison:
    return Comparison(Target(kind.properties["name"]), Operator.EQ, name)


def test_what_succeeds_stays(place: Place, kind: Model) -> None:
    with place.connector.transaction():
        place.connector.insert(kind, [{"name": "c"}])
        with place.connector.transaction():
            place.connector.update(kind, named(kind, "a"), {"name": "x"})
        assert names(place, kind) == ["b", "c", "x"]

    assert names(place, kind) == ["b", "c", "x"]


def test_what_fails_is_undone(place: Place, kind: Model) -> None:
    def fail() -> None:
        with place.connector.transaction():
            place.connector.insert(kind, [{"name": "c"}])
            with place.connector.transaction():
                place.connector.update(kind, named(kind, "a"), {"name": "x"})
            place.connector.delete(kind, named(kind, "b"))
            raise Stop

    with pytest.raises(Stop):
        fail()

    assert names(place, kind) == ["a", "b"]
    place.connector.insert(kind, [{"name": "later"}])
    assert names(place, kind) == ["a", "b", "later"]


def test_other_threads_see_nothing_half_done(place: Place, kind: Model) -> None:
    seen: list[list[str]] = []
    with place.connector.transaction():
        place.connector.delete(kind, None)
        thread = threading.Thread(target=lambda: seen.append(names(place, kind)))
        thread.start()
        thread.join(0.3)
        place.connector.insert(kind, [{"name": "c"}])
    thread.join(10)

    assert seen in ([["a", "b"]], [["c"]])


def test_a_savepoint_is_undone_alone(place: Place) -> None:
    kind = model({"name": StringType()}, layout=place.layout)
    place.prepare(kind)
    connector = place.connector

    def names() -> list[str]:
        return sorted(row["name"] for row in connector.find(Query(model=kind)))

    with connector.transaction():
        connector.insert(kind, [{"name": "first"}])
        with connector.savepoint():
            connector.insert(kind, [{"name": "kept"}])
        with contextlib.suppress(ZeroDivisionError), connector.savepoint():
            connector.insert(kind, [{"name": "lost"}])
            with connector.savepoint():
                connector.delete(kind, None)
            raise ZeroDivisionError
        assert names() == ["first", "kept"]
        (made,) = connector.insert(kind, [{"name": "last"}])
        with contextlib.suppress(ConstraintError), connector.savepoint():
            connector.insert(kind, [{"id": made["id"], "name": "again"}])
    assert names() == ["first", "kept", "last"]
    with contextlib.suppress(ZeroDivisionError), connector.savepoint():
        connector.insert(kind, [{"name": "lost"}])
        raise ZeroDivisionError
    assert names() == ["first", "kept", "last"]
