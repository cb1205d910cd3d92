"""What a shell may complete: environments, data sources, models, hazards and pointers of the project at hand.

Nothing is imported or read before a shell asks, and what cannot be read completes to nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias

import click

from lbconf.cli.global_options import GlobalOptions

__all__ = ["access", "callers", "data_sources", "environments", "hazards", "models", "pointers"]

Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]


def _beginning(found: Callable[[GlobalOptions, str], Iterable[str]]) -> Complete:
    """A completion that offers those names which begin as the typed word does, and never fails."""

    @wraps(found)
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        del parameter
        try:
            return sorted(name for name in found(_options(context), incomplete) if name.startswith(incomplete))
        except Exception:  # noqa: BLE001 - a shell that completes is no place for a message
            return []

    return complete


@_beginning
def environments(options: GlobalOptions, _: str) -> Iterable[str]:
    """The environments that have a layer."""
    from lbconf.documents.discovery import environments, locate

    return environments(locate(options.root, options.layout))


@_beginning
def data_sources(options: GlobalOptions, _: str) -> Iterable[str]:
    """The project's data sources."""
    return list(_merged(options).get("datasources", {}))


@_beginning
def models(options: GlobalOptions, _: str) -> Iterable[str]:
    """The project's models."""
    return list(_merged(options).get("models", {}))


@_beginning
def hazards(_: GlobalOptions, __: str) -> Iterable[str]:
    """The kinds of hazards, and `all`."""
    from lbconf.state.hazards import HazardKind

    return ["all", *HazardKind]


@_beginning
def access(_: GlobalOptions, incomplete: str) -> Iterable[str]:
    """The word `matrix` and the verbs of HTTP."""
    return ["matrix", *(verb for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") if incomplete[:1].isupper())]


@_beginning
def callers(options: GlobalOptions, _: str) -> Iterable[str]:
    """Forms of callers, and the roles that rules name."""
    found = {"anonymous", "user:", "app:", "role:$authenticated", "role:$owner"}
    for model in _merged(options).get("models", {}).values():
        for rule in {**model.get("wiring", {}), **model.get("definition", {})}.get("acls") or ():
            if rule.get("principalType", "ROLE") == "ROLE":
                found.add(f"role:{rule['principalId']}")
    return found


@_beginning
def pointers(options: GlobalOptions, incomplete: str) -> Iterable[str]:
    """The pointers one step further than what is typed."""
    parent, _, _ = incomplete.rpartition("/")
    place: Any = _merged(options)
    for step, segment in enumerate(parent.split("/")[1:]):
        place = place[segment.replace("~1", "/").replace("~0", "~")]
        if step == 1 and parent.startswith("/models/"):
            place = {**place.get("wiring", {}), **place.get("definition", {})}
    if not isinstance(place, Mapping):
        return []
    return [f"{parent}/{str(name).replace('~', '~0').replace('/', '~1')}" for name in place]


def _options(context: click.Context) -> GlobalOptions:
    """The options typed so far, before the verb and after it."""
    said: dict[str, Any] = {}
    for level in (context.parent, context):
        said |= {name: value for name, value in (level.params if level else {}).items() if value}
    project = said.get("project")
    return GlobalOptions(
        project=Path(project) if project else None, environment=said.get("env"), layout=said.get("layout")
    )


def _merged(options: GlobalOptions) -> Mapping[str, Any]:
    """The merged configuration; that of any environment where the chosen one has no layer."""
    from lbconf.documents.discovery import environments, locate
    from lbconf.errors import DocumentError
    from lbconf.operations.compose import compose

    try:
        found = compose(options.root, options.environment, layout=options.layout)
    except DocumentError:
        first, *_ = environments(locate(options.root, options.layout))
        found = compose(options.root, first, layout=options.layout)
    data: Mapping[str, Any] = found.data
    return data
