"""Documents of LoopBack layouts into the parts of the configuration."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, Diagnostic, Location, Related, Severity, nearest
from lbconf.documents.pointer import child
from lbconf.documents.source import Document
from lbconf.layers.assemble_native import override_piece, split_model, split_trail
from lbconf.layers.layer import ENVIRONMENT_VARIABLES, Piece
from lbconf.layers.merge_loopback import merge_loopback, merge_middleware
from lbconf.layers.overrides import WIRING_KEYS, Override
from lbconf.layers.part import Part, finish
from lbconf.layers.provenance import Trail
from lbconf.layers.variables import fill_loopback

__all__ = ["LoopBackConfig", "assemble_loopback", "merge_configuration", "source_folders"]

Merged = tuple[dict[str, Any], Trail]

_HOSTS: Final = ("npm_config_host", "OPENSHIFT_SLS_IP", "OPENSHIFT_NODEJS_IP", "HOST", "VCAP_APP_HOST")
_PORTS: Final = ("npm_config_port", "OPENSHIFT_SLS_PORT", "OPENSHIFT_NODEJS_PORT", "PORT", "VCAP_APP_PORT")
_LAZY: Final = "LB_LAZYCONNECT_DATASOURCES"
_APPLICATION: Final = {"restApiRoot": "/api", "port": 3000}
"""Application settings that are there whether config.json says them or not."""
_OLD_KEYS: Final = ("properties", "base", "plural")
_LITERAL: Final = partial(fill_loopback, lookup={}, settings={}, look_up=False, keys_matter=False)
"""LoopBack looks for no variables in models."""
_FORBIDDEN_OPTIONS: Final = ("base", "super", "relations", "acls", "dataSource")


class LoopBackConfig:
    """The configuration files, merged by section, before the models' own files are known."""

    def __init__(self, sections: dict[str, Merged]) -> None:
        """Take data and trail of each section: `server`, `datasources`, `model-config`, ..."""
        self.sections = sections

    def section(self, name: str) -> Merged:
        """Data and trail of one section, empty where no file speaks about it."""
        return self.sections.get(name) or ({}, Trail())


def merge_configuration(documents: Sequence[Document], found: Collector) -> LoopBackConfig:
    """Every configuration file merged with its overlays as LoopBack merges them."""
    pieces: dict[str, list[Piece]] = {}
    for document in documents:
        piece = Piece(layer=document.source.layer, data=document.data, document=document)
        pieces.setdefault(document.source.section, []).append(piece)
    sections = {
        name: merge_middleware(own, found) if name == "middleware" else merge_loopback(own, found)
        for name, own in pieces.items()
    }
    return LoopBackConfig(sections)


def source_folders(config: LoopBackConfig, default: Sequence[str]) -> tuple[str, ...]:
    """Where model-config.json says that model files are."""
    meta = config.section("model-config")[0].get("_meta")
    sources = meta.get("sources") if isinstance(meta, dict) else None
    if not isinstance(sources, list):
        return tuple(default)
    return tuple(folder for folder in sources if isinstance(folder, str))


def assemble_loopback(
    config: LoopBackConfig,
    model_documents: Sequence[Document],
    overrides: Sequence[Override],
    environ: Mapping[str, str],
    environment: str,
    boot: Path,
    found: Collector,
) -> list[Part]:
    """Every section and every model that LoopBack would create, merged and filled in."""
    server = _overridden("server", _with_server_variables(config.section("server"), environ), overrides, found)
    settings = {**_APPLICATION, "env": environment, **server[0]}
    fill = partial(fill_loopback, lookup=environ, settings=settings)
    literal = partial(fill_loopback, lookup=environ, settings=settings, look_up=False)
    parts = [finish(("server",), server[0], lambda: server[1], literal, found, keys_matter=True)]
    for name in ("datasources", "components", "middleware"):
        merged = config.section(name)
        if name == "datasources":
            merged = _with_lazy_connect(merged, environ)
        data, trail = _overridden(name, merged, overrides, found)
        if name == "middleware":
            data = _with_paths(data, boot)
        parts.append(finish((name,), data, lambda trail=trail: trail, fill, found, keys_matter=True))  # type: ignore[misc]
    if "models.json" in config.sections:
        parts.extend(_models_1(config.section("models.json"), overrides, found))
    else:
        parts.extend(_models(config.section("model-config"), model_documents, overrides, found))
    return parts


def _overridden(section: str, merged: Merged, overrides: Sequence[Override], found: Collector) -> Merged:
    data, trail = merged
    for override in overrides:
        if override.segments[0] == section:
            data, trail = _override(section, data, trail, override, override.segments[1:], found)
    return data, trail


