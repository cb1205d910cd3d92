"""Describe the REST API of a project as OpenAPI 3.1."""

from pathlib import Path
from typing import Any

from lbconf.connectors.registry import connector_type
from lbconf.operations.load import load_project
from lbconf.operations.seed_rows import example_rows

__all__ = ["describe"]


def describe(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    sets: tuple[str, ...] = (),
    server_url: str | None = None,
) -> dict[str, Any]:
    """The OpenAPI document as JSON data; nothing is contacted. Raises `LbconfError`."""
    from lbconf.api.endpoints import endpoints_of
    from lbconf.api.openapi import openapi_document
    from lbconf.code.loading import load_code

    project = load_project(root, environment, layout=layout, overrides=sets)
    unserved = [name for name, source in project.data_sources.items() if connector_type(source.connector) is None]
    return openapi_document(
        project,
        endpoints_of(project, load_code(project)),
        server_url,
        examples=example_rows(project),
        unserved=unserved,
    )
