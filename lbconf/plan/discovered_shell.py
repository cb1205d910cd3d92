"""Definitions of models as far as a mapping needs them to name tables and columns."""

from collections.abc import Mapping
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import StringType
from lbconf.project.resolved import Layout, Model, Property
from lbconf.state.structure import QualifiedName

__all__ = ["columns_of", "shell", "table_of"]


def shell(name: str, section: Mapping[str, Any], section_name: str, *, layout: Layout = Layout.NATIVE) -> Model:
    """The model without properties. `section`: what it says under the connector's name."""
    return Model(
        name=name,
        plural=name,
        path="/",
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        layout=layout,
        data_source=None,
        public=True,
        properties={},
        settings={section_name: dict(section)},
    )


def table_of(definition: Mapping[str, Any], mapping: ModelMapping, layout: Layout) -> QualifiedName:
    """The table of a model as its file defines it."""
    return mapping.table_name(_model(definition, mapping, layout))


def columns_of(definition: Mapping[str, Any], mapping: ModelMapping, layout: Layout) -> dict[str, str]:
    """The column of each property of a model as its file defines it."""
    model = _model(definition, mapping, layout)
    written = definition.get("properties")
    return {
        name: mapping.column_name(model, Property(name=name, type=StringType(), settings=_mapping(said)))
        for name, said in _mapping(written).items()
        if said is not False and said is not None
    }


def _model(definition: Mapping[str, Any], mapping: ModelMapping, layout: Layout) -> Model:
    said = {**_mapping(definition.get("options")), **definition}
    name = mapping.sections[0]
    sections: list[Mapping[str, Any]] = [said[key] for key in mapping.sections if isinstance(said.get(key), Mapping)]
    return shell(str(definition.get("name", "")), sections[0] if sections else {}, name, layout=layout)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
