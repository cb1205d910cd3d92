"""Tables as LoopBack's own discovery prints them (`discoverSchema`, `discoverModelDefinitions` and their like)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lbconf.plan.discovered_names import distinct, lower_camel, property_names
from lbconf.plan.discovered_types import loopback_type
from lbconf.plan.discovered_wanted import CAMEL, Naming
from lbconf.state.structure import Column, ForeignKey, QualifiedName, State, Table, View

__all__ = [
    "loopback_columns",
    "loopback_definition",
    "loopback_foreign_keys",
    "loopback_listing",
    "loopback_primary_keys",
    "loopback_property",
]

LENGTHS: Final = frozenset(
    {"character varying", "character", "varchar", "char", "nvarchar", "nchar", "bit", "bit varying"}
)


def loopback_definition(
    thing: Table | View, connector: str, *, naming: Naming = CAMEL, relations: bool = False
) -> dict[str, Any]:
    """A model of one table or view: `name`, `options`, `properties`, as LoopBack's discovery writes it.

    With `relations`, a belongsTo for each foreign key, named after it; LoopBack takes one column only.
    """
    key = thing.primary_key.columns if isinstance(thing, Table) and thing.primary_key is not None else ()
    place: dict[str, Any] = {"schema": thing.name.namespace} if thing.name.namespace else {}
    place["table"] = thing.name.name
    # LoopBack loses all but one of the columns that are one in camel case; here each has a name.
    names = property_names((column.name for column in thing.columns), naming=naming.property)
    options: dict[str, Any] = {"idInjection": False, connector: place}
    if relations:
        options["relations"] = _relations(thing, names, naming)
    return {
        "name": naming.model(thing.name.name),
        "options": options,
        "properties": {names[column.name]: loopback_property(column, key, connector) for column in thing.columns},
    }


def loopback_listing(state: State, *, views: bool = True) -> list[dict[str, Any]]:
    """`discoverModelDefinitions`: type, name and owner of every table and, if wanted, view."""
    found = [("table", table.name) for table in state.tables]
    if views:
        found.extend(("view", view.name) for view in state.views)
    return [
        {"type": kind, "name": name.name, "owner": name.namespace}
        for kind, name in sorted(found, key=lambda entry: entry[1])
    ]


def loopback_primary_keys(table: Table) -> list[dict[str, Any]]:
    """`discoverPrimaryKeys`: one entry per column, in key order."""
    key = table.primary_key
    if key is None:
        return []
    return [
        {
            "owner": table.name.namespace,
            "tableName": table.name.name,
            "columnName": column,
            "keySeq": place,
            "pkName": key.name,
        }
        for place, column in enumerate(key.columns, start=1)
    ]


def loopback_foreign_keys(
    state: State, tables: Iterable[Table], *, of: QualifiedName | None = None
) -> list[dict[str, Any]]:
    """`discoverForeignKeys`: one entry per column.

    Args:
        state: Where the keys lead.
        tables: Whose keys.
        of: Only those that point to this table.
    """
    return [
        {
            "fkOwner": table.name.namespace,
            "fkName": key.name,
            "fkTableName": table.name.name,
            "fkColumnName": column,
            "keySeq": place,
            "pkOwner": key.target.namespace,
            "pkName": _key_name(state.table(key.target), key),
            "pkTableName": key.target.name,
            "pkColumnName": target,
        }
        for table in tables
        for key in table.foreign_keys
        if of is None or key.target == of
        for place, (column, target) in enumerate(zip(key.columns, key.target_columns, strict=True), start=1)
    ]


def loopback_columns(thing: Table | View) -> list[dict[str, Any]]:
    """`discoverModelProperties`: one entry per column, in their order."""
    found = []
    for column in thing.columns:
        length, precision, scale = _sizes(column)
        found.append(
            {
                "owner": thing.name.namespace,
                "tableName": thing.name.name,
                "columnName": column.name,
                "dataType": _data_type(column),
                "dataLength": length,
                "dataPrecision": precision,
                "dataScale": scale,
                "nullable": "YES" if column.nullable else "NO",
                "type": loopback_type(column.type),
            }
        )
    return found


def loopback_property(column: Column, key: tuple[str, ...], connector: str) -> dict[str, Any]:
    """A property as `discoverSchema` writes it. `key`: columns of the table's primary key."""
    length, precision, scale = _sizes(column)
    generated = column.identity is not None
    found: dict[str, Any] = {
        "type": loopback_type(column.type),
        "required": not column.nullable and not generated,
        "length": length,
        "precision": precision,
        "scale": scale,
    }
    if column.name in key:
        found["id"] = key.index(column.name) + 1
    if generated:
        found["generated"] = True
    found[connector] = {
        "columnName": column.name,
        "dataType": _data_type(column),
        "dataLength": length,
        "dataPrecision": precision,
        "dataScale": scale,
        "nullable": "YES" if column.nullable else "NO",
    }
    return found


def _sizes(column: Column) -> tuple[int | None, int | None, int | None]:
    arguments = column.type.arguments
    if not arguments:
        return None, None, None
    if column.type.name.lower() in LENGTHS:
        return arguments[0], None, None
    return None, arguments[0], arguments[1] if len(arguments) > 1 else None


def _data_type(column: Column) -> str:
    return column.type.name + "[]" * column.type.dimensions


def _relations(thing: Table | View, names: Mapping[str, str], naming: Naming) -> dict[str, Any]:
    keys = thing.foreign_keys if isinstance(thing, Table) else ()
    found: dict[str, Any] = {}
    for key in keys:
        own = [names[column] for column in key.columns]
        name = naming.relation(key.name) or lower_camel(f"{key.name}_rel")
        found[distinct(name, found)] = {
            "model": naming.model(key.target.name),
            "type": "belongsTo",
            "foreignKey": own[0] if len(own) == 1 else own,
        }
    return found


def _key_name(target: Table | None, key: ForeignKey) -> str | None:
    """The constraint that a foreign key leads to, where it is the primary key."""
    found = None if target is None else target.primary_key
    return found.name if found is not None and sorted(found.columns) == sorted(key.target_columns) else None
