"""Relations: every default filled in, keys and models in between created where LoopBack creates them."""

from collections.abc import Callable, Container, Mapping, MutableMapping
from typing import Any, NamedTuple

from lbconf.datatypes import ArrayType, DataType, ModelType, NumberType, StringType
from lbconf.diagnostics import Code, Collector, nearest
from lbconf.project.builtin import BUILT_IN
from lbconf.project.drafts import Draft
from lbconf.project.inheritance import Written
from lbconf.project.keys import referential_action
from lbconf.project.plural import plural
from lbconf.project.relation_keys import (
    as_mapping,
    camel,
    copied,
    default_keys,
    key_towards,
    keys_before,
    name_before,
    type_of,
)
from lbconf.project.resolved import EMPTY, UNSET, Polymorphic, Property, Relation, RelationKind
from lbconf.project.sources import Places

__all__ = ["relate"]


def relate(
    drafts: MutableMapping[str, Draft],
    places: Places,
    findings: Collector,
    *,
    join_model: Callable[[str, Draft], Draft],
    broken: Container[str],
) -> None:
    """Resolve the relations of every draft, in order.

    Args:
        drafts: All models; models in between are added to it, keys to their properties.
        places: For locations.
        findings: Takes what is wrong; a relation that makes no sense is left out.
        join_model: Makes the model in between of a hasAndBelongsToMany, from its name and one side.
        broken: Models that exist but could not be read: relations to them are left out without a finding.
    """
    for draft in list(drafts.values()):
        for name, written in draft.relations_written.items():
            resolver = _Resolver(drafts, places, findings, join_model, broken, draft, name, written)
            relation = resolver.resolve()
            if relation is not None:
                draft.relations[name] = relation


class _Between(NamedTuple):
    """A model in between and its keys to both sides."""

    model: str
    keys_from: tuple[str, ...]
    keys_to: tuple[str, ...]


