"""From the merged configuration to the project: every reference followed, every default filled in."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Collector, Diagnostic, Location, Severity
from lbconf.errors import ProjectError
from lbconf.layers.merged import MergedConfig
from lbconf.project.checking import Broken, checked
from lbconf.project.data_sources import read_data_sources
from lbconf.project.drafting import build_properties, draft_models, join_model
from lbconf.project.drafts import Draft
from lbconf.project.keys import checks_of, foreign_keys_of, indexes_of, uniques_of
from lbconf.project.naming import dashed, lower_first
from lbconf.project.plural import plural
from lbconf.project.probing import Probe
from lbconf.project.properties import PropertyBuilder
from lbconf.project.relations import relate
from lbconf.project.resolved import EMPTY, DataSource, Layout, Model, Project, Strict
from lbconf.project.rules import RULES, Facts
from lbconf.project.server import read_server, shared_methods
from lbconf.project.sources import Places, model_sources

__all__ = ["examine", "resolve"]

_NO_CONNECTORS: Final[Mapping[str, str]] = {}


def resolve(merged: MergedConfig, connectors: Mapping[str, str] = _NO_CONNECTORS) -> Project:
    """The project, warnings in its `diagnostics`.

    Args:
        merged: The merged configuration.
        connectors: Every name a connector goes by, to its canonical one; empty where names are taken as they are.

    Raises:
        ProjectError: At least one finding is an error; it carries the warnings too.
    """
    project, found = examine(merged, connectors)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise ProjectError(found)
    return project


def examine(
    merged: MergedConfig,
    connectors: Mapping[str, str] = _NO_CONNECTORS,
    *,
    on_data_sources: Callable[[Mapping[str, DataSource], Path], None] | None = None,
    probe: Probe | None = None,
) -> tuple[Project, tuple[Diagnostic, ...]]:
    """What can be made of the configuration, and everything that is wrong with it. Never raises for a finding.

    Args:
        merged: As `resolve` takes it.
        connectors: As `resolve` takes them.
        on_data_sources: Told of the data sources and the root before the models are looked into,
            unless something is wrong already.
        probe: Tries validations out.
    """
    findings = Collector()
    places = Places(merged)
    layout = Layout(merged.layout)
    broken = Broken(merged.broken)
    merged = checked(merged, places, findings)
    data_sources = read_data_sources(merged, connectors, places, findings)
    if on_data_sources is not None and not findings.errors and _whole(merged):
        on_data_sources(data_sources, merged.root)
    sources = model_sources(merged)
    drafts = draft_models(sources, data_sources, places, findings, broken=broken)

    def between(name: str, side: Draft) -> Draft:
        made = join_model(name, side)
        builder = PropertyBuilder(drafts, places, loopback=layout.is_loopback)
        build_properties(made, builder, drafts, data_sources, places, findings)
        return made

    relate(drafts, places, findings, join_model=between, broken=broken)
    components = _mapping(merged.data.get("components"))
    server = read_server(merged.data.get("server"), components, loopback=layout.is_loopback)
    models = {name: _freeze(draft, places, server.settings) for name, draft in drafts.items()}
    written = _mapping(merged.data.get("datasources"))
    facts = Facts(
        layout=layout,
        environment=merged.environment,
        models=models,
        data_sources=data_sources,
        known_data_sources=written.keys(),
        sources=sources,
        places=places,
        broken=broken,
        server=server.settings,
        incomplete={draft.name for draft in drafts.values() if not draft.whole},
        middleware=_mapping(merged.data.get("middleware")),
        components=components,
        absent=merged.absent,
        probe=probe,
    )
    for rule in RULES:
        findings.extend(rule(facts))
    found = _distinct(merged.diagnostics, findings.diagnostics)
    key = "pythonCode" if layout.is_loopback else "code"
    code = _names(server.settings.get(key))
    project = Project(
        root=merged.root,
        environment=merged.environment,
        layout=layout,
        data_sources=data_sources,
        models=models,
        server=server,
        components=components,
        middleware=_mapping(merged.data.get("middleware")),
        code=code,
        code_locations=places.listed("server", key) if code else EMPTY,
        auth=_auth(merged, layout, server.settings),
        diagnostics=tuple(finding for finding in found if finding.severity is not Severity.ERROR),
        declared=merged.data,
    )
    return project, found


def _whole(merged: MergedConfig) -> bool:
    return not any(finding.severity is Severity.ERROR for finding in merged.diagnostics)


def _freeze(draft: Draft, places: Places, server: Mapping[str, Any]) -> Model:
    settings = draft.settings
    loopback = draft.layout.is_loopback
    key = "pythonCode" if loopback else "code"
    code = _names(settings.get(key))
    plural_name = settings.get("plural")
    if not isinstance(plural_name, str) or not plural_name:
        plural_name = plural(draft.name)
    remoting = _mapping(server.get("remoting"))
    return Model(
        name=draft.name,
        plural=plural_name,
        path=_path(draft, plural_name, remoting),
        base=draft.base,
        ancestors=draft.ancestors,
        layout=draft.layout,
        data_source=draft.data_source,
        public=draft.public,
        properties=draft.properties,
        relations=draft.relations,
        acls=tuple(draft.acls),
        scopes={name: scope for name, scope in _mapping(settings.get("scopes")).items() if isinstance(scope, Mapping)},
        default_scope=_mapping(settings.get("scope")),
        indexes=indexes_of(draft, places),
        foreign_keys=foreign_keys_of(draft, places),
        uniques=() if loopback else uniques_of(draft, places),
        checks=() if loopback else checks_of(draft, places),
        methods=_mapping(settings.get("methods")),
        code=code,
        code_locations=_code_locations(draft, places, key) if code else EMPTY,
        mixins=_mapping(settings.get("mixins")),
        strict=_strict(settings.get("strict", not loopback)),
        force_id=_force_id(draft),
        validate_upsert=settings["validateUpsert"] if isinstance(settings.get("validateUpsert"), bool) else None,
        replace_on_put=settings.get("replaceOnPUT", True) is not False,
        shared_methods=shared_methods(remoting, draft.remoting),
        read_only=not loopback and settings.get("readOnly") is True,
        renamed_from=_text(settings.get("renamedFrom")) if not loopback else None,
        description=_description(settings),
        settings=settings,
        location=places.later(draft.at),
    )


def _code_locations(draft: Draft, places: Places, key: str) -> Mapping[str, Location]:
    model = ("models", draft.name)
    return {**places.listed(*model, "definition", "options", key), **places.listed(*model, "definition", key)}


def _path(draft: Draft, plural_name: str, remoting: Mapping[str, Any]) -> str:
    http = draft.settings.get("http")
    said = http.get("path") if isinstance(http, Mapping) else None
    if isinstance(said, str) and said.strip("/"):
        path = "/" + said.strip("/")
    else:
        path = "/" + (plural_name if draft.layout.is_loopback else lower_first(plural_name))
    own = _mapping(draft.settings.get("remoting")).get("normalizeHttpPath")
    normalized = _mapping(remoting.get("rest")).get("normalizeHttpPath") if own is None else own
    return dashed(path) if normalized is True else path


def _strict(written: Any) -> Strict:
    if written == "filter":
        return Strict.FILTER
    return Strict.REJECT if written is True or written in ("validate", "throw", "true") else Strict.KEEP


def _force_id(draft: Draft) -> bool:
    said = draft.settings.get("forceId", "auto")
    if said == "auto" or said is None:
        return any(prop.generated for prop in draft.ids)
    return bool(said)


def _auth(merged: MergedConfig, layout: Layout, server: Mapping[str, Any]) -> bool:
    """Access control: in LoopBack layouts where a boot script or `auth: true` turns it on, else unless it is off."""
    said = server.get("auth")
    return merged.boot_auth or said is True if layout.is_loopback else said is not False


def _distinct(before: tuple[Diagnostic, ...], own: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Each finding once: a child repeats what is wrong with what it inherited, and what is broken is missing too."""
    broken = {finding.location for finding in before if finding.severity is Severity.ERROR and finding.location}
    kept: dict[object, Diagnostic] = {}
    for finding in (*before, *(finding for finding in own if finding.location not in broken)):
        key: object = (finding.code, finding.location, finding.hint) if finding.location else finding
        kept.setdefault(key, finding)
    return tuple(kept.values())


def _description(settings: Mapping[str, Any]) -> str | None:
    said = settings.get("description") or settings.get("comment")
    if isinstance(said, list | tuple):
        return "\n".join(str(line) for line in said) or None
    return _text(said)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if value is not None and isinstance(value, Mapping) else EMPTY


def _names(value: Any) -> tuple[str, ...]:
    """Texts as written: one, or a list of them; each once."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(name for name in listed if isinstance(name, str) and name))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
