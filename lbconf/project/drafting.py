"""From written models to drafts: bases found, inheritance done, wiring applied, properties typed."""

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from lbconf.datatypes import AnyType
from lbconf.diagnostics import Code, Collector, Related, nearest
from lbconf.documents.pointer import child
from lbconf.project.access import read_acls, with_wired
from lbconf.project.builtin import ABSTRACT, BUILT_IN
from lbconf.project.drafts import Draft
from lbconf.project.inheritance import Written, bases_first, inherited_properties, inherited_settings
from lbconf.project.properties import PropertyBuilder, injected_id
from lbconf.project.property_types import TYPE_NAMES, TypeUnknownError
from lbconf.project.resolved import EMPTY, DataSource, Layout, Property
from lbconf.project.sources import ModelSource, Places

__all__ = ["build_properties", "draft_models", "join_model"]

_PLACED: Final[tuple[str, ...]] = ("indexes", "uniques", "checks", "foreignKeys", "scopes")
_REFUSED_OPTIONS: Final = frozenset({"base", "super", "relations", "acls", "dataSource"})


def draft_models(
    sources: Mapping[str, ModelSource],
    data_sources: Mapping[str, DataSource],
    places: Places,
    findings: Collector,
    *,
    broken: Container[str],
) -> dict[str, Draft]:
    """Every model as a draft without relations, bases before their children.

    Args:
        sources: What is written.
        data_sources: Those that exist; their connector decides the type of generated ids.
        places: For locations.
        findings: Takes what is wrong.
        broken: Models whose files could not be read; what builds on them is taken as building on nothing.
    """
    bases = {name: _base_of(source, sources, places, findings, broken) for name, source in sources.items()}
    order, circles = bases_first(bases)
    for circle in circles:
        _report_circle(circle, sources, places, findings)
    placed = frozenset(order)
    for name in [name for name in sources if name not in placed]:
        bases[name] = "PersistedModel"
    if circles:
        order, _ = bases_first(bases)
    drafts: dict[str, Draft] = {}
    for name in order:
        parent = drafts.get(bases[name])
        drafts[name] = _inherit(sources[name], bases[name], parent, places)
        drafts[name].whole = (
            name not in broken and bases[name] == sources[name].base and (parent is None or parent.whole)
        )
    builder = PropertyBuilder(drafts, places, loopback=any(draft.layout.is_loopback for draft in drafts.values()))
    # Wiring comes after all inheritance: children do not take over what model-config.json says about their base.
    for draft in drafts.values():
        _wire(draft, sources[draft.name], places)
        _inject_id(draft)
        build_properties(draft, builder, drafts, data_sources, places, findings)
    return drafts


def build_properties(
    draft: Draft,
    builder: PropertyBuilder,
    models: Iterable[str],
    data_sources: Mapping[str, DataSource],
    places: Places,
    findings: Collector,
) -> None:
    """Type the draft's written properties; one whose type means nothing is reported and left out."""
    attached = data_sources.get(draft.data_source) if draft.data_source else None
    hidden = _names(draft.settings, "hidden", "hiddenProperties")
    protected = _names(draft.settings, "protected", "protectedProperties")
    connector = attached.connector if attached else None
    for name, written in draft.written.items():
        try:
            draft.properties[name] = builder.build(
                name, written, connector=connector, hidden=hidden, protected=protected
            )
        except TypeUnknownError as error:
            draft.properties[name] = Property(name=name, type=AnyType(), location=places.key(written.at))
            near = nearest(error.name, (*TYPE_NAMES, *models))
            findings.error(
                Code.TYPE_UNKNOWN,
                f"property {name} of model {draft.name}: {error}",
                places.value(None if written.at is None else _type_at(written)),
                hint=f"did you mean {near}?" if near else f"types: {', '.join(TYPE_NAMES)}, or the name of a model",
            )
    _number_ids(draft.properties)


def join_model(name: str, side: Draft) -> Draft:
    """The model in between of a hasAndBelongsToMany: attached where `side` is, not public, two keys to come."""
    return Draft(
        name=name,
        layout=side.layout,
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        settings={"base": "PersistedModel"},
        written={"id": injected_id(side.at, loopback=side.layout.is_loopback)},
        relations_written={},
        places={},
        data_source=side.data_source,
        at=side.at,
    )


def _base_of(
    source: ModelSource,
    sources: Mapping[str, ModelSource],
    places: Places,
    findings: Collector,
    broken: Container[str],
) -> str:
    base = source.base
    if base in sources or base in ABSTRACT or base in BUILT_IN:
        return base
    if base not in broken:
        key = "base" if "base" in source.settings else "super"
        near = nearest(base, (*sources, *ABSTRACT, *BUILT_IN))
        findings.error(
            Code.BASE_UNKNOWN,
            f"model {source.name} builds on {base}, and there is no such model",
            places.value(source.pointer(key)),
            hint=f"did you mean {near}?" if near else "PersistedModel is the usual base",
        )
    return "PersistedModel"


def _report_circle(
    circle: tuple[str, ...], sources: Mapping[str, ModelSource], places: Places, findings: Collector
) -> None:
    first = circle[0]
    related = []
    for name in circle[1:]:
        location = places.value(sources[name].pointer("base"))
        if location is not None:
            related.append(Related(message=f"{name} builds on {sources[name].base}", location=location))
    findings.error(
        Code.BASE_CIRCULAR,
        f"model {first} builds on itself: {' -> '.join((*circle, first))}",
        places.value(sources[first].pointer("base")),
        hint="let one of them build on PersistedModel",
        related=tuple(related),
    )


