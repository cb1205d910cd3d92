"""LoopBack's discovery as the data source of the Python API has it."""

from collections.abc import Sequence
from typing import Any

from lbconf.connectors.contract import Connector
from lbconf.operations import discover as rows
from lbconf.operations.discovery_wanted import naming

__all__ = ["Discovering"]


class Discovering:
    """What a data source tells about its tables, in the rows of LoopBack's discovery.

    Options are LoopBack's: `owner` and `schema` say one namespace (`all` takes every one, as do none of them). Every
    method raises `ConnectorError` where the server fails or has no tables, `PlanError` where there is no such table.
    """

    @property
    def connector(self) -> Connector:
        """The open connector."""
        raise NotImplementedError

    def discover(self, table: str | None = None, *, namespaces: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Definitions of all tables and views as LoopBack's discovery makes them, or of one."""
        return rows.discover(self.connector, table=table, namespaces=namespaces)

    def discover_schema(self, table: str, **options: Any) -> dict[str, Any]:
        """The definition of one table or view; options as of `discover_schemas`."""
        return next(iter(self.discover_schemas(table, **options).values()))

    def discover_schemas(  # noqa: PLR0913 - as many as LoopBack has options
        self,
        table: str,
        *,
        owner: str | None = None,
        schema: str | None = None,
        relations: bool = False,
        associations: bool = False,
        all: bool = False,  # noqa: A002 - LoopBack's word
        views: bool = True,
        name_mapper: Any = "camel",
        disable_camel_case: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """`owner.table` to its definition.

        Args:
            table: A table or view.
            owner: The namespace to look into.
            schema: The same by its other name.
            relations: Whether foreign keys become relations, and the tables that they lead to are told as well.
            associations: The same by its older name.
            all: Whether to look into every namespace, whatever `owner` says.
            views: Whether to look at views.
            name_mapper: `camel`, `keep` or None, `module:function`, or a function of a kind (`table`, `column`, `fk`)
                and a name.
            disable_camel_case: Whether properties are called as their columns.
        """
        return rows.discover_schemas(
            self.connector,
            table,
            namespaces=_namespaces(owner, schema, all),
            relations=relations or associations,
            views=views,
            naming=naming(name_mapper, camel_case=not disable_camel_case),
        )

    def discover_model_definitions(
        self,
        *,
        owner: str | None = None,
        schema: str | None = None,
        all: bool = False,  # noqa: A002 - LoopBack's word
        views: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """`type` (`table` or `view`), `name` and `owner` of each, by owner and name; `limit` of them from `offset`."""
        return rows.discover_model_definitions(
            self.connector, views=views, namespaces=_namespaces(owner, schema, all), limit=limit, offset=offset
        )

    def discover_model_properties(
        self, table: str, *, owner: str | None = None, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """`owner`, `tableName`, `columnName`, `dataType`, its sizes, `nullable` (YES, NO), `type` of each column."""
        return rows.discover_model_properties(self.connector, table, namespaces=_namespaces(owner, schema))

    def discover_primary_keys(
        self, table: str, *, owner: str | None = None, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """`owner`, `tableName`, `columnName`, `keySeq` (from 1) and `pkName` of each column of the key."""
        return rows.discover_primary_keys(self.connector, table, namespaces=_namespaces(owner, schema))

    def discover_foreign_keys(
        self, table: str, *, owner: str | None = None, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """Keys that the table holds, one entry a column: `fkOwner` ... `keySeq` ... `pkColumnName`."""
        return rows.discover_foreign_keys(self.connector, table, namespaces=_namespaces(owner, schema))

    def discover_exported_foreign_keys(
        self, table: str, *, owner: str | None = None, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """Keys of any table that lead to this one, in the same entries."""
        return rows.discover_exported_foreign_keys(self.connector, table, namespaces=_namespaces(owner, schema))


def _namespaces(owner: str | None, schema: str | None, everything: bool = False) -> tuple[str, ...] | None:  # noqa: FBT001, FBT002
    said = owner or schema
    return None if everything or said is None else (said,)
