"""Pieces for keys, indexes, foreign keys and checks.

Source: MySQL 8.0 Reference Manual, sections 15.1.9, 15.1.15 and 15.1.20.5; MariaDB documentation, ALTER TABLE.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from lbconf.connectors.mysql.algorithms import Kind
from lbconf.connectors.mysql.compiling import Context
from lbconf.connectors.mysql.ddl_columns import data_check
from lbconf.connectors.mysql.done import has_check, has_foreign_key, has_index, has_primary_key, negated
from lbconf.connectors.mysql.implied import implied_indexes, serves
from lbconf.connectors.mysql.pieces import Piece, hazard
from lbconf.connectors.mysql.spelling import (
    check_clause,
    check_name,
    foreign_key_clause,
    index_clause,
    name_text,
    primary_key_clause,
    quote,
    quoted,
    unique_clause,
)
from lbconf.connectors.mysql.type_changes import BLOBS, TEXTS
from lbconf.diagnostics import Location
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import DataCheck, Statement
from lbconf.state.structure import ForeignKey, Index, QualifiedName, Table, Unique

__all__ = ["KeyChange", "foreign_key_piece", "implied_after", "key_piece", "orphans"]

KeyChange = (
    c.AddPrimaryKey
    | c.DropPrimaryKey
    | c.AddUnique
    | c.DropUnique
    | c.AddIndex
    | c.DropIndex
    | c.RenameIndex
    | c.AddCheck
    | c.DropCheck
    | c.RenameConstraint
)


def key_piece(place: int, change: KeyChange, context: Context) -> Piece:
    """The piece of one change of a key, an index or a check."""
    table = change.table
    match change:
        case c.AddPrimaryKey(after=key):
            reason = f"rows of {table} without a value or with equal {', '.join(key.columns)} stop it"
            return _added(
                place, table, "primary key", primary_key_clause(key), "PRIMARY KEY", Kind.ADD_PRIMARY, context,
                hazards=(hazard(HazardKind.MAY_FAIL_ON_DATA, reason),),
                check=_duplicates(table, key.columns, null_too=True),
                done=has_primary_key(table, key),
                glued=True,
            )  # fmt: skip
        case c.DropPrimaryKey(before=key):
            return _dropped(
                place, table, "primary key", "PRIMARY KEY", primary_key_clause(key), Kind.DROP_PRIMARY, context,
                done=negated(has_primary_key(table, key)),
                glued=True,
            )  # fmt: skip
        case c.AddUnique(after=unique):
            kind = Kind.ADD_UNIQUE_HASHED if _is_hashed(table, unique.columns, context) else Kind.ADD_UNIQUE
            kind = Kind.ADD_PRIMARY if context.hidden_key(table, unique.columns) else kind
            return _added(
                place, table, f"unique {unique.name}", unique_clause(unique), f"KEY {quote(unique.name)}", kind,
                context,
                hazards=_equal_rows(table, unique.columns),
                check=_duplicates(table, unique.columns),
                done=has_index(table, unique.name),
                source=unique.source,
            )  # fmt: skip
        case c.DropUnique(before=unique):
            return _dropped(
                place, table, f"unique {unique.name}", f"KEY {quote(unique.name)}", unique_clause(unique),
                Kind.DROP_PRIMARY if context.hidden_key(table, unique.columns) else Kind.DROP_INDEX, context,
                done=negated(has_index(table, unique.name)),
                glued=_serves_some(table, unique.columns, context),
            )  # fmt: skip
        case c.AddIndex(after=index):
            return _add_index(place, table, index, context)
        case c.DropIndex(before=index):
            columns = tuple(part.column or "" for part in index.parts)
            return _dropped(
                place, table, f"index {index.name}", f"KEY {quote(index.name)}", index_clause(index, context.server),
                Kind.DROP_INDEX, context,
                done=negated(has_index(table, index.name)),
                glued=_serves_some(table, columns, context),
            )  # fmt: skip
        case c.RenameIndex(before=before, after=index):
            return _renamed_index(place, table, before.name, index.name, context)
        case c.RenameConstraint(before=Unique(name=old), after=Unique(name=new)):
            return _renamed_index(place, table, old, new, context)
        case c.AddCheck(after=check):
            valid = check.enforced and table not in context.made
            broken = f"NOT ({check.expression})"
            reason = f"rows of {table} that break {check.name} stop it"
            return _added(
                place, table, f"check {check.name}", check_clause(check, context.server),
                check_name(check.name, context.server), Kind.ADD_CHECK, context,
                hazards=(hazard(HazardKind.MAY_FAIL_ON_DATA, reason),) if valid else (),
                check=data_check(table, broken, ()) if valid else None,
                done=has_check(table, check.name),
                source=check.source,
            )  # fmt: skip
        case c.DropCheck(before=check):
            return _dropped(
                place, table, f"check {check.name}", check_name(check.name, context.server),
                check_clause(check, context.server), Kind.DROP_CHECK, context,
                done=negated(has_check(table, check.name)),
                alone=True,
            )  # fmt: skip
        case c.RenameConstraint(before=before, after=after):
            return _renamed_constraint(place, table, before, after, context)
        case _:
            assert_never(change)


def foreign_key_piece(place: int, change: c.AddForeignKey | c.DropForeignKey, context: Context) -> Piece:
    """Foreign keys are checked after they are made where the server can make them without."""
    table = change.table
    match change:
        case c.AddForeignKey(after=key):
            unchecked = context.online and context.server.mariadb and table not in context.made
            kind = Kind.ADD_FOREIGN_KEY_UNCHECKED if unchecked else Kind.ADD_FOREIGN_KEY
            reason = f"rows of {table} that point to nothing stop it"
            missing = orphans(table, key)
            told = f"rows of {table} have {', '.join(key.columns)} that {key.target} does not have"
            after = (_row_guard(missing, told),) if unchecked else ()
            return Piece(
                places=(place,),
                table=table,
                summary=f"add foreign key {key.name} to {table}",
                clauses=(f"ADD {foreign_key_clause(key, context.server)}",),
                undo=(f"DROP FOREIGN KEY {quote(key.name)}",),
                algorithm=context.algorithm(table, kind),
                done=has_foreign_key(table, key.name),
                hazards=(hazard(HazardKind.MAY_FAIL_ON_DATA, reason),),
                after=after,
                check=None if table in context.made else _orphan_check(key, missing),
                unchecked="foreign_key_checks" if unchecked else None,
                alone=unchecked,
                fresh=table in context.made,
                source=key.source,
            )
        case c.DropForeignKey(before=key):
            clauses = [f"DROP FOREIGN KEY {quote(key.name)}"]
            undo = [f"ADD {foreign_key_clause(key, context.server)}"]
            gone = [index for index in implied_before(table, context) if index.name == key.name]
            still = implied_after(table, context)
            gone = [index for index in gone if index not in still]
            clauses += [f"DROP KEY {quote(index.name)}" for index in gone]
            algorithm = context.algorithm(table, Kind.DROP_FOREIGN_KEY)
            return Piece(
                places=(place,),
                table=table,
                summary=f"drop foreign key {key.name} of {table}",
                clauses=tuple(clauses),
                undo=tuple(undo),
                algorithm=max(algorithm, context.algorithm(table, Kind.DROP_INDEX)) if gone else algorithm,
                done=negated(has_foreign_key(table, key.name)),
            )
        case _:
            assert_never(change)


def implied_before(table: QualifiedName, context: Context) -> tuple[Index, ...]:
    """Indexes that the server keeps for the foreign keys that are there."""
    there = context.before(table)
    return () if there is None else implied_indexes(there)


def implied_after(table: QualifiedName, context: Context) -> tuple[Index, ...]:
    """Indexes that the server will keep for the foreign keys that are to be there."""
    wanted = context.wanted(table)
    return () if wanted is None else implied_indexes(wanted)


def orphans(table: QualifiedName, key: ForeignKey) -> str:
    """From which rows, and where: those that point to nothing."""
    pairs = zip(key.columns, key.target_columns, strict=True)
    equal = " AND ".join(f"parent.{quote(theirs)} = child.{quote(ours)}" for ours, theirs in pairs)
    given = " AND ".join(f"child.{quote(column)} IS NOT NULL" for column in key.columns)
    return (
        f"FROM {name_text(table)} AS child WHERE {given}"
        f" AND NOT EXISTS (SELECT 1 FROM {name_text(key.target)} AS parent WHERE {equal})"
    )


def _orphan_check(key: ForeignKey, missing: str) -> DataCheck:
    shown = ", ".join(f"CAST(child.{quote(column)} AS CHAR) AS {quote(column)}" for column in key.columns)
    return DataCheck(count=f"SELECT count(*) {missing}", sample=f"SELECT {shown} {missing} LIMIT 3")


def _row_guard(rows: str, message: str) -> Statement:
    told = message.replace("*/", "* /")
    return Statement(sql=f"DO /* {told} */ (SELECT IF(EXISTS (SELECT 1 {rows}), (SELECT 1 UNION ALL SELECT 2), 0))")


def _add_index(place: int, table: QualifiedName, index: Index, context: Context) -> Piece:
    columns = tuple(part.column or "" for part in index.parts)
    kind = Kind.ADD_UNIQUE if index.unique else Kind.ADD_INDEX
    kind = {"fulltext": Kind.ADD_FULLTEXT, "spatial": Kind.ADD_SPATIAL}.get(index.method, kind)
    if index.unique and (index.method == "hash" or _is_hashed(table, _whole(index), context)):
        kind = Kind.ADD_UNIQUE_HASHED
    hazards: tuple[Hazard, ...] = (hazard(HazardKind.INDEX_BUILD, f"building {index.name} reads all of {table}"),)
    whole = index.unique and all(part.column is not None and part.length is None for part in index.parts)
    if index.unique:
        hazards = (*hazards, hazard(HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that are equal stop it"))
    return _added(
        place, table, f"{'unique ' if index.unique else ''}index {index.name}", index_clause(index, context.server),
        f"KEY {quote(index.name)}", kind, context,
        hazards=hazards,
        check=_duplicates(table, columns) if whole else None,
        done=has_index(table, index.name),
        source=index.source,
    )  # fmt: skip


def _added(  # noqa: PLR0913 - what the additions have in common
    place: int,
    table: QualifiedName,
    what: str,
    clause: str,
    name: str,
    kind: Kind,
    context: Context,
    *,
    hazards: tuple[Hazard, ...],
    check: DataCheck | None,
    done: str,
    glued: bool = False,
    source: Location | None = None,
) -> Piece:
    algorithm = context.algorithm(table, kind)
    indexed = what.startswith("unique ")
    building = (hazard(HazardKind.INDEX_BUILD, f"building {what} reads all of {table}"),) if indexed else ()
    return Piece(
        places=(place,),
        table=table,
        summary=f"add {what} to {table}",
        clauses=(f"ADD {clause}",),
        undo=(f"DROP {name}",),
        algorithm=algorithm,
        done=done,
        hazards=tuple(dict.fromkeys((*hazards, *building))),
        check=None if table in context.made else check,
        glued=glued or _counts(clause, table, context),
        alone=kind is Kind.ADD_FULLTEXT and table not in context.made,  # InnoDB builds one at a time
        fresh=table in context.made,
        source=source or _table_source(table, context),
    )


def _dropped(  # noqa: PLR0913 - what the removals have in common
    place: int,
    table: QualifiedName,
    what: str,
    name: str,
    clause: str,
    kind: Kind,
    context: Context,
    *,
    done: str,
    glued: bool = False,
    alone: bool = False,
) -> Piece:
    return Piece(
        places=(place,),
        table=table,
        summary=f"drop {what} of {table}",
        clauses=(f"DROP {name}",),
        undo=(f"ADD {clause}",),
        algorithm=context.algorithm(table, kind),
        done=done,
        glued=glued or _counts(clause, table, context),
        # The server does not drop a check at once together with a column.
        alone=alone,
    )


def _table_source(table: QualifiedName, context: Context) -> Location | None:
    wanted = context.wanted(table)
    return None if wanted is None else wanted.source


def _counts(clause: str, table: QualifiedName, context: Context) -> bool:
    """Whether an index has, as its first column, one that the server counts up: it has to have one at all times."""
    if clause.startswith(("CONSTRAINT", "FULLTEXT", "SPATIAL")):
        return False
    first = clause.partition("(")[2]
    tables = (context.before(table), context.wanted(table))
    counted = {column.name for found in tables if found for column in found.columns if column.identity is not None}
    return any(first.startswith(quote(name)) for name in counted)


def _serves_some(table: QualifiedName, columns: Sequence[str], context: Context) -> bool:
    """Whether a foreign key, of this table or into it, may need the index."""
    there = context.before(table)
    own: Iterable[ForeignKey] = () if there is None else there.foreign_keys
    if any(serves(columns, key) for key in own):
        return True
    name = there.name if there is not None else table
    return any(
        key.target == name and tuple(columns[: len(key.target_columns)]) == key.target_columns
        for other in context.renamed.tables
        for key in other.foreign_keys
    )


def _renamed_index(place: int, table: QualifiedName, old: str, new: str, context: Context) -> Piece:
    return Piece(
        places=(place,),
        table=table,
        summary=f"rename index {old} of {table} to {new}",
        clauses=(f"RENAME INDEX {quote(old)} TO {quote(new)}",),
        undo=(f"RENAME INDEX {quote(new)} TO {quote(old)}",),
        algorithm=context.algorithm(table, Kind.RENAME_INDEX),
        done=has_index(table, new),
        # One statement renames by the names before it, so it cannot have one from here to there and on.
        alone="_lbconf_" in old + new,
    )


def _renamed_constraint(place: int, table: QualifiedName, before: object, after: object, context: Context) -> Piece:
    """Neither server renames a foreign key or a check: the new one comes and the old one goes in one statement."""
    old, new = getattr(before, "name", None), getattr(after, "name", None)
    if isinstance(before, ForeignKey) and isinstance(after, ForeignKey):
        implied = {index.name for index in implied_before(table, context)}
        drop = [f"DROP FOREIGN KEY {quote(before.name)}"]
        if before.name in implied and before.name not in {index.name for index in implied_after(table, context)}:
            drop.append(f"DROP KEY {quote(before.name)}")
        unchecked = context.server.mariadb and table not in context.made
        kind = Kind.ADD_FOREIGN_KEY_UNCHECKED if unchecked else Kind.ADD_FOREIGN_KEY
        return Piece(
            places=(place,),
            table=table,
            summary=f"rename foreign key {old} of {table} to {new}",
            clauses=(*drop, f"ADD {foreign_key_clause(after, context.server)}"),
            algorithm=context.algorithm(table, kind),
            done=has_foreign_key(table, after.name),
            unchecked="foreign_key_checks" if unchecked else None,
            alone=True,
            source=after.source,
        )
    check = getattr(after, "expression", "")
    return Piece(
        places=(place,),
        table=table,
        summary=f"rename check {old} of {table} to {new}",
        clauses=(f"DROP {check_name(str(old), context.server)}", f"ADD CONSTRAINT {quote(str(new))} CHECK ({check})"),
        algorithm=context.algorithm(table, Kind.ADD_CHECK),
        done=has_check(table, str(new)),
        alone=True,
        source=getattr(after, "source", None),
    )


def _equal_rows(table: QualifiedName, columns: Sequence[str]) -> tuple[Hazard, ...]:
    return (hazard(HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} with equal {', '.join(columns)} stop it"),)


def _duplicates(table: QualifiedName, columns: Sequence[str], *, null_too: bool = False) -> DataCheck:
    """Groups of equal rows, counted by their rows; for a primary key rows without a value too."""
    names = quoted(columns)
    given = " AND ".join(f"{quote(column)} IS NOT NULL" for column in columns)
    where = "" if null_too else f" WHERE {given}"
    missing = " OR ".join(f"{quote(column)} IS NULL" for column in columns)
    having = f"count(*) > 1{f' OR {missing}' if null_too else ''}"
    groups = f"SELECT {names}, count(*) AS _rows FROM {name_text(table)}{where} GROUP BY {names} HAVING {having}"
    shown = ", ".join(f"CAST({quote(column)} AS CHAR) AS {quote(column)}" for column in columns)
    return DataCheck(
        count=f"SELECT coalesce(sum(_rows), 0) FROM ({groups}) AS equal_rows",
        sample=f"SELECT {shown} FROM ({groups}) AS equal_rows LIMIT 3",
    )


def _whole(index: Index) -> tuple[str, ...]:
    return tuple(part.column for part in index.parts if part.column is not None and part.length is None)


def _is_hashed(table: QualifiedName, columns: Sequence[str], context: Context) -> bool:
    """Whether MariaDB makes the unique index of hashes: a long text or blob takes part as a whole."""
    wanted: Table | None = context.wanted(table)
    kinds = {column.name: column.type.name for column in wanted.columns} if wanted else {}
    return any(kinds.get(column) in {*TEXTS, *BLOBS, "json"} for column in columns)