def _inherit(source: ModelSource, base: str, parent: Draft | None, places: Places) -> Draft:
    properties = source.properties
    own = {name: Written(properties[name], at) for name, at in source.pointers("properties", properties)}
    own_relations = _written_relations(source)
    loopback = source.layout.is_loopback
    own_acls = list(read_acls(source.settings.get("acls"), source.pointer("acls"), places, loopback=loopback))
    own_places = {
        (key, name): at
        for key in _PLACED
        if key in source.settings and isinstance(source.settings[key], Mapping)
        for name, at in source.pointers(key, source.settings[key])
    }
    draft = Draft(
        name=source.name,
        layout=source.layout,
        base=base,
        ancestors=(base, *ABSTRACT.get(base, ())),
        settings=source.settings,
        written={name: written for name, written in own.items() if not written.removed},
        relations_written=own_relations,
        places=own_places,
        at=source.at,
        built_in=source.at is None,
        acls=own_acls,
    )
    if parent is None:
        return draft
    excluded = source.settings.get("excludeBaseProperties")
    draft.ancestors = (base, *parent.ancestors)
    draft.settings = inherited_settings(_without_table(parent, source.layout), source.settings)
    draft.written = inherited_properties(
        parent.written, own, excluded=excluded if isinstance(excluded, list | tuple) else ()
    )
    draft.relations_written = {
        name: written
        for name, written in {**parent.relations_written, **own_relations}.items()
        if written.attributes is not None
    }
    draft.places = {**parent.places, **own_places}
    draft.acls = [*parent.acls, *own_acls]
    return draft


def _without_table(parent: Draft, layout: Layout) -> Mapping[str, Any]:
    # A child of the native layout has a table of its own, so the name of its base's is not its.
    if layout.is_loopback:
        return parent.settings
    return {
        name: {key: item for key, item in value.items() if key not in {"table", "tableName"}}
        if isinstance(value, Mapping) and ("table" in value or "tableName" in value)
        else value
        for name, value in parent.settings.items()
    }


def _written_relations(source: ModelSource) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for key in ("relationships", "relations"):
        written = source.settings.get(key)
        if isinstance(written, Mapping):
            found.update((name, Written(written[name], at)) for name, at in source.pointers(key, written))
    return found


def _wire(draft: Draft, source: ModelSource, places: Places) -> None:
    wiring = source.wiring
    at = None if source.at is None else f"{source.at}/wiring"
    draft.wiring = wiring
    attached = wiring.get("dataSource")
    draft.data_source = attached if isinstance(attached, str) and attached else None
    draft.public = (source.wired and not draft.built_in) and wiring.get("public", True) is not False
    options = wiring.get("options")
    if isinstance(options, Mapping):
        draft.settings = {
            **draft.settings,
            **{key: value for key, value in options.items() if key not in _REFUSED_OPTIONS},
        }
    if draft.layout.is_loopback:
        draft.remoting = options.get("remoting") if isinstance(options, Mapping) else None
    else:
        draft.remoting = draft.settings.get("remoting")
    relations = wiring.get("relations")
    if isinstance(relations, Mapping):
        draft.relations_written = dict(draft.relations_written)
        for name, value in relations.items():
            old = draft.relations_written.get(name)
            inherited = old.attributes if old is not None and isinstance(old.attributes, Mapping) else {}
            merged = {**inherited, **value} if isinstance(value, Mapping) else value
            draft.relations_written[name] = Written(merged, child(f"{at}/relations", name))
    loopback = draft.layout.is_loopback
    wired = read_acls(wiring.get("acls"), f"{at}/acls" if at else None, places, loopback=loopback)
    draft.acls = with_wired(draft.acls, wired)
    if isinstance(methods := wiring.get("methods"), Mapping):
        own = draft.settings.get("methods")
        draft.settings = {**draft.settings, "methods": {**(own if isinstance(own, Mapping) else {}), **methods}}


def _inject_id(draft: Draft) -> None:
    if not draft.persisted and draft.settings.get("idInjection") is not True:
        return
    # A persisted model of LoopBack inherits the id of PersistedModel, whatever its own idInjection says;
    # a discovered table without a key, which is named in the model, is left as it is.
    inherits = draft.layout.is_loopback and draft.persisted and not _names_table(draft)
    if draft.settings.get("idInjection") is False and not inherits:
        return
    if any(written.is_id for written in draft.written.values()):
        return
    injected = injected_id(draft.at, loopback=draft.layout.is_loopback)
    if draft.layout.is_loopback:
        draft.written = {**{n: w for n, w in draft.written.items() if n != "id"}, "id": injected}
    else:
        draft.written = {"id": injected, **{n: w for n, w in draft.written.items() if n != "id"}}


def _names_table(draft: Draft) -> bool:
    return any(
        isinstance(value, Mapping) and ("table" in value or "tableName" in value) for value in draft.settings.values()
    )


def _number_ids(properties: dict[str, Property]) -> None:
    ids = [prop for prop in properties.values() if prop.id]
    if len({prop.id for prop in ids}) == len(ids):
        return
    from lbconf.records import replace

    for place, prop in enumerate(ids, start=1):
        properties[prop.name] = replace(prop, id=place)


def _type_at(written: Written) -> str:
    said = written.attributes
    return f"{written.at}/type" if isinstance(said, Mapping) and "type" in said else str(written.at)


def _names(settings: Mapping[str, Any], *keys: str) -> frozenset[str]:
    found: set[str] = set()
    for key in keys:
        written = settings.get(key, EMPTY)
        if isinstance(written, list | tuple):
            found.update(name for name in written if isinstance(name, str))
    return frozenset(found)
