"""Projects made at run time: from a URL alone, and from definitions that no file holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lbconf.layers.merged import MergedConfig
from lbconf.project.resolve import resolve
from lbconf.project.resolved import DataSource, Layout, Project, ServerSettings
from lbconf.records import replace

__all__ = ["bare_project", "with_definitions"]

WIRING: Final = ("dataSource", "public")
"""Keys of a native model file that wire the model and do not define it."""


def bare_project(data_source: DataSource) -> Project:
    """A project of one data source and no models."""
    return Project(
        root=Path.cwd(),
        environment="development",
        layout=Layout.NATIVE,
        data_sources=MappingProxyType({data_source.name: data_source}),
        models=MappingProxyType({}),
        server=ServerSettings(),
    )


def with_definitions(project: Project, definitions: Iterable[Mapping[str, Any]]) -> Project:
    """The project's data sources with the models of these definitions in place of its own.

    Definitions are as native model files hold them. Raises `ProjectError` where they make no sense.
    """
    models = {str(found["name"]): _split(found) for found in definitions}
    data = {
        "server": {},
        "datasources": {found.name: dict(found.settings) for found in project.data_sources.values()},
        "models": models,
        "components": {},
        "middleware": {},
    }
    built = resolve(
        MergedConfig(
            root=project.root,
            layout=Layout.NATIVE.value,
            environment=project.environment,
            data=data,
            raw=data,
            provenance={},
            files=(),
        )
    )
    return replace(built, data_sources=project.data_sources)


def _split(definition: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: _unescaped(value) for key, value in definition.items()}
    return {
        "wiring": {key: value for key, value in plain.items() if key in WIRING},
        "definition": {key: value for key, value in plain.items() if key not in WIRING},
    }


def _unescaped(value: Any) -> Any:
    """What a file's text means where it names no variable; discovery writes no others."""
    if isinstance(value, str):
        return value.replace("$${", "${")
    if isinstance(value, Mapping):
        return {key: _unescaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_unescaped(item) for item in value]
    return value
