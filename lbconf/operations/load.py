"""From a project's folder to the resolved project: composed, checked, every reference followed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lbconf.connectors.table import ALIASES, SETTINGS
from lbconf.diagnostics import Code, Collector, Diagnostic, Severity, nearest
from lbconf.documents.pointer import join
from lbconf.errors import ConfigError, DocumentError
from lbconf.layers.merged import MergedConfig
from lbconf.layers.secret import Secret
from lbconf.operations.collection import collection_paused
from lbconf.operations.compose import compose_partly
from lbconf.project.acceptance import accepts_shape
from lbconf.project.probing import Problem
from lbconf.project.resolve import examine
from lbconf.project.resolved import DataSource, Model, Project, Property
from lbconf.project.validations import Validation

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["check_project", "check_settings", "connector_aliases", "load_project"]

URL_SCHEMES: Final = {
    "mysql": ("mysql", "mariadb", "mysql2", "mysql+pymysql", "mariadb+pymysql"),
    "postgresql": ("postgresql", "postgres", "pg"),
    "sqlite": ("sqlite", "sqlite3", "file"),
}
"""What the `url` of a connector may begin with, the usual first."""
_DIGITS: Final = 18


def load_project(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    on_data_sources: Callable[[Mapping[str, DataSource], Path], None] | None = None,
) -> Project:
    """The project in one environment, warnings in its `diagnostics`.

    Args:
        root: The project's folder, or its `environments` or `server` folder.
        environment: Name of the environment; else `LBCONF_ENV`, `NODE_ENV`, `development`.
        layout: `native`, `loopback` or `loopback1`; told from the files where it is None.
        overrides: `pointer=value` texts, the strongest layer, in their order.
        environ: The environment variables; the process's own where it is None.
        on_data_sources: Told of the data sources and the project's root before the models are looked into.

    Raises:
        ConfigError: The files are at fault; carries all findings, warnings too.
    """
    project, found = check_project(
        root, environment, layout=layout, overrides=overrides, environ=environ, on_data_sources=on_data_sources
    )
    if project is None or any(finding.severity is Severity.ERROR for finding in found):
        raise ConfigError(found)
    return project


def check_project(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    on_data_sources: Callable[[Mapping[str, DataSource], Path], None] | None = None,
) -> tuple[Project | None, tuple[Diagnostic, ...]]:
    """What can be made of the files, None where nothing can, and every finding of every stage.

    Arguments as `load_project` takes them; nothing is raised for a finding.
    """
    told = False

    def early(merged: MergedConfig) -> None:
        nonlocal told
        known = _known_data_sources(merged)
        if known is not None and on_data_sources is not None:
            told = True
            on_data_sources(known, merged.root)

    try:
        with collection_paused():
            merged = compose_partly(
                root,
                environment,
                layout=layout,
                overrides=overrides,
                environ=environ,
                early=None if on_data_sources is None else early,
            )
            aliases = _aliases_for(merged.data.get("datasources"))
            project, found = examine(merged, aliases, on_data_sources=None if told else on_data_sources, probe=_probe)
    except DocumentError as error:
        return None, error.diagnostics
    settings = [finding for source in project.data_sources.values() for finding in check_settings(source)]
    if settings:
        from lbconf.records import replace

        warnings = (finding for finding in settings if finding.severity is not Severity.ERROR)
        project = replace(project, diagnostics=(*project.diagnostics, *warnings))
    return project, (*found, *settings)


def _probe(model: Model, prop: Property, validation: Validation) -> Iterable[Problem]:
    """What trying a validation out finds; what that takes is imported when there is one."""
    from lbconf.repository.soundness import problems_of

    return problems_of(model, prop, validation)


def _known_data_sources(merged: MergedConfig) -> Mapping[str, DataSource] | None:
    """The data sources of a configuration that has nothing else yet; None where something is wrong with them."""
    from lbconf.project.checking import checked
    from lbconf.project.data_sources import read_data_sources
    from lbconf.project.sources import Places

    found = Collector()
    places = Places(merged)
    sources = read_data_sources(
        checked(merged, places, found), _aliases_for(merged.data.get("datasources")), places, found
    )
    return None if found.errors or any(check_settings(source) for source in sources.values()) else sources


def connector_aliases() -> dict[str, str]:
    """Every name an installed connector goes by, to its canonical one."""
    from lbconf.connectors.registry import connector_types

    return {alias: kind.name for kind in connector_types() for alias in (kind.name, *kind.aliases)}


def check_settings(data_source: DataSource) -> tuple[Diagnostic, ...]:
    """What the connector finds wrong with a data source's settings; nothing where lbconf has no such connector."""
    foreign = _foreign_url(data_source)
    if foreign is not None:
        return (foreign,)
    if _plainly_good(data_source):
        return ()
    from lbconf.connectors.registry import connector_type

    kind = connector_type(data_source.connector)
    if kind is None:
        return ()
    from pydantic import ValidationError

    findings = Collector()
    definition = kind.settings()
    _warn_unknown(data_source, _setting_names(definition), findings)
    try:
        definition.model_validate(data_source.settings)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            _report(data_source, problem["type"], problem["loc"], problem["msg"], findings)
    return findings.diagnostics


