"""Steps for whole tables, views and databases, and pieces for what a table says about itself.

Source: MySQL 8.0 Reference Manual, sections 15.1.20 (CREATE TABLE), 15.1.32 (DROP TABLE), 15.1.36 (RENAME TABLE),
15.1.23 (CREATE VIEW) and 15.1.9.1 (partitions); the same pages of MariaDB's documentation.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, assert_never

from lbconf.connectors.mysql.algorithms import Algorithm, Kind
from lbconf.connectors.mysql.compiling import Context
from lbconf.connectors.mysql.defaults import literal
from lbconf.connectors.mysql.done import asked, has_column, has_partition, has_table, negated
from lbconf.connectors.mysql.partitions import partition_text
from lbconf.connectors.mysql.pieces import Piece, hazard
from lbconf.connectors.mysql.spelling import (
    check_clause,
    check_name,
    column_clause,
    create_table,
    name_text,
    option_clauses,
    quote,
)
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import PlanError
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, ForeignKey, Options, Partition, QualifiedName, Table, View

__all__ = [
    "create_database",
    "create_table_step",
    "create_view",
    "drop_database",
    "drop_table",
    "drop_view",
    "rename_column",
    "rename_table",
    "table_piece",
]

EXCLUSIVE: Final = "EXCLUSIVE"
STORAGE: Final = frozenset({"row_format", "key_block_size", "page_compressed", "page_compression_level"})
TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
CHARSET: Final = frozenset({"charset", "collation"})
USUAL: Final = {
    "row_format": "DEFAULT",
    "key_block_size": "0",
    "stats_persistent": "DEFAULT",
    "stats_auto_recalc": "DEFAULT",
    "stats_sample_pages": "DEFAULT",
    "checksum": "0",
    "delay_key_write": "0",
    "max_rows": "0",
    "min_rows": "0",
    "avg_row_length": "0",
    "pack_keys": "DEFAULT",
    "page_compressed": "0",
    "engine": "InnoDB",
}
"""What an option is set to so that it counts as not said."""


def create_database(place: int, name: str) -> Step:
    """CREATE DATABASE, with the server's character set."""
    found = f"SELECT EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = {literal(name)})"
    return Step(
        summary=f"create database {name}",
        statements=(Statement(sql=f"CREATE DATABASE {quote(name)}", done=found),),
        undo=(Statement(sql=f"DROP DATABASE {quote(name)}"),),
        transactional=False,
        covers=(place,),
    )


def drop_database(place: int, name: str) -> Step:
    """DROP DATABASE: nothing of it is wanted any more."""
    gone = f"SELECT NOT EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = {literal(name)})"
    return Step(
        summary=f"drop database {name}",
        statements=(Statement(sql=f"DROP DATABASE {quote(name)}", lock=EXCLUSIVE, done=gone),),
        transactional=False,
        lock=EXCLUSIVE,
        hazards=(hazard(HazardKind.DELETES_DATA, f"everything in database {name} is deleted"),),
        covers=(place,),
    )


def create_table_step(place: int, table: Table, keys: Sequence[tuple[int, ForeignKey]], context: Context) -> Step:
    """A new table with those of its foreign keys that can be said at once."""
    sql = create_table(table, context.server, keys=[key for _, key in keys])
    return Step(
        summary=f"create table {table.name}",
        statements=(Statement(sql=sql, done=asked(has_table(table.name))),),
        undo=(Statement(sql=f"DROP TABLE {name_text(table.name)}"),),
        table=table.name,
        transactional=False,
        source=table.source,
        covers=tuple(sorted((place, *(at for at, _ in keys)))),
    )