def _override(
    section: str,
    data: dict[str, Any],
    trail: Trail,
    override: Override,
    segments: Sequence[str],
    found: Collector,
) -> Merged:
    from lbconf.layers.merge_native import merge_native

    return merge_native([override_piece(override, segments, data)], section, found, (data, trail))


def _with_server_variables(merged: Merged, environ: Mapping[str, str]) -> Merged:
    """LoopBack lets the hosting service's variables win over config.json."""
    data, trail = merged
    for key, names in (("host", _HOSTS), ("port", _PORTS)):
        name = next((name for name in names if environ.get(name)), None)
        if name is not None:
            piece = Piece(layer=ENVIRONMENT_VARIABLES, data={key: environ[name]}, variable=name)
            trail.children.setdefault(key, Trail()).put(piece, environ[name], f"/{key}")
            data = {**data, key: environ[name]}
    return data, trail


def _with_lazy_connect(merged: Merged, environ: Mapping[str, str]) -> Merged:
    data, trail = merged
    said = environ.get(_LAZY)
    if said is None:
        return merged
    lazy = said not in {"false", "0"}
    made = dict(data)
    for name, settings in data.items():
        if isinstance(settings, dict):
            piece = Piece(layer=ENVIRONMENT_VARIABLES, data={name: {"lazyConnect": lazy}}, variable=_LAZY)
            inner = trail.children[name].children.setdefault("lazyConnect", Trail())
            inner.put(piece, lazy, child(child("", name), "lazyConnect"))
            made[name] = {**settings, "lazyConnect": lazy}
    return made, trail


def _with_paths(value: Any, boot: Path) -> Any:
    """Texts that start with `$!./` or `$!../` in middleware `params` lead from the boot directory."""

    def inside(item: Any) -> Any:
        if isinstance(item, str) and item.startswith(("$!./", "$!../")):
            import os

            return os.path.normpath(boot / item[2:])
        if isinstance(item, dict):
            return {key: inside(one) for key, one in item.items()}
        return [inside(one) for one in item] if isinstance(item, list) else item

    if isinstance(value, dict):
        return {key: inside(item) if key == "params" else _with_paths(item, boot) for key, item in value.items()}
    return [_with_paths(item, boot) for item in value] if isinstance(value, list) else value


def _models_1(merged: Merged, overrides: Sequence[Override], found: Collector) -> list[Part]:
    """LoopBack 1: one file holds definitions and wiring of all models."""
    data, trail = merged
    parts: list[Part] = []
    for name, entry in data.items():
        if name.startswith("_"):
            continue
        inner = trail.children.get(name, Trail())
        if not isinstance(entry, dict):
            _refuse_entry(name, inner, found)
            continue
        own, inner = _overridden_model(name, entry, inner, overrides, found, halves=())
        halves = split_model(own, name)
        made = split_trail(inner, halves)
        parts.append(finish(("models", name), halves, lambda made=made: made, _LITERAL, found, keys_matter=False))  # type: ignore[misc]
    _refuse_unknown_models(overrides, data, found)
    return parts


def _models(
    merged: Merged, documents: Sequence[Document], overrides: Sequence[Override], found: Collector
) -> list[Part]:
    entries, trail = merged
    files = _by_name(documents, found)
    wirings: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        if name == "_meta":
            continue
        if not isinstance(entry, dict):
            _refuse_entry(name, trail.children.get(name, Trail()), found)
            continue
        _check_entry(name, entry, trail.children[name], found)
        wirings[name] = entry
    wanted = _with_ancestors(wirings, files)
    for name, document in files.items():
        if name not in wanted:
            _note_unused(name, document, found)
    _refuse_unknown_models(overrides, wanted, found)
    return [_model(name, wirings.get(name), trail, files.get(name), overrides, found) for name in wanted]


def _model(
    name: str,
    wiring: dict[str, Any] | None,
    entries: Trail,
    document: Document | None,
    overrides: Sequence[Override],
    found: Collector,
) -> Part:
    halves: dict[str, Any] = {}
    makers: dict[str, Any] = {}
    if wiring is not None:
        inner = entries.children[name]
        wiring, inner = _overridden_model(name, wiring, inner, overrides, found, halves=("wiring",))
        halves["wiring"] = wiring
        makers["wiring"] = lambda: inner
    if document is not None:
        piece = Piece(layer=document.source.layer, data=document.data, document=document)
        definition = document.data
        if any(o.segments[:2] == ("models", name) for o in overrides):
            definition, own = _overridden_model(
                name, definition, Trail.of(piece), overrides, found, halves=("definition",)
            )
            makers["definition"] = lambda: own
        else:
            makers["definition"] = lambda: Trail.of(piece)
        halves["definition"] = definition

    def trail() -> Trail:
        children = {half: make() for half, make in makers.items()}
        first = next(iter(children.values()))
        return Trail(list(first.sources), children)

    return finish(("models", name), halves, trail, _LITERAL, found, keys_matter=False)