def _foreign_url(data_source: DataSource) -> Diagnostic | None:
    """An error for a `url` whose scheme is another connector's."""
    url = data_source.settings.get("url")
    url = url.reveal() if isinstance(url, Secret) else url
    known = URL_SCHEMES.get(data_source.connector)
    if known is None or not isinstance(url, str) or "://" not in url:
        return None
    scheme = url.partition("://")[0].lower()
    if scheme in known:
        return None
    return Diagnostic(
        code=Code.SETTING_INVALID,
        message=f"data source {data_source.name}: its url begins with {scheme}://, "
        f"and its connector is {data_source.connector}",
        location=data_source.locations.get("/url") or data_source.location,
        hint=f"write {known[0]}://..., or another connector",
    )


def _aliases_for(data_sources: Any) -> Mapping[str, str]:
    """The names of lbconf's own connectors where they are enough: finding others reads the metadata of all packages."""
    written = data_sources.values() if isinstance(data_sources, Mapping) else ()
    names = [one.get("connector") if isinstance(one, Mapping) else None for one in written]
    if all(isinstance(name, str) and name in ALIASES for name in names):
        return ALIASES
    return connector_aliases()


def _plainly_good(data_source: DataSource) -> bool:
    """Whether all is right at first sight, so that the connector need not be imported to tell."""
    shape = SETTINGS.get(data_source.connector)
    if shape is None:
        return False
    settings = {
        name: _plain(value) for name, value in data_source.settings.items() if name not in {"name", "connector"}
    }
    return accepts_shape(shape, settings)


def _plain(value: Any) -> Any:
    """What a connector looks at: the value behind a secret, the number that a text of a few digits is."""
    seen = value.reveal() if isinstance(value, Secret) else value
    is_number = isinstance(seen, str) and seen.isascii() and seen.isdigit() and len(seen) <= _DIGITS
    return int(seen) if is_number else seen


def _report(data_source: DataSource, kind: str, path: tuple[str | int, ...], message: str, findings: Collector) -> None:
    name = ".".join(map(str, path)) or "settings"
    place = data_source.locations.get(join(map(str, path))) or data_source.location
    if kind == "missing":
        findings.error(
            Code.SETTING_MISSING,
            f"data source {data_source.name} needs the setting {name}",
            place,
            hint=f"add {name}; connector {data_source.connector} cannot do without it",
        )
        return
    findings.error(
        Code.SETTING_INVALID,
        f"data source {data_source.name}: setting {name} is not right",
        place,
        hint=message[:1].lower() + message[1:],
    )


def _warn_unknown(data_source: DataSource, known: Iterable[str], findings: Collector) -> None:
    names = {"connector", "adapter", "name", *known}
    if data_source.layout.is_loopback:
        names.add("defaultForType")
    for name in data_source.settings:
        if name not in names:
            near = nearest(name, names)
            findings.warning(
                Code.SETTING_UNKNOWN,
                f"data source {data_source.name}: connector {data_source.connector} has no setting {name}",
                data_source.locations.get(join((name,))) or data_source.location,
                hint=f"did you mean {near}?" if near else None,
            )


def _setting_names(settings: "type[BaseModel]") -> frozenset[str]:
    names: set[str] = set()
    for name, field in settings.model_fields.items():
        alias: Any = field.validation_alias
        choices = getattr(alias, "choices", (alias,) if alias else (name,))
        names.update(choice for choice in choices if isinstance(choice, str))
    return frozenset(names)
