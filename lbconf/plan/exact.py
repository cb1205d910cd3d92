"""What a connector section says beyond the portable keys: the exact form of columns, keys, indexes and checks.

In the model's section: `primaryKey` (its name), `uniques`, `indexes`,
`foreignKeys` and `checks`, each by name, and `options` (of a new table's
storage). In a property's: `collation`,
`generatedAs` (an expression), `identity` (`kind`, `start`,
`increment`, `minimum`, `maximum`, `cache`, `cycle`).
Columns are named as in the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.connectors.contract import ModelMapping
from lbconf.project.resolved import Model, Property
from lbconf.records import replace
from lbconf.state.structure import (
    Check,
    Column,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    QualifiedName,
    Table,
    Unique,
)

__all__ = ["IDENTITY_KINDS", "exact_column", "exact_foreign_keys", "exact_table", "has_exact_type"]

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
    named = section.get("primaryKey")
    key = table.primary_key
    if key is not None and isinstance(named, str) and named:
        key = replace(key, name=named)
    return replace(
        table,
        primary_key=key,
        uniques=_joined(table.uniques, _uniques(section, model)),
        indexes=_joined(table.indexes, _indexes(section, model)),
        checks=_joined(table.checks, _checks(section, model)),
        options=_options(section) or table.options,
    )


def exact_column(column: Column, prop: Property, mapping: ModelMapping) -> Column:
    """The column with what the property's connector section says."""
    section = prop.section(*mapping.sections)
    if not section and (column.identity is None or column.default is None):
        return column
    collation, generated = section.get("collation"), section.get("generatedAs")
    identity = _identity(section, column.identity)
    return replace(
        column,
        collation=collation if isinstance(collation, str) else column.collation,
        generated=generated if isinstance(generated, str) else column.generated,
        identity=identity,
        default=None if identity is not None else column.default,
    )


def exact_foreign_keys(model: Model, mapping: ModelMapping) -> tuple[ForeignKey, ...]:
    """The foreign keys that the model's connector section names."""
    section = model.section(*mapping.sections)
    found = []
    for name, entry in _entries(section, "foreignKeys"):
        columns, target_columns = _texts(entry.get("columns")), _texts(entry.get("references"))
        table, namespace = entry.get("table"), entry.get("schema")
        if not columns or not isinstance(table, str):
            continue
        own = mapping.table_name(model)
        found.append(
            ForeignKey(
                name=name,
                columns=columns,
                target=QualifiedName(namespace if isinstance(namespace, str) else own.namespace, table),
                target_columns=target_columns,
                on_delete=_action(entry.get("onDelete")),
                on_update=_action(entry.get("onUpdate")),
                deferrable=entry.get("deferrable") if entry.get("deferrable") in {"immediate", "deferred"} else None,
                match=str(entry.get("match") or "SIMPLE").upper(),
                valid=entry.get("valid") is not False,
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


def _joined(portable: Sequence[Any], exact: Iterator[Any]) -> tuple[Any, ...]:
    """Both, by name; the exact one wins."""
    found = {part.name: part for part in portable}
    found.update({part.name: part for part in exact})
    return tuple(found[name] for name in sorted(found))


def _identity(section: Mapping[str, Any], otherwise: Identity | None) -> Identity | None:
    written = section.get("identity")
    if isinstance(written, str):
        written = {"kind": written}
    if isinstance(written, Mapping):
        kind = IDENTITY_KINDS.get(str(written.get("kind")))
        if kind is not None:
            return Identity(
                kind=kind,
                start=_whole(written.get("start")),
                increment=_whole(written.get("increment")),
                minimum=_whole(written.get("minimum")),
                maximum=_whole(written.get("maximum")),
                cache=_whole(written.get("cache")),
                cycle=written.get("cycle") is True,
            )
    if written is False or (written is None and section.get("dbDefault") is not None):
        return None
    return otherwise


def _uniques(section: Mapping[str, Any], model: Model) -> Iterator[Unique]:
    for name, entry in _entries(section, "uniques"):
        columns = _texts(entry.get("columns"))
        if columns:
            nulls = entry.get("nullsNotDistinct") is True
            yield Unique(name=name, columns=columns, nulls_not_distinct=nulls, source=model.location)


def _indexes(section: Mapping[str, Any], model: Model) -> Iterator[Index]:
    for name, entry in _entries(section, "indexes"):
        parts = tuple(_parts(entry.get("parts")))
        if parts:
            where = entry.get("where")
            yield Index(
                name=name,
                parts=parts,
                unique=entry.get("unique") is True,
                method=str(entry.get("method") or "btree"),
                where=where if isinstance(where, str) else None,
                include=_texts(entry.get("include")),
                nulls_not_distinct=entry.get("nullsNotDistinct") is True,
                valid=entry.get("valid") is not False,
                comment=entry.get("comment") if isinstance(entry.get("comment"), str) else None,
                source=model.location,
            )


def _parts(written: Any) -> Iterator[IndexPart]:
    for part in written if isinstance(written, list | tuple) else ():
        said = {"column": part} if isinstance(part, str) else part
        if isinstance(said, Mapping) and (said.get("column") or said.get("expression")):
            nulls = said.get("nulls")
            yield IndexPart(
                column=said.get("column"),
                expression=said.get("expression"),
                descending=said.get("descending") is True,
                nulls_first=None if nulls not in {"first", "last"} else nulls == "first",
                collation=said.get("collation"),
                operator_class=said.get("operatorClass"),
            )


def _checks(section: Mapping[str, Any], model: Model) -> Iterator[Check]:
    written = section.get("checks")
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        said = entry.get("expression") if isinstance(entry, Mapping) else entry
        valid = not (isinstance(entry, Mapping) and entry.get("valid") is False)
        if isinstance(said, str) and said.strip():
            yield Check(name=str(name), expression=said.strip(), valid=valid, source=model.location)


def _options(section: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    written = section.get("options")
    said = written.items() if isinstance(written, Mapping) else ()
    return tuple(sorted((str(name), "true") for name, value in said if value is True))


def _entries(section: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    written = section.get(key)
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        if isinstance(entry, Mapping):
            yield str(name), entry


def _texts(written: Any) -> tuple[str, ...]:
    if isinstance(written, str):
        return (written,)
    return tuple(str(part) for part in written) if isinstance(written, list | tuple) else ()


def _action(written: Any) -> str:
    return written.upper() if isinstance(written, str) and written else NO_ACTION


def _whole(written: Any) -> int | None:
    return written if isinstance(written, int) and not isinstance(written, bool) else None