def _overridden_model(
    name: str,
    data: dict[str, Any],
    trail: Trail,
    overrides: Sequence[Override],
    found: Collector,
    *,
    halves: tuple[str, ...],
) -> Merged:
    """One half of a model (or both, where `halves` is empty) with the overrides that speak about it."""
    for override in overrides:
        if override.segments[:2] != ("models", name):
            continue
        segments = override.segments[2:]
        if not segments:
            continue
        half = segments[0]
        if half in {"wiring", "definition"}:
            segments = segments[1:]
        else:
            half = "wiring" if half in WIRING_KEYS else "definition"
        if segments and (not halves or half in halves):
            data, trail = _override("models", data, trail, override, segments, found)
    return data, trail


def _by_name(documents: Sequence[Document], found: Collector) -> dict[str, Document]:
    """The model files by the name of their model; a later source folder wins over an earlier one."""
    files: dict[str, Document] = {}
    for document in documents:
        said = document.data.get("name")
        name = said if isinstance(said, str) and said else document.source.model or ""
        earlier = files.get(name)
        files[name] = document
        if earlier is None:
            continue
        same_folder = earlier.source.path.parent == document.source.path.parent
        place = document.spans.get("/name") or Location(file=document.source.shown)
        found.add(
            Diagnostic(
                code=Code.MODEL_DEFINED_TWICE,
                severity=Severity.ERROR if same_folder else Severity.WARNING,
                message=f"the model {name!r} is defined twice; LoopBack takes this file",
                location=place,
                hint="give one of them another name, or remove it",
                related=(
                    Related(
                        message="the other file",
                        location=earlier.spans.get("/name") or Location(file=earlier.source.shown),
                    ),
                ),
            )
        )
    return files


def _with_ancestors(wirings: Mapping[str, Any], files: Mapping[str, Document]) -> dict[str, None]:
    wanted: dict[str, None] = dict.fromkeys(wirings)
    for name in wirings:
        current: str | None = name
        while current is not None and (document := files.get(current)) is not None:
            options = document.data.get("options")
            inside = options.get("base") if isinstance(options, dict) else None
            base = inside or document.data.get("base") or document.data.get("super")
            if not isinstance(base, str) or base in wanted:
                break
            if base in files:
                wanted[base] = None
            current = base
    return wanted


def _check_entry(name: str, entry: dict[str, Any], trail: Trail, found: Collector) -> None:
    options = entry.get("options")
    for key in _OLD_KEYS:
        old = key in entry or (isinstance(options, dict) and key in options and key != "base")
        if old:
            inner = trail.at((key,)) or trail.at(("options", key)) or trail
            found.error(
                Code.MODEL_ENTRY_INVALID,
                f"LoopBack would stop here: model-config.json says `{key}` of the model {name!r}, as in LoopBack 1",
                _place(inner, key=True),
                hint="move it to the model's own JSON file",
            )
    for key in _FORBIDDEN_OPTIONS:
        if isinstance(options, dict) and key in options:
            found.warning(
                Code.MODEL_ENTRY_INVALID,
                f"LoopBack ignores `{key}` in the options of the model {name!r}",
                _place(trail.at(("options", key)) or trail, key=True),
                hint="move it to the model's own JSON file",
            )


def _refuse_entry(name: str, trail: Trail, found: Collector) -> None:
    found.error(
        Code.MODEL_ENTRY_INVALID,
        f"LoopBack would stop here: the entry of the model {name!r} is no object",
        _place(trail, key=False),
        hint='write an object such as { "dataSource": "db" }, or remove the entry',
    )


def _note_unused(name: str, document: Document, found: Collector) -> None:
    found.add(
        Diagnostic(
            code=Code.MODEL_FILE_UNUSED,
            severity=Severity.INFO,
            message=f"the model {name!r} is not created, because model-config.json does not list it",
            location=Location(file=document.source.shown),
            hint=f"add {name!r} to model-config.json",
        )
    )


def _refuse_unknown_models(overrides: Sequence[Override], known: Mapping[str, Any], found: Collector) -> None:
    for override in overrides:
        if override.segments[0] == "models" and override.segments[1] not in known:
            near = nearest(override.segments[1], known)
            found.error(
                Code.OVERLAY_UNMATCHED,
                f"the {override.variable or override.layer} changes the model {override.segments[1]!r}, "
                "which does not exist",
                hint=f"did you mean {near}?" if near else None,
            )


def _place(trail: Trail, *, key: bool) -> Location | None:
    for source in reversed(trail.sources):
        document = source.piece.document
        if document is not None:
            at_key: Location | None = document.key_spans.get(source.pointer) if key else None
            place: Location | None = at_key or document.spans.get(source.pointer)
            if place is not None:
                return place
    return None
