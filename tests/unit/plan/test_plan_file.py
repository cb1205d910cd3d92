"""Plan files: what is refused, and the schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lbconf.errors import PlanError
from lbconf.plan.plan import Plan, PlannedChange, TouchedTable
from lbconf.plan.plan_file import plan_file_schema, read_plan_file, write_plan_file
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ColumnType, Default, QualifiedName, State, Table

TABLE = Table(
    name=QualifiedName("public", "t"),
    columns=(Column(name="a", type=ColumnType("numeric", (5, 2)), default=Default("0")),),
)
HAZARD = Hazard(kind=HazardKind.DELETES_DATA, message="m")
PLAN = Plan(
    data_source="db",
    connector="postgresql",
    environment="production",
    configuration="c",
    fingerprint="f",
    scope=(TABLE.name,),
    changes=(
        PlannedChange(
            action="destroy",
            summary="s",
            reason="r",
            change=c.DropColumn(table=TABLE.name, before=TABLE.columns[0]),
            table=TABLE.name,
            hazards=(HAZARD,),
        ),
    ),
    steps=(Step(summary="s", statements=(Statement(sql="x"),), hazards=(HAZARD,), covers=(0,)),),
    managed=State(tables=(TABLE,)),
    sizes=(TouchedTable(table=TABLE.name, rows=3, bytes=None),),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prod.plan"
    write_plan_file(path, [PLAN], environment="production")
    return path


def test_it_survives(file: Path) -> None:
    assert read_plan_file(file).plans == (PLAN,)


def test_the_schema_accepts_it_and_refuses_others(file: Path) -> None:
    schema = plan_file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(file.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    del document["plans"][0]["steps"][0]["statements"]
    assert not validator.is_valid(document)


def edited(document: dict[str, Any]) -> None:
    document["plans"][0]["steps"][0]["statements"][0]["sql"] = "DROP TABLE x"


def other_version(document: dict[str, Any]) -> None:
    document["version"] = 99


def other_format(document: dict[str, Any]) -> None:
    document["format"] = "something"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edited, "{} was changed after it was written, so it is not used"),
        (other_version, "{} has plan format 99, and this lbconf reads 2"),
        (other_format, "{} is no plan file"),
    ],
)
def test_others_are_refused(file: Path, change: Any, message: str) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    with pytest.raises(PlanError) as caught:
        read_plan_file(file)
    assert str(caught.value) == message.format(file)


@pytest.mark.parametrize("text", ["", "no json", "[]", "null"])
def test_rubbish_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(PlanError):
        read_plan_file(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no.plan", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(PlanError) as caught:
            read_plan_file(path)
        assert str(caught.value) == f"{path} cannot be read: {reason}"
    with pytest.raises(PlanError):
        write_plan_file(tmp_path / "no" / "x.plan", [PLAN], environment="e")