def drop_table(place: int, table: Table, later: Sequence[Table]) -> Step:
    """A table with all its rows; what points at it and goes later lets go of it first."""
    name = table.name
    statements = [
        Statement(
            sql=f"ALTER TABLE {name_text(other.name)} DROP FOREIGN KEY {quote(key.name)}",
            done=f"SELECT NOT EXISTS (SELECT 1 FROM information_schema.referential_constraints"
            f" WHERE constraint_schema = {literal(other.name.namespace) if other.name.namespace else 'DATABASE()'}"
            f" AND table_name = {literal(other.name.name)} AND constraint_name = {literal(key.name)})",
        )
        for other in later
        for key in other.foreign_keys
        if key.target == name
    ]
    statements.append(
        Statement(sql=f"DROP TABLE {name_text(name)}", lock=EXCLUSIVE, done=asked(negated(has_table(name))))
    )
    return Step(
        summary=f"drop table {name}",
        statements=tuple(statements),
        table=name,
        transactional=False,
        lock=EXCLUSIVE,
        hazards=(
            hazard(HazardKind.DELETES_DATA, f"every row of {name} is deleted"),
            hazard(HazardKind.IRREVERSIBLE, f"{name} cannot be brought back"),
        ),
        covers=(place,),
    )


def rename_table(place: int, before: QualifiedName, after: QualifiedName, *, source: Location | None) -> Step:
    """Its triggers, and foreign keys into it, follow."""
    forth, back = (
        f"RENAME TABLE {name_text(one)} TO {name_text(two)}" for one, two in ((before, after), (after, before))
    )
    return Step(
        summary=f"rename table {before} to {after}",
        statements=(Statement(sql=forth, lock=EXCLUSIVE, done=asked(has_table(after), negated(has_table(before)))),),
        undo=(Statement(sql=back),),
        table=after,
        transactional=False,
        lock=EXCLUSIVE,
        source=source,
        covers=(place,),
    )


def rename_column(place: int, table: QualifiedName, before: Column, after: Column, context: Context) -> Piece:
    """Everything about the column stays as it is. MySQL wants its checks made again, which name the column."""
    server, there = context.server, context.original(table)
    old, new = quote(before.name), quote(after.name)
    named = [] if there is None or server.mariadb else [check for check in there.checks if old in check.expression]
    renamed = [replace(check, expression=check.expression.replace(old, new)) for check in named]
    kinds = [Kind.RENAME_COLUMN, *([Kind.ADD_CHECK] if named else [])]
    dropped = [f"DROP {check_name(check.name, server)}" for check in named]
    return Piece(
        places=(place,),
        table=table,
        summary=f"rename column {table}.{before.name} to {after.name}",
        clauses=(
            *dropped,
            f"RENAME COLUMN {old} TO {new}",
            *(f"ADD {check_clause(check, server)}" for check in renamed),
        ),
        undo=(*dropped, f"RENAME COLUMN {new} TO {old}", *(f"ADD {check_clause(check, server)}" for check in named)),
        algorithm=max(context.algorithm(table, kind) for kind in kinds),
        done=f"{has_column(table, after.name)} AND {negated(has_column(table, before.name))}",
        source=after.source,
    )


def create_view(place: int, view: View, there: View | None = None) -> Step:
    """A view as the server printed it, run by whoever makes it, in the place of the one that is there.

    Should the server refuse the text, that one is as it was.
    """
    word = "create" if there is None else "change"
    back = (Statement(sql=f"DROP VIEW {name_text(view.name)}"),) if there is None else (_view_statement(there),)
    return Step(
        summary=f"{word} view {view.name}",
        statements=(_view_statement(view),),
        undo=back,
        transactional=False,
        source=view.source,
        covers=(place,),
    )


def _view_statement(view: View) -> Statement:
    options = dict(view.options)
    security = f" SQL SECURITY {options['security']}" if "security" in options else ""
    algorithm = f" ALGORITHM={options['algorithm']}" if "algorithm" in options else ""
    checked = f" WITH {options['check_option']} CHECK OPTION" if "check_option" in options else ""
    return Statement(
        sql=f"CREATE OR REPLACE{algorithm}{security} VIEW {name_text(view.name)} AS {view.definition}{checked}"
    )


def drop_view(place: int, view: View) -> Step:
    """A view; its definition says how to make it again."""
    return Step(
        summary=f"drop view {view.name}",
        statements=(Statement(sql=f"DROP VIEW {name_text(view.name)}", done=asked(negated(has_table(view.name)))),),
        undo=create_view(place, view).statements if view.definition else (),
        transactional=False,
        covers=(place,),
    )


