"""The actual state of a PostgreSQL database, from a fixed number of catalogue queries.

What models cannot say comes back as `Opaque`: kept, listed, never changed.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Final

from psycopg import Connection, Pipeline

from lbconf.connectors.postgresql import catalogue
from lbconf.connectors.postgresql.mapping import canonical_type
from lbconf.records import dataclass, field, replace
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    Enumeration,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Opaque,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
    View,
)

__all__ = ["inspect", "inspect_namespace", "quoted_name", "usual"]

Rows = list[tuple[Any, ...]]

ACTIONS: Final = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
MATCHES: Final = {"s": "SIMPLE", "f": "FULL", "p": "PARTIAL"}
NEXT_VALUE: Final = re.compile(r"^nextval\('(?P<sequence>(?:[^']|'')+)'::regclass\)$")
PLAIN_NAME: Final = re.compile(r"^[a-z_][a-z0-9_$]*$")
DESCENDING, NULLS_FIRST = 1, 2
BITS: Final = {"smallint": 16, "integer": 32, "bigint": 64}


@dataclass(slots=True)
class _Sequences:
    """Sequences by the column that owns them, and those that none does."""

    owned: dict[tuple[int, int], tuple[Any, ...]] = field(default_factory=dict)
    free: list[Opaque] = field(default_factory=list)


def inspect(connection: Connection[Any], namespaces: Sequence[str] | None = None) -> State:
    """The actual state of these namespaces (None: all that are not the server's own), lbconf's own tables left out.

    Runs in a transaction of its own, or as part of the one that is open; the
    search path is as before afterwards.
    """
    return _inspected(connection, lambda present: present if namespaces is None else [*present & set(namespaces)])


def inspect_namespace(connection: Connection[Any], namespace: str) -> State:
    """The state of one namespace, also of the server's own: `pg_temp` is the connection's temporary one."""
    row = connection.execute("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()").fetchone()
    return _inspected(connection, lambda _: [row[0] if row and namespace == "pg_temp" else namespace])


def _inspected(connection: Connection[Any], chosen: Callable[[set[str]], Iterable[str]]) -> State:
    version = connection.info.server_version
    with connection.transaction():
        before = connection.execute("SELECT current_setting('search_path')").fetchone()
        connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        namespaces = sorted(chosen({row[0] for row in connection.execute(catalogue.NAMESPACES)}))
        # All queries are sent at once, so that the server works on the next while the rows of the last are read.
        with connection.pipeline() if Pipeline.is_supported() else nullcontext():
            asked = {sql: connection.execute(sql, {"namespaces": namespaces}) for sql in catalogue.queries(version)}
            state = _state(lambda sql: asked[sql].fetchall(), version, namespaces)
        connection.execute("SELECT set_config('search_path', %s, true)", before)
    return state


def quoted_name(name: str) -> str:
    """An identifier as `quote_ident` would print it, for names without reserved words."""
    return name if PLAIN_NAME.match(name) else '"' + name.replace('"', '""') + '"'


def _state(rows: Callable[[str], Rows], version: int, namespaces: Sequence[str]) -> State:
    relations = rows(catalogue.RELATIONS)
    names = {row[0]: QualifiedName(row[1], row[2]) for row in relations}
    sequences = _sequences(rows(catalogue.SEQUENCES))
    columns = _columns(rows(catalogue.COLUMNS), sequences)
    constraints = _grouped(rows(catalogue.constraints_query(version)))
    indexes = _grouped(rows(catalogue.indexes_query(version)))
    facts = _grouped(rows(catalogue.TABLE_FACTS))
    dependencies = _grouped(rows(catalogue.VIEW_DEPENDENCIES))
    partitions: defaultdict[int, list[Opaque]] = defaultdict(list)
    for row in relations:
        if row[4]:
            for parent in row[14] or ():
                partitions[parent].append(Opaque(kind="partition", name=str(names[row[0]]), definition=row[13] or ""))
    tables, views, opaque = [], [], list(sequences.free)
    for row in relations:
        oid, kind, part = row[0], row[3], row[4]
        if part:
            continue
        if kind == "f":
            opaque.append(Opaque(kind="foreign-table", name=str(names[oid])))
        elif kind in {"v", "m"}:
            opaque.extend(
                Opaque(kind=fact[1], name=f"{names[oid]}.{fact[2]}", definition=fact[3]) for fact in facts[oid]
            )
            views.append(
                View(
                    name=names[oid],
                    columns=tuple(column for column, _ in columns[oid]),
                    materialized=kind == "m",
                    definition=row[12],
                    depends_on=tuple(QualifiedName(found[1], found[2]) for found in dependencies[oid]),
                )
            )
        else:
            own = [*_relation_facts(row, names), *partitions[oid]]
            own.extend(Opaque(kind=fact[1], name=fact[2], definition=fact[3]) for fact in facts[oid])
            tables.append(_table(names[oid], row[5], columns[oid], constraints[oid], indexes[oid], own))
    opaque.extend(Opaque(kind=row[0], name=row[1], definition=row[2]) for row in rows(catalogue.UNMANAGED))
    return State(
        namespaces=tuple(namespaces),
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        enumerations=tuple(
            Enumeration(name=QualifiedName(row[0], row[1]), values=tuple(row[2] or ()))
            for row in rows(catalogue.ENUMERATIONS)
        ),
        views=tuple(sorted(views, key=lambda view: view.name)),
        opaque=tuple(sorted(opaque, key=lambda fact: (fact.kind, fact.name))),
    )


def _grouped(rows: Rows) -> defaultdict[int, Rows]:
    found: defaultdict[int, Rows] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _sequences(rows: Rows) -> _Sequences:
    found = _Sequences()
    for row in rows:
        if row[9] is None:
            found.free.append(Opaque(kind="sequence", name=f"{quoted_name(row[0])}.{quoted_name(row[1])}"))
        else:
            found.owned[row[9], row[10]] = row
    return found


def _columns(rows: Rows, sequences: _Sequences) -> defaultdict[int, list[tuple[Column, str | None]]]:
    """Columns by relation, in order, each with what a model cannot say about it (or None)."""
    found: defaultdict[int, list[tuple[Column, str | None]]] = defaultdict(list)
    for row in rows:
        sequence = sequences.owned.get((row[0], row[13]))
        identity = _identity(row, sequence)
        generated = row[4] if row[6] else None
        default = None if generated or identity or row[4] is None else Default(row[4])
        column = Column(
            name=row[1],
            type=_column_type(row),
            nullable=not row[3],
            default=default,
            identity=identity,
            generated=generated,
            collation=row[7],
            comment=row[8],
        )
        odd = "virtual" if row[6] == "v" else None
        found[row[0]].append((column, odd))
    return found


def _column_type(row: tuple[Any, ...]) -> ColumnType:
    text, kind, namespace, name, is_array = row[2], row[9], row[10], row[11], row[12]
    if kind in {"e", "d"}:
        return ColumnType(name, (), int(is_array), QualifiedName(namespace, name))
    if kind is None:
        return canonical_type(text)
    return ColumnType(text.removesuffix("[]"), (), int(is_array))


def _identity(row: tuple[Any, ...], sequence: tuple[Any, ...] | None) -> Identity | None:
    if sequence is None:
        return None
    name = QualifiedName(sequence[0], sequence[1])
    identity = usual(
        Identity(
            kind="serial",
            start=sequence[2],
            increment=sequence[3],
            minimum=sequence[4],
            maximum=sequence[5],
            cache=sequence[6],
            cycle=sequence[7],
            sequence=name,
        ),
        sequence[8],
    )
    if row[5]:
        return replace(identity, kind="identity-always" if row[5] == "a" else "identity-by-default")
    counted = NEXT_VALUE.match(row[4] or "")
    shown = "" if counted is None else counted["sequence"].replace("''", "'").replace('"', "")
    return identity if shown == str(name).replace('"', "") else None


def usual(identity: Identity, type_name: str) -> Identity:
    """The identity with None for every option that is the server's default for a column of this type."""
    lowest = -(2 ** (BITS.get(type_name, 64) - 1))
    up = (identity.increment or 1) > 0
    minimum = (1 if up else lowest) if identity.minimum is None else identity.minimum
    maximum = (-lowest - 1 if up else -1) if identity.maximum is None else identity.maximum
    return replace(
        identity,
        start=None if identity.start == (minimum if up else maximum) else identity.start,
        increment=None if identity.increment == 1 else identity.increment,
        minimum=None if minimum == (1 if up else lowest) else minimum,
        maximum=None if maximum == (-lowest - 1 if up else -1) else maximum,
        cache=None if identity.cache == 1 else identity.cache,
    )


def _relation_facts(row: tuple[Any, ...], names: dict[int, QualifiedName]) -> Iterable[Opaque]:
    if row[6] == "u":
        yield Opaque(kind="unlogged", name=row[2], definition="SET UNLOGGED")
    if row[7]:
        yield Opaque(kind="storage-options", name=row[2], definition=", ".join(row[7]))
    if row[8] or row[9]:
        yield Opaque(kind="row-security", name=row[2], definition="FORCE" if row[9] else "ENABLE")
    if row[10] not in {"d", "n"} or (row[10] == "n" and row[3] == "r"):
        yield Opaque(
            kind="replica-identity", name=row[2], definition={"f": "FULL", "n": "NOTHING"}.get(row[10], "INDEX")
        )
    if row[11]:
        yield Opaque(kind="partitioning", name=row[2], definition=f"PARTITION BY {row[11]}")
    for parent in row[14] or ():
        yield Opaque(kind="inheritance", name=str(names.get(parent, parent)), definition="INHERITS")


def _table(
    name: QualifiedName,
    comment: str | None,
    columns: list[tuple[Column, str | None]],
    constraints: Rows,
    indexes: Rows,
    opaque: list[Opaque],
) -> Table:
    primary: PrimaryKey | None = None
    uniques, foreign_keys, checks, found = [], [], [], []
    opaque.extend(Opaque(kind=f"{odd}-column", name=column.name) for column, odd in columns if odd)
    for row in constraints:
        kind, plain = row[2], not (row[18] or row[19])
        if kind == "p" and plain and not row[3]:
            primary = PrimaryKey(name=row[1], columns=tuple(row[11]))
        elif kind == "u" and plain and not row[3]:
            uniques.append(Unique(name=row[1], columns=tuple(row[11]), nulls_not_distinct=row[17]))
        elif kind == "f" and not row[19]:
            foreign_keys.append(_foreign_key(row))
        elif kind == "c" and not row[15] and not row[19]:
            if row[16]:
                checks.append(Check(name=row[1], expression=row[13], valid=row[5]))
        else:
            words = {"p": "primary-key", "u": "unique", "f": "foreign-key", "c": "check", "x": "exclusion"}
            opaque.append(Opaque(kind=words[kind], name=row[1], definition=row[14]))
    for row in indexes:
        if any(part[5] for part in row[10]):
            opaque.append(Opaque(kind="index", name=row[1], definition=row[11]))
            continue
        found.append(_index(row))
        if row[9]:
            opaque.append(Opaque(kind="index-options", name=row[1], definition=", ".join(row[9])))
    return Table(
        name=name,
        columns=tuple(column for column, _ in columns),
        primary_key=primary,
        uniques=tuple(sorted(uniques, key=lambda unique: unique.name)),
        indexes=tuple(sorted(found, key=lambda index: index.name)),
        foreign_keys=tuple(sorted(foreign_keys, key=lambda key: key.name)),
        checks=tuple(sorted(checks, key=lambda check: check.name)),
        comment=comment,
        opaque=tuple(sorted(opaque, key=lambda fact: (fact.kind, fact.name))),
    )


def _foreign_key(row: tuple[Any, ...]) -> ForeignKey:
    return ForeignKey(
        name=row[1],
        columns=tuple(row[11]),
        target=QualifiedName(row[6], row[7]),
        target_columns=tuple(row[12]),
        on_delete=ACTIONS[row[9]],
        on_update=ACTIONS[row[8]],
        deferrable=("deferred" if row[4] else "immediate") if row[3] else None,
        match=MATCHES[row[10]],
        valid=row[5],
    )


def _index(row: tuple[Any, ...]) -> Index:
    keys = row[5]
    return Index(
        name=row[1],
        parts=tuple(_index_part(*part[:5]) for part in row[10][:keys]),
        unique=row[3],
        method=row[2],
        where=row[6],
        include=tuple(part[0] for part in row[10][keys:]),
        nulls_not_distinct=row[7],
        valid=row[4],
        comment=row[8],
    )


def _index_part(
    column: str | None, expression: str | None, option: int, operator_class: str | None, collation: str | None
) -> IndexPart:
    descending, first = bool(option & DESCENDING), bool(option & NULLS_FIRST)
    return IndexPart(
        column=column,
        expression=expression,
        descending=descending,
        nulls_first=None if first == descending else first,
        collation=collation,
        operator_class=operator_class,
    )
