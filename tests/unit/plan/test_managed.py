"""What the ledger says is managed."""

import json
from types import SimpleNamespace

import pytest

from lbconf.connectors.contract import LedgerEntry
from lbconf.plan.managed import last_managed, managed_namespaces
from lbconf.state.serialise import to_data
from lbconf.state.structure import Column, ColumnType, QualifiedName, State, Table


def test_what_is_managed_is_the_newest_state_and_what_half_a_plan_may_have_left() -> None:
    def entry(number: int, result: str, next_step: int, *names: str) -> LedgerEntry:
        tables = tuple(
            Table(name=QualifiedName("", name), columns=(Column(name="a", type=ColumnType("x")),)) for name in names
        )
        state = json.dumps(to_data(State(tables=tables)))
        return LedgerEntry(
            id=number,
            started_at="",
            finished_at=None,
            user="",
            plan_digest="",
            result=result,
            next_step=next_step,
            steps="[]",
            state=state,
        )

    def managed(*entries: LedgerEntry) -> set[str]:
        found = last_managed(entries)
        assert {table.name for table in found.state(found.tables).tables} == found.tables
        return {name.name for name in found.tables}

    assert managed() == set()
    assert managed(entry(1, "applied", 1, "a"), entry(2, "applied", 1, "b")) == {"b"}
    assert managed(entry(1, "applied", 1, "a"), entry(2, "failed", 0, "b")) == {"a"}
    assert managed(entry(1, "applied", 1, "a"), entry(2, "failed", 1, "b")) == {"a", "b"}


@pytest.mark.parametrize("names", [[], ["public"], ["b", "a]b", 'c"d', "é"]])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_namespaces_are_read_without_the_rest(names: list[str], separators: tuple[str, str]) -> None:
    kept: list[dict[str, list[str]]] = [
        {"namespaces": names, "tables": []},
        {"tables": [], "namespaces": names},
        {"tables": []},
    ]
    who = {"environment": "", "user": "", "started_at": ""}
    for data in kept:
        text = json.dumps(data, separators=separators, ensure_ascii=False)
        entries = [SimpleNamespace(result="applied", next_step=1, state=text, documents="", **who)]
        assert managed_namespaces(entries) == last_managed(entries).namespaces  # type: ignore[arg-type]
    assert managed_namespaces([]) == ()
