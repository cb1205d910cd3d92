"""Planning for a PostgreSQL server that was asked before and is not asked now."""

from collections.abc import Iterator

from lbconf.connectors.contract import Predicted, ServerFacts, Unproved
from lbconf.connectors.postgresql.normalize import predicted, questions
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["facts", "predict", "version_number"]


def facts(version: int) -> ServerFacts:
    """For a server's version as it numbers it: 160004."""
    major, minor = divmod(version, 10000)
    return ServerFacts(product="PostgreSQL", version=f"{major}.{minor}")


def version_number(found: ServerFacts) -> int:
    """160004 for `16.4`. Raises `ValueError` where it is no such version."""
    major, _, minor = found.version.partition(".")
    return int(major) * 10000 + int(minor or 0)


def predict(desired: State, actual: State) -> Predicted:
    """What needs no server, and which parts do."""
    state = predicted(desired, actual)
    unproved = [part for name, table in questions(state, actual).items() for part in _parts(name, table)]
    return Predicted(state=state, unproved=tuple(unproved))


def _parts(name: QualifiedName, question: Table) -> Iterator[Unproved]:
    yield from (Unproved(name, "column", column.name) for column in question.columns)
    yield from (Unproved(name, "check", check.name) for check in question.checks)
    yield from (Unproved(name, "index", index.name) for index in question.indexes)