class _Resolver:
    """One relation being resolved."""

    def __init__(
        self,
        drafts: MutableMapping[str, Draft],
        places: Places,
        findings: Collector,
        join_model: Callable[[str, Draft], Draft],
        broken: Container[str],
        draft: Draft,
        name: str,
        written: Written,
    ) -> None:
        self.drafts = drafts
        self.places = places
        self.findings = findings
        self.join_model = join_model
        self.broken = broken
        self.draft = draft
        self.name = name
        self.at = written.at
        self.settings: Mapping[str, Any] = written.attributes if isinstance(written.attributes, Mapping) else EMPTY

    def resolve(self) -> Relation | None:
        """The relation, or None where it is left out."""
        kind = self._kind()
        if kind is None:
            return None
        polymorphic = self._polymorphic(kind)
        target = self._model("model", required=not (polymorphic and kind is RelationKind.BELONGS_TO))
        if target is None and not (polymorphic and kind is RelationKind.BELONGS_TO):
            return None
        if target is None:
            return self._polymorphic_owner_side(kind, polymorphic)
        match kind:
            case RelationKind.BELONGS_TO:
                return self._belongs_to(target)
            case RelationKind.HAS_MANY | RelationKind.HAS_ONE:
                return self._has(kind, target, polymorphic)
            case RelationKind.HAS_MANY_THROUGH | RelationKind.HAS_AND_BELONGS_TO_MANY:
                return self._through(kind, target, polymorphic)
            case RelationKind.REFERENCES_MANY:
                return self._references(target)
            case RelationKind.EMBEDS_ONE | RelationKind.EMBEDS_MANY:
                return self._embeds(kind, target)

    def _kind(self) -> RelationKind | None:
        written = self.settings.get("type")
        if written is None and self.at is not None and "/wiring/" not in self.at:
            return None  # said already: a relation in a model's own file must have a type
        try:
            kind = RelationKind(str(written))
        except ValueError:
            kinds = [kind.value for kind in RelationKind if kind is not RelationKind.HAS_MANY_THROUGH]
            near = nearest(written, kinds) if isinstance(written, str) else None
            self._report(
                Code.KEY_MISSING if written is None else Code.VALUE_UNKNOWN,
                "it has no type" if written is None else f"{written!r} is no type of relation",
                f"did you mean {near}?" if near else f"one of {', '.join(kinds)}",
                "type",
            )
            return None
        if kind is RelationKind.HAS_MANY and self.settings.get("through"):
            return RelationKind.HAS_MANY_THROUGH
        return kind

    def _polymorphic(self, kind: RelationKind) -> Polymorphic | None:
        written = self.settings.get("polymorphic")
        if not written:
            return None
        selector = self.name
        if isinstance(written, str):
            selector = written
        elif isinstance(written, Mapping):
            selector = str(written.get("selector") or written.get("as") or self.name)
        elif kind is not RelationKind.BELONGS_TO:
            selector = str(self.settings.get("as") or self.name)
        told = written if isinstance(written, Mapping) else EMPTY
        return Polymorphic(
            selector=selector,
            foreign_key=str(told.get("foreignKey") or f"{selector}Id"),
            discriminator=str(told.get("discriminator") or f"{selector}Type"),
        )

    def _model(self, key: str, *, required: bool) -> Draft | None:
        written = self.settings.get(key)
        if isinstance(written, str) and written in self.drafts:
            return self.drafts[written]
        if written is None and not required:
            return None
        if self.at is None or (isinstance(written, str) and written in self.broken):
            return None
        if not isinstance(written, str) or not written:
            self._report(Code.KEY_MISSING, f"it does not say its {key}", f'add "{key}": the name of a model')
            return None
        near = nearest(written, (*self.drafts, *BUILT_IN))
        self._report(
            Code.RELATION_TARGET_UNKNOWN,
            f"there is no model {written}",
            f"did you mean {near}?" if near else "write the model, or take the relation out",
            key,
        )
        return None

    def _polymorphic_owner_side(self, kind: RelationKind, polymorphic: Polymorphic | None) -> Relation:
        assert polymorphic is not None  # noqa: S101 - the caller saw to it
        told = self.settings.get("polymorphic")
        id_type = told.get("idType") if isinstance(told, Mapping) else None
        self._add_polymorphic(self.draft, polymorphic, id_type, self.draft)
        return self._relation(kind, None, (polymorphic.foreign_key,), ("id",), polymorphic=polymorphic)

    def _belongs_to(self, target: Draft) -> Relation | None:
        to = self._primary_key(target)
        if to is None:
            return None
        given = self._names("foreignKey")
        own = given or (
            (f"{self.name}Id",) if len(to) == 1 else tuple(f"{self.name}{key[:1].upper()}{key[1:]}" for key in to)
        )
        if not self._same_length(own, to):
            return None
        self._add_keys(self.draft, own, target, to)
        return self._relation(RelationKind.BELONGS_TO, target, own, to)

    def _has(self, kind: RelationKind, target: Draft, polymorphic: Polymorphic | None) -> Relation | None:
        own = self._primary_key(self.draft)
        if own is None:
            return None
        if polymorphic:
            self._add_polymorphic(target, polymorphic, None, self.draft)
            return self._relation(kind, target, own, (polymorphic.foreign_key,), polymorphic=polymorphic)
        other = self._names("foreignKey") or default_keys(self.draft, own)
        if not self._same_length(other, own):
            return None
        self._add_keys(target, other, self.draft, own)
        return self._relation(kind, target, own, other)

    def _through(self, kind: RelationKind, target: Draft, polymorphic: Polymorphic | None) -> Relation | None:
        through = self._through_model(kind, target)
        own = self._primary_key(self.draft)
        other = self._id_names(target)
        if through is None or own is None or other is None:
            return None
        through_from = (polymorphic.foreign_key,) if polymorphic else self._names("foreignKey")
        through_from = through_from or default_keys(self.draft, own)
        through_to = self._names("keyThrough") or key_towards(through, target, through_from)
        if not through_to:
            through_to = default_keys(target, other)
        if not (self._same_length(through_from, own) and self._same_length(through_to, other)):
            return None
        if polymorphic:
            self._add_polymorphic(through, polymorphic, None, self.draft)
        else:
            self._add_keys(through, through_from, self.draft, own)
        self._add_keys(through, through_to, target, other)
        return self._relation(
            kind,
            target,
            own,
            other,
            through=_Between(through.name, through_from, through_to),
            polymorphic=polymorphic,
        )

    def _through_model(self, kind: RelationKind, target: Draft) -> Draft | None:
        if kind is RelationKind.HAS_MANY_THROUGH or self.settings.get("through"):
            return self._model("through", required=True)
        name = self.settings.get("throughTable")
        if isinstance(name, str) and name:
            candidates: tuple[str, ...] = (name,)
            ends = (self.draft, target)
        else:
            ends = (target, self.draft) if self._defined_by(target) else (self.draft, target)
            candidates = (f"{ends[0].name}{ends[1].name}", f"{ends[1].name}{ends[0].name}")
        for candidate in candidates:
            if candidate in self.drafts:
                found = self.drafts[candidate]
                break
        else:
            found = self.join_model(candidates[0], self.draft)
            self.drafts[found.name] = found
            if len(candidates) > 1 and (name_before(self.draft) or name_before(target)):
                sides = (name_before(side) or side.name for side in ends)
                found.settings["renamedFrom"] = "".join(sides)
        for side in (self.draft, target):
            keys = self._id_names(side)
            if keys is None:
                return None
            self._join(found, side, keys)
        return found

    def _defined_by(self, target: Draft) -> bool:
        """Whether the target names the model in between: in LoopBack, of two ends that ask, the one attached later.

        The relation of the first end waits for its target, whose own relation goes ahead. Source: LoopBack 3.28, asked.
        """
        return (
            self.draft.layout.is_loopback
            and target is not self.draft
            and any(
                isinstance(written.attributes, Mapping)
                and written.attributes.get("type") == RelationKind.HAS_AND_BELONGS_TO_MANY
                and written.attributes.get("model") == self.draft.name
                and not written.attributes.get("through")
                and not written.attributes.get("throughTable")
                for written in target.relations_written.values()
            )
        )

    def _join(self, between: Draft, side: Draft, keys: tuple[str, ...]) -> None:
        name = side.name[:1].lower() + side.name[1:]
        if name in between.relations or name in between.relations_written:
            return
        own = default_keys(side, keys)
        self._add_keys(between, own, side, keys)
        between.relations[name] = Relation(
            name=name,
            kind=RelationKind.BELONGS_TO,
            model=between.name,
            target=side.name,
            key_from=own,
            key_to=keys,
            constraint=self._constrained(between, side),
            location=self.places.later(self.at),
        )

    def _references(self, target: Draft) -> Relation | None:
        other = self._id_names(target)
        if other is None:
            return None
        given = self._names("foreignKey")
        name = given[0] if given else f"{camel(target)}Ids"
        item = type_of(target, other[0])
        self._add(self.draft, name, ArrayType(item), default=[])
        return self._relation(RelationKind.REFERENCES_MANY, target, (name,), other[:1], embedded_property=name)

    def _embeds(self, kind: RelationKind, target: Draft) -> Relation:
        many = kind is RelationKind.EMBEDS_MANY
        written = self.settings.get("property")
        default = camel(target)
        if many:
            default = plural(default)
        name = written if isinstance(written, str) and written else default
        if name == self.name:
            name = f"_{name}"
        item = ModelType(target.name)
        options = self.settings.get("options")
        extra = options.get("property") if isinstance(options, Mapping) else None
        self._add(
            self.draft,
            name,
            ArrayType(item) if many else item,
            default=[] if many else UNSET,
            settings=extra if isinstance(extra, Mapping) else EMPTY,
        )
        keys = tuple(prop.name for prop in target.ids)[:1]
        return self._relation(kind, target, (), keys, embedded_property=name)

    def _primary_key(self, draft: Draft) -> tuple[str, ...] | None:
        given = self._names("primaryKey")
        if not given:
            return self._id_names(draft)
        for name in given:
            if name not in draft.properties:
                if not draft.whole:
                    return None
                near = nearest(name, draft.properties)
                self._report(
                    Code.RELATION_KEY_UNKNOWN,
                    f"model {draft.name} has no property {name}",
                    f"did you mean {near}?" if near else f"properties of {draft.name}: {', '.join(draft.properties)}",
                    "primaryKey",
                )
                return None
        return given

    def _id_names(self, draft: Draft) -> tuple[str, ...] | None:
        names = tuple(prop.name for prop in draft.ids)
        if names:
            return names
        if self.at is not None and draft.whole:
            self._report(
                Code.RELATION_INVALID,
                f"model {draft.name} has no id to relate to",
                f'give {draft.name} a property with "id": true, or take out "idInjection": false',
            )
        return None

    def _names(self, key: str) -> tuple[str, ...]:
        written = self.settings.get(key)
        if isinstance(written, str):
            return (written,) if written else ()
        if isinstance(written, list | tuple):
            return tuple(name for name in written if isinstance(name, str) and name)
        return ()

    def _same_length(self, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
        if len(one) == len(other):
            return True
        self._report(
            Code.RELATION_INVALID,
            f"{', '.join(one)} cannot stand for the key {', '.join(other)}",
            f"name {len(other)} properties, in the order of the key",
            "foreignKey",
        )
        return False

    def _add_keys(self, draft: Draft, names: tuple[str, ...], other: Draft, keys: tuple[str, ...]) -> None:
        before = keys_before(other, keys) if names == default_keys(other, keys) else ()
        for place, (name, key) in enumerate(zip(names, keys, strict=True)):
            self._add(draft, name, type_of(other, key), renamed_from=before[place] if before else None)

    def _add_polymorphic(self, draft: Draft, keys: Polymorphic, id_type: Any, like: Draft) -> None:
        kinds: dict[object, DataType] = {"number": NumberType(), "string": StringType()}
        named = kinds.get(id_type) if isinstance(id_type, str) else None
        ids = like.ids
        self._add(draft, keys.foreign_key, named or (ids[0].type if ids else StringType()), index={})
        self._add(draft, keys.discriminator, StringType(), index={})

    def _add(
        self,
        draft: Draft,
        name: str,
        of: DataType,
        *,
        default: Any = UNSET,
        index: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] = EMPTY,
        renamed_from: str | None = None,
    ) -> None:
        if name in draft.properties:
            return
        draft.properties[name] = Property(
            name=name,
            type=of,
            default=default,
            index=index,
            hidden=name in (draft.settings.get("hidden") or ()),
            protected=name in (draft.settings.get("protected") or ()),
            settings=settings,
            renamed_from=renamed_from,
            location=self.places.later(self.at),
        )

    def _relation(
        self,
        kind: RelationKind,
        target: Draft | None,
        key_from: tuple[str, ...],
        key_to: tuple[str, ...],
        *,
        through: _Between | None = None,
        polymorphic: Polymorphic | None = None,
        embedded_property: str | None = None,
    ) -> Relation:
        settings = self.settings
        return Relation(
            name=self.name,
            kind=kind,
            model=self.draft.name,
            target=target.name if target else None,
            key_from=key_from,
            key_to=key_to,
            through=through.model if through else None,
            through_from=through.keys_from if through else (),
            through_to=through.keys_to if through else (),
            polymorphic=polymorphic,
            embedded_property=embedded_property,
            scope=as_mapping(settings.get("scope")),
            properties=copied(settings.get("properties")),
            options=as_mapping(settings.get("options")),
            constraint=(
                kind is RelationKind.BELONGS_TO
                and target is not None
                and not polymorphic
                and self._constrained(self.draft, target)
            ),
            on_delete=referential_action(settings.get("onDelete")),
            on_update=referential_action(settings.get("onUpdate")),
            settings=settings,
            location=self.places.later(self.at),
        )

    def _constrained(self, one: Draft, other: Draft) -> bool:
        return (
            not self.draft.layout.is_loopback
            and self.settings.get("constraint") is not False
            and one.persisted
            and other.persisted
            and one.data_source is not None
            and one.data_source == other.data_source
        )

    def _report(self, code: Code, what: str, hint: str, key: str | None = None) -> None:
        at = self.at
        if at is not None and key is not None and key in self.settings:
            at = f"{at}/{key}"
            location = self.places.value(at)
        else:
            location = self.places.key(at)
        self.findings.error(code, f"relation {self.name} of model {self.draft.name}: {what}", location, hint=hint)