def table_piece(
    place: int, change: c.SetTableComment | c.SetTableOptions | c.AddPartition | c.DropPartition, context: Context
) -> Piece:
    """What a table says about itself."""
    table = change.table
    match change:
        case c.SetTableComment(before=old, after=new):
            return Piece(
                places=(place,),
                table=table,
                summary=f"comment on table {table}",
                clauses=(f"COMMENT={literal(new or '')}",),
                undo=(f"COMMENT={literal(old or '')}",),
                algorithm=context.algorithm(table, Kind.TABLE_COMMENT),
            )
        case c.SetTableOptions(before=old, after=new):
            return _options(place, table, old, new, context)
        case c.AddPartition(after=partition):
            return _partition(place, table, partition, f"ADD PARTITION ({partition_text(partition)})", (), "add")
        case c.DropPartition(before=partition):
            if partition.bound.startswith("COMMENT") or not partition.bound:
                message = f"{table} is divided by hash or key, so no partition of it can be dropped alone"
                raise PlanError(Diagnostic(code=Code.CHANGE_IMPOSSIBLE, message=message))
            gone = (hazard(HazardKind.DELETES_DATA, f"every row in partition {partition.name.name} is deleted"),)
            return _partition(place, table, partition, f"DROP PARTITION {quote(partition.name.name)}", gone, "drop")
        case _:
            assert_never(change)


def _partition(
    place: int, table: QualifiedName, partition: Partition, clause: str, hazards: tuple[Hazard, ...], word: str
) -> Piece:
    there = has_partition(table, partition.name.name)
    return Piece(
        places=(place,),
        table=table,
        summary=f"{word} partition {partition.name.name} of {table}",
        clauses=(clause,),
        # The server takes no clause beside those of partitions.
        bare=True,
        algorithm=Algorithm.SHARED,
        done=there if word == "add" else negated(there),
        hazards=hazards,
        alone=True,
    )


def _options(place: int, table: QualifiedName, before: Options, after: Options, context: Context) -> Piece:
    old, new = (_with_collation(table, options, context) for options in (before, after))
    names = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if "system_versioning" in names:
        message = f"the history of the rows of {table} cannot be turned on or off by a plan"
        raise PlanError(Diagnostic(code=Code.CHANGE_IMPOSSIBLE, message=message))
    changed, undone = _said(new, names), _said(old, names)
    clauses = option_clauses(changed)
    kinds = [Kind.TABLE_HINT]
    if names & CHARSET:
        kinds.append(Kind.TABLE_CHARSET)
        clauses += _kept_columns(table, context)
    if names & STORAGE:
        kinds.append(Kind.TABLE_STORAGE)
    if "engine" in names:
        kinds.append(Kind.TABLE_ENGINE)
    algorithm = max(context.algorithm(table, kind) for kind in kinds)
    if names & CHARSET and len(clauses) > len(changed):
        algorithm = Algorithm.COPY
    return Piece(
        places=(place,),
        table=table,
        summary=f"change options of table {table}: {', '.join(sorted(names))}",
        clauses=tuple(clauses),
        undo=tuple(option_clauses(undone)),
        algorithm=algorithm,
        # Columns that say no collation of their own follow the table's, as it is by then.
        alone=bool(names & CHARSET),
    )


def _said(options: Mapping[str, str], names: Iterable[str]) -> Options:
    """These options with their values, the usual ones where nothing is said."""
    said = (name for name in names if name in options or name not in CHARSET)
    return tuple(sorted((name, options.get(name, USUAL.get(name, "DEFAULT"))) for name in said))


def _with_collation(table: QualifiedName, options: Options, context: Context) -> dict[str, str]:
    """The options, with the collation of the database where none is said."""
    usual = context.collations.get(table.namespace, "")
    return {**({"charset": usual.partition("_")[0], "collation": usual} if usual else {}), **dict(options)}


def _kept_columns(table: QualifiedName, context: Context) -> list[str]:
    """Texts that follow their table have to be said again when the table's collation changes, to go on following."""
    wanted, there = context.wanted(table), context.before(table)
    if wanted is None or there is None:
        return []
    found = []
    for column in wanted.columns:
        old = there.column(column.name)
        if old is not None and old.collation is None and column.collation is None and old.type.name in TEXTS:
            found.append(f"MODIFY COLUMN {column_clause(old, context.server)}")
    return found
