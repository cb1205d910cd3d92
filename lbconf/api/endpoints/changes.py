"""The endpoints that tell of a model's changes while they happen."""

from collections.abc import Iterator
from typing import Final

from lbconf.api.endpoints.endpoint import Argument, Body, Endpoint, Result
from lbconf.project.resolved import Model

__all__ = ["change_endpoints"]

_OPTIONS: Final = Argument(
    name="options",
    schema={"type": "object"},
    description="`where`: tell of changes that match it alone.",
)


def change_endpoints(model: Model) -> Iterator[Endpoint]:
    """Those of a persisted model: of each in LoopBack layouts, in the native one where it says `changeStream`."""
    wanted = model.layout.is_loopback or model.settings.get("changeStream") is True
    if not wanted or not model.persisted or model.read_only:
        return
    for verb in ("GET", "POST"):
        yield Endpoint(
            model=model,
            method="createChangeStream",
            action="changes",
            verb=verb,
            path="/change-stream",
            body=Body.ANY if verb == "POST" else Body.NONE,
            result=Result.NOTHING,
            summary="Follow changes as server-sent events.",
            arguments=() if verb == "POST" else (_OPTIONS,),
            body_schema={"type": "object", "properties": {"options": {"type": "object"}}},
            result_media=("text/event-stream",),
            status=200,
        )
