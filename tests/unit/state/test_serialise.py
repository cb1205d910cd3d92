"""States, changes and steps as JSON and back."""

import json

import pytest
from hypothesis import given

from lbconf.connectors.capabilities import FULL, StateCapabilities
from lbconf.diagnostics import Location
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.serialise import from_data, json_schema, to_data
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ColumnType, Identity, QualifiedName, State
from tests.strategies.states import ServerWords, TypeWords, states

WORDS = ServerWords(
    namespace="public",
    key=ColumnType("integer"),
    identities=(Identity(kind="serial"), Identity(kind="identity-always", start=5)),
    types=(
        TypeWords(ColumnType("numeric", (10, 2)), "1", "2"),
        TypeWords(ColumnType("text", dimensions=1), "'{}'", "'{}'"),
    ),
    check=lambda column: f"{column} > 0",
    named_keys=True,
)
ALL = StateCapabilities(**dict.fromkeys(StateCapabilities.__dataclass_fields__, FULL))


@given(state=states(ALL, WORDS))
def test_states_survive(state: State) -> None:
    assert from_data(State, json.loads(json.dumps(to_data(state)))) == state


def test_steps_survive_with_what_does_not_compare() -> None:
    step = Step(
        summary="s",
        statements=(Statement(sql="x"),),
        table=QualifiedName("", "t"),
        transactional=False,
        hazards=(Hazard(kind=HazardKind.DELETES_DATA, message="m"),),
        source=Location(file="f", line=3),
        covers=(0, 2),
    )
    assert from_data(Step, json.loads(json.dumps(to_data(step)))) == step
    column = Column(name="a", type=ColumnType("x"), source=Location(file="f"), backfill="1")
    assert from_data(Column, to_data(column)).source == Location(file="f")


def test_defaults_are_left_out() -> None:
    assert to_data(Column(name="a", type=ColumnType("x"))) == {"name": "a", "type": {"name": "x"}}


@pytest.mark.parametrize(
    "data",
    [
        {"name": 1, "type": {"name": "x"}},
        {"name": "a"},
        {"name": "a", "type": {"name": "x"}, "more": 1},
        {"name": "a", "type": []},
        {"name": "a", "type": {"name": "x", "arguments": "12"}},
        [],
    ],
)
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_data(Column, data)


def test_the_schema_names_every_class_once() -> None:
    schema = json_schema(Step)
    assert schema["required"] == ["summary", "statements"]
    assert sorted(schema["$defs"]) == ["DataCheck", "Hazard", "Location", "QualifiedName", "Statement"]
