"""What the `structure` of a data source asks for: types, sequences, extensions and namespaces beside the tables.

Also tells which columns have a type that it declares.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from lbconf.connectors.capabilities import StateCapabilities, SupportLevel
from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import AnyType, EnumType
from lbconf.diagnostics import Code, Collector, Diagnostic, Severity
from lbconf.plan.exact_parts import text, whole
from lbconf.project.resolved import DataSource, Layout, Model, Property
from lbconf.project.said_structure import StructureEntry
from lbconf.records import replace
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Composite,
    Default,
    Domain,
    Enumeration,
    Extension,
    QualifiedName,
    Sequence,
    State,
    Table,
    View,
)

__all__ = ["own_namespaces", "said_state", "unsupported_structure", "with_named_types"]

PARTS: Final = 2
"""Of a qualified name, and of a column's."""


def said_state(source: DataSource, models: Iterable[Model], mapping: ModelMapping, found: Collector) -> State:
    """Everything but tables and views: from `structure`, and the enums that properties name."""
    said = source.structure
    reader = _Reader(source, mapping)
    enumerations = {one.name: one for one in _property_enumerations(models, mapping)}
    for entry in said.enums:
        wanted = reader.enumeration(entry)
        other = enumerations.get(wanted.name)
        if other is not None and other.values != wanted.values:
            found.warning(
                Code.STRUCTURE_UNUSABLE,
                f"the property's values of enum {wanted.name} are not those that the structure of data source "
                f"{source.name} says; the database gets the latter",
                other.source,
                hint=f"values: [{', '.join(wanted.values)}]",
            )
        enumerations[wanted.name] = wanted
    state = State(
        enumerations=_sorted(enumerations.values()),
        domains=_sorted(map(reader.domain, said.domains)),
        composites=_sorted(map(reader.composite, said.composites)),
        sequences=_sorted(reader.sequence(entry, found) for entry in said.sequences),
        extensions=tuple(
            sorted((reader.extension(entry) for entry in said.extensions), key=lambda extension: extension.name)
        ),
        owns=own_namespaces(source, mapping),
    )
    names = {name.namespace for name in (*_named(state), *(one.name for one in state.sequences))}
    names |= {entry.name for entry in said.namespaces}
    names |= {one.namespace for one in state.extensions if one.namespace and not one.namespace.startswith("pg_")}
    names |= {reader.default} & set(state.owns)  # it stays, also where nothing stands in it
    state = replace(state, namespaces=tuple(sorted(names)))
    types = _named(state)
    if not types:
        return state
    return replace(
        state,
        domains=tuple(replace(one, type=_resolved(one.type, types, one.name.namespace)) for one in state.domains),
        composites=tuple(
            replace(one, columns=tuple(_column(column, types, one.name.namespace) for column in one.columns))
            for one in state.composites
        ),
    )


def own_namespaces(source: DataSource, mapping: ModelMapping) -> tuple[str, ...]:
    """The namespaces that the project speaks for completely, as `owns` says. A server without any has the one."""
    if not source.structure.owns:
        return ()
    default = mapping.table_name(_shell()).namespace
    return tuple(sorted({entry.name if default else "" for entry in source.structure.owns}))


def with_named_types(
    tables: dict[QualifiedName, Table], views: Iterable[View], said: State
) -> tuple[dict[QualifiedName, Table], tuple[View, ...]]:
    """The tables and views whose columns of a declared enum, domain or composite type say so."""
    types = _named(said)
    if not types:
        return tables, tuple(views)

    def columns(owner: Any) -> Any:
        found = tuple(_column(column, types, owner.name.namespace) for column in owner.columns)
        return owner if found == owner.columns else replace(owner, columns=found)

    return {name: columns(table) for name, table in tables.items()}, tuple(columns(view) for view in views)


def unsupported_structure(source: DataSource, can: StateCapabilities) -> tuple[Diagnostic, ...]:
    """An error for each kind of thing the structure names and the server does not have."""
    said = source.structure
    asked: tuple[tuple[str, tuple[StructureEntry, ...], Any], ...] = (
        ("namespaces", said.namespaces, can.namespaces),
        ("extensions", said.extensions, can.domains),
        ("enums", said.enums, can.enum_types),
        ("domains", said.domains, can.domains),
        ("composites", said.composites, can.domains),
        ("sequences", said.sequences, can.sequences),
    )
    return tuple(
        Diagnostic(
            code=Code.STRUCTURE_UNUSABLE,
            severity=Severity.ERROR,
            message=f"the structure of data source {source.name} says {key}, which {source.connector} cannot have",
            location=entries[0].location,
            hint=support.reason or None,
        )
        for key, entries, support in asked
        if entries and support.level is not SupportLevel.FULL
    )


