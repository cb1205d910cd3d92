"""The pages about models and structure: every key is told, and every example is taken as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbconf.connectors.postgresql.mapping import PostgresqlMapping
from lbconf.plan.desired import desired_state
from lbconf.project.definition_sections import NativeModelSection, NativePropertySection
from lbconf.project.definitions_structure import StructureDefinition
from lbconf.project.resolved import Project
from lbconf.project.shapes import DEFINITIONS
from tests.unit.project.merging import examined, merged

PAGES = Path(__file__).parents[3] / "docs"
MODELS, STRUCTURE = (PAGES / "models.md").read_text(), (PAGES / "structure.md").read_text()
OLD = {"schemaName", "tableName", "collection", "column", "field", "fieldName"}
"""LoopBack's other names of keys that are told."""


def examples(page: str) -> Iterator[tuple[str, Any]]:
    """What each example of a page is (`datasources`, `models/Order`), and what it says."""
    for block in re.findall(r"```yaml\n# (\S+)\n(.*?)```", page, re.DOTALL):
        yield block[0], yaml.safe_load(block[1])


def project_of(*pages: str) -> Project:
    sources: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for kind, said in (example for page in pages for example in examples(page)):
        if kind == "datasources":
            sources = {**said, **sources}
        else:
            wiring = {"dataSource": said.pop("dataSource")}
            models[said["name"]] = {"wiring": wiring, "definition": said}
    project, found = examined(merged(models, datasources=sources))
    assert [str(one) for one in found] == []
    return project


def keys(definition: str) -> Iterator[str]:
    """The keys of a shape and of those inside it."""
    shape = DEFINITIONS[definition]
    yield from shape["properties"]
    for inner in re.findall(r"'\$ref': '(\w+)'", str(shape)):
        if inner != definition:
            yield from keys(inner)


@pytest.mark.parametrize("definition", [NativeModelSection, NativePropertySection], ids=lambda kind: kind.__name__)
def test_every_key_of_a_connector_section_is_told(definition: type) -> None:
    told = MODELS.partition("## The exact form in one database")[2]
    assert sorted({key for key in keys(definition.__name__) if not re.search(rf"\b{key}\b", told)} - OLD) == []


def test_every_key_of_structure_is_told() -> None:
    assert sorted({key for key in keys(StructureDefinition.__name__) if not re.search(rf"\b{key}\b", STRUCTURE)}) == []


def test_the_examples_are_understood() -> None:
    project = project_of(STRUCTURE, MODELS)
    source = project.data_sources["db"]
    state = desired_state(project, source, PostgresqlMapping(source)).state
    assert [str(view.name) for view in state.views] == ["public.Occupied"]
    assert [str(table.name) for table in state.tables] == ["hotel.bookings", "public.Event", "public.Order"]
    assert {str(one.name) for one in state.enumerations} == {"public.mood", "public.priority", "public.urgency"}
    assert {str(one.name) for one in state.sequences} == {
        "archive.batch",
        "public.invoice_number",
        "public.order_number",
    }
    event = next(table for table in state.tables if table.partition_by is not None)
    assert [(str(part.name), len(part.partitions)) for part in event.partitions] == [
        ("public.event_2026", 0),
        ("public.event_rest", 1),
    ]
