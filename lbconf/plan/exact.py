"""What a connector section says beyond the portable keys: the exact form of columns, keys, indexes and checks.

In the model's section: `primaryKey` (its name, or `name`, `include`,
`deferrable`, `lengths`), `uniques`, `indexes`, `foreignKeys`, `checks` and
`exclusions`, each by name, `options` (of the table's storage), `partitionBy`
and `partitions`; in a read-only model's, `view`. In a property's:
`collation`, `charset`, `generatedAs` (an expression), `virtual`, `onUpdate`,
`options`, `identity` (`kind`, `start`, `increment`, `minimum`, `maximum`,
`cache`, `cycle`, `sequence`). Columns are named as in the database.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.connectors.contract import ModelMapping
from lbconf.plan.exact_parts import (
    checks,
    entries,
    exclusions,
    indexes,
    joined,
    options,
    partitions,
    row_security,
    text,
    texts,
    timing,
    uniques,
    whole,
)
from lbconf.project.resolved import Model, Property
from lbconf.records import replace
from lbconf.state.structure import Column, ForeignKey, Identity, PrimaryKey, QualifiedName, Table, View

__all__ = [
    "IDENTITY_KINDS",
    "exact_column",
    "exact_foreign_keys",
    "exact_table",
    "exact_view",
    "has_exact_type",
    "without_columns",
]

IDENTITY_KINDS: Final[Mapping[str, str]] = {
    "always": "identity-always",
    "by-default": "identity-by-default",
    "serial": "serial",
    "autoincrement": "autoincrement",
    "rowid": "rowid",
}
"""`identity` as written to the kinds of `Identity`."""

NO_ACTION: Final = "NO ACTION"


def exact_table(table: Table, model: Model, mapping: ModelMapping) -> Table:
    """The table with the parts that the model's connector section names."""
    section = model.section(*mapping.sections)
    if not section:
        return table
    place, own = model.location, table.name.namespace
    return replace(
        table,
        primary_key=_key(section.get("primaryKey"), table.primary_key),
        uniques=joined(table.uniques, uniques(section, place)),
        indexes=joined(table.indexes, indexes(section, place)),
        checks=joined(table.checks, checks(section, place)),
        exclusions=joined(table.exclusions, exclusions(section, place)),
        options=options(section) or table.options,
        partition_by=text(section.get("partitionBy")),
        partitions=partitions(section, own),
        opaque=row_security(section, table.name.name),
    )


def exact_view(model: Model, mapping: ModelMapping, columns: tuple[Column, ...]) -> View | None:
    """The view of a read-only model whose section says its `definition`; None where it is not lbconf's to make."""
    section = model.section(*mapping.sections)
    said = section.get("view") if section else None
    definition = text(said.get("definition")) if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or definition is None:
        return None
    return View(
        name=mapping.table_name(model),
        columns=columns,
        materialized=said.get("materialized") is True,
        definition=definition,
        options=options(said),
        indexes=joined((), indexes(said, model.location)),
        comment=None if model.layout.is_loopback else model.description or None,
        model=model.name,
        source=model.location,
    )


def without_columns(model: Model, mapping: ModelMapping) -> bool:
    """Whether the model says of itself that its table has no columns."""
    return model.section(*mapping.sections).get("withoutColumns") is True


def exact_column(column: Column, prop: Property, mapping: ModelMapping) -> Column:
    """The column with what the property's connector section says."""
    section = prop.section(*mapping.sections)
    if not section and (column.identity is None or column.default is None):
        return column
    identity = _identity(section, column.identity)
    return replace(
        column,
        collation=text(section.get("collation")) or column.collation,
        charset=text(section.get("charset")) or column.charset,
        generated=text(section.get("generatedAs")) or column.generated,
        virtual=section.get("virtual") is True,
        on_update=text(section.get("onUpdate")),
        options=tuple(sorted(options(section))),
        identity=identity,
        default=None if identity is not None else column.default,
    )


def exact_foreign_keys(model: Model, mapping: ModelMapping) -> tuple[ForeignKey, ...]:
    """The foreign keys that the model's connector section names; the tables they point at need no model."""
    section = model.section(*mapping.sections)
    found = []
    for name, entry in entries(section, "foreignKeys"):
        columns, table = texts(entry.get("columns")), entry.get("table")
        if not columns or not isinstance(table, str):
            continue
        namespace = text(entry.get("schema")) or mapping.table_name(model).namespace
        found.append(
            ForeignKey(
                name=name,
                columns=columns,
                target=QualifiedName(namespace, table),
                target_columns=texts(entry.get("references")),
                on_delete=_action(entry.get("onDelete")),
                on_update=_action(entry.get("onUpdate")),
                deferrable=timing(entry),
                match=str(entry.get("match") or "SIMPLE").upper(),
                valid=entry.get("valid") is not False,
                set_columns=texts(entry.get("setColumns")),
                renamed_from=text(entry.get("renamedFrom")),
                source=model.location,
            )
        )
    return tuple(found)


def has_exact_type(model: Model, column: str, mapping: ModelMapping) -> bool:
    """Whether the model says the column's type in the database's own words."""
    for prop in model.properties.values():
        if mapping.column_name(model, prop) == column:
            return prop.section(*mapping.sections).get("dataType") is not None
    return False


def _key(written: Any, key: PrimaryKey | None) -> PrimaryKey | None:
    """The primary key with what `primaryKey` says: a name, or all that is exact about it."""
    if key is None:
        return None
    if not isinstance(written, Mapping):
        return replace(key, name=written) if isinstance(written, str) and written else key
    lengths = written.get("lengths")
    sizes = tuple(whole(lengths.get(column)) for column in key.columns) if isinstance(lengths, Mapping) else ()
    return replace(
        key,
        name=text(written.get("name")) or key.name,
        include=texts(written.get("include")),
        deferrable=timing(written),
        lengths=sizes if any(size is not None for size in sizes) else (),
    )


def _identity(section: Mapping[str, Any], otherwise: Identity | None) -> Identity | None:
    written = section.get("identity")
    if isinstance(written, str):
        written = {"kind": written}
    if isinstance(written, Mapping):
        kind = IDENTITY_KINDS.get(str(written.get("kind")))
        if kind is not None:
            name = text(written.get("sequence"))
            counted = dict(_counting(written))
            cycle = written.get("cycle") is True
            return Identity(kind=kind, **counted, cycle=cycle, name=name, type=text(written.get("type")))
    if written is False or (written is None and section.get("dbDefault") is not None):
        return None
    return otherwise


def _counting(written: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("start", "increment", "minimum", "maximum", "cache"):
        yield name, whole(written.get(name))


def _action(written: Any) -> str:
    return written.upper() if isinstance(written, str) and written else NO_ACTION