class _Reader:
    """Turns entries into parts of a state."""

    def __init__(self, source: DataSource, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping
        self.default = mapping.table_name(_shell()).namespace
        """The namespace of what names none."""

    def name(self, key: str, settings: Mapping[str, Any] | None = None) -> QualifiedName:
        """The qualified name of a key, which `schema` or a part before a dot may put elsewhere."""
        namespace = text((settings or {}).get("schema"))
        if namespace is not None:
            return QualifiedName(namespace, key)
        parts = key.split(".")
        if len(parts) == PARTS and all(parts) and self.default:
            return QualifiedName(parts[0], parts[1])
        return QualifiedName(self.default, key)

    def former(self, settings: Mapping[str, Any], now: QualifiedName) -> QualifiedName | None:
        """The name before, in the same namespace unless it says another."""
        written = text(settings.get("renamedFrom"))
        if written is None:
            return None
        return self.name(written) if "." in written else QualifiedName(now.namespace, written)

    def type(self, written: str) -> ColumnType:
        """A type in the server's canonical words."""
        section = self._mapping.sections[0]
        prop = Property(name="value", type=AnyType(), settings={section: {"dataType": written}})
        return self._mapping.column_type(_shell(), prop)

    def enumeration(self, entry: StructureEntry) -> Enumeration:
        """An entry of `enums`."""
        said = entry.settings
        name = self.name(entry.name, said)
        return Enumeration(
            name=name,
            values=tuple(said.get("values") or ()),
            comment=text(said.get("comment")),
            renamed_from=self.former(said, name),
            value_renames=_pairs(said.get("renamedValues")),
            source=entry.location,
        )

    def domain(self, entry: StructureEntry) -> Domain:
        """An entry of `domains`."""
        said = entry.settings
        checks = said.get("checks") or {}
        return Domain(
            name=self.name(entry.name, said),
            type=self.type(said["type"]),
            nullable=said.get("nullable") is not False,
            default=_default(said.get("default")),
            collation=text(said.get("collation")),
            checks=tuple(
                Check(name=name, expression=checks[name].strip(), source=entry.location) for name in sorted(checks)
            ),
            source=entry.location,
        )

    def composite(self, entry: StructureEntry) -> Composite:
        """An entry of `composites`."""
        columns = []
        for name, written in (entry.settings.get("columns") or {}).items():
            said = written if isinstance(written, Mapping) else {"type": written}
            columns.append(Column(name=name, type=self.type(said["type"]), collation=text(said.get("collation"))))
        return Composite(name=self.name(entry.name, entry.settings), columns=tuple(columns), source=entry.location)

    def sequence(self, entry: StructureEntry, found: Collector) -> Sequence:
        """An entry of `sequences`."""
        said = entry.settings
        name = self.name(entry.name, said)
        owner, written = None, text(said.get("ownedBy"))
        if written is not None:
            table, _, column = written.rpartition(".")
            if table and column:
                owner = (self.name(table), column)
            else:
                found.error(
                    Code.STRUCTURE_UNUSABLE,
                    f"sequence {name} is owned by {written}, which names no column of a table",
                    entry.location,
                    hint="ownedBy: table.column",
                )
        return Sequence(
            name=name,
            type=(text(said.get("type")) or "bigint").lower(),
            start=whole(said.get("start")),
            increment=whole(said.get("increment")),
            minimum=whole(said.get("minimum")),
            maximum=whole(said.get("maximum")),
            cache=whole(said.get("cache")),
            cycle=said.get("cycle") is True,
            owned_by=owner,
            comment=text(said.get("comment")),
            renamed_from=self.former(said, name),
            source=entry.location,
        )

    def extension(self, entry: StructureEntry) -> Extension:
        """An entry of `extensions`."""
        return Extension(name=entry.name, namespace=text(entry.settings.get("schema")), source=entry.location)


def _property_enumerations(models: Iterable[Model], mapping: ModelMapping) -> Iterator[Enumeration]:
    for model in models:
        for prop in model.properties.values():
            if isinstance(prop.type, EnumType) and prop.type.name:
                named = mapping.column_type(model, prop).enumeration
                if named is not None:
                    former = text(prop.settings.get("enumRenamedFrom"))
                    yield Enumeration(
                        name=named,
                        values=prop.type.values,
                        renamed_from=None if former is None else QualifiedName(named.namespace, former),
                        value_renames=_pairs(prop.settings.get("renamedValues")),
                        source=prop.location,
                    )


def _named(state: State) -> frozenset[QualifiedName]:
    names = [one.name for one in state.enumerations]
    return frozenset((*names, *(one.name for one in state.domains), *(one.name for one in state.composites)))


def _column(column: Column, types: frozenset[QualifiedName], namespace: str) -> Column:
    found = _resolved(column.type, types, namespace)
    return column if found is column.type else replace(column, type=found)


def _resolved(found: ColumnType, types: frozenset[QualifiedName], namespace: str) -> ColumnType:
    """The type with `enumeration` set, where its name is that of a declared type."""
    if found.enumeration is not None or found.arguments:
        return found
    head, _, name = found.name.replace('"', "").rpartition(".")
    named = QualifiedName(head or namespace, name)
    return ColumnType(name, (), found.dimensions, named) if named in types else found


def _default(written: Any) -> Default | None:
    if written is None:
        return None
    return Default(str(written).lower() if isinstance(written, bool) else str(written))


def _pairs(written: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(written, Mapping):
        return ()
    return tuple((str(old), str(new)) for old, new in written.items() if old != new)


def _sorted(found: Iterable[Any]) -> tuple[Any, ...]:
    by_name: Callable[[Any], QualifiedName] = lambda one: one.name  # noqa: E731 - one key for five kinds
    return tuple(sorted(found, key=by_name))


def _shell() -> Model:
    """A model that says nothing, for the mapping's defaults."""
    return Model(
        name="value",
        plural="values",
        path="/",
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        layout=Layout.NATIVE,
        data_source=None,
        public=True,
        properties={},
    )
