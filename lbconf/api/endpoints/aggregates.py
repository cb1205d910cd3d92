"""The endpoint that counts, adds up and groups a model's rows."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.api.endpoints.endpoint import FILTER, Body, Endpoint
from lbconf.project.reading_settings import reading_settings
from lbconf.project.resolved import Model, Project

__all__ = ["aggregate_endpoints"]

_ROWS: Final[Mapping[str, Any]] = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
_NOTES: Final = (
    "The filter has `where`, `order`, `limit` and `skip`, and besides: `groupBy`, a list of properties and parts of "
    "dates (`createdAt.month`); `count`: true; `sum`, `avg`, `min`, `max`, `distinct` (different values), lists of "
    "properties; `having`, conditions on what comes out, such as `sum.price`."
)


def aggregate_endpoints(project: Project, model: Model) -> Iterator[Endpoint]:
    """The one of a persisted model, where the project has it on."""
    if model.persisted and reading_settings(project).aggregate:
        yield Endpoint(
            model=model,
            method="aggregate",
            action="aggregate",
            verb="GET",
            path="/aggregate",
            query=FILTER,
            body=Body.NONE,
            result_schema=_ROWS,
            summary="Count, add up and group instances that match a filter.",
            notes=_NOTES,
        )
