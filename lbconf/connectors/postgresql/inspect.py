"""The actual state of a PostgreSQL database, from a fixed number of catalogue queries.

What models cannot say comes back as `Opaque`: kept, listed, never changed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from lbconf.connectors.postgresql import catalogue
from lbconf.connectors.postgresql.inspect_columns import Rows, columns, sequences
from lbconf.connectors.postgresql.inspect_parts import Parts, add_constraints, add_indexes, pairs
from lbconf.connectors.postgresql.inspect_types import types
from lbconf.connectors.postgresql.inspect_views import Dependents, dependents, facts_of, view
from lbconf.records import replace
from lbconf.state.structure import Column, Extension, Opaque, Partition, QualifiedName, State, Table

if TYPE_CHECKING:
    from psycopg import Connection, Cursor, Pipeline

__all__ = ["inspect", "inspect_namespace", "state_of"]

IDENTITIES: Final = {"f": "full", "n": "nothing"}


def inspect(connection: "Connection[Any]", namespaces: Sequence[str] | None = None) -> State:
    """The actual state of these namespaces (None: all that are not the server's own), lbconf's own tables left out.

    Runs in a transaction of its own, or as part of the one that is open; the
    search path is as before afterwards.
    """
    return _inspected(connection, lambda present: present if namespaces is None else [*present & set(namespaces)])


def inspect_namespace(connection: "Connection[Any]", namespace: str) -> State:
    """The state of one namespace, also of the server's own: `pg_temp` is the connection's temporary one."""
    row = connection.execute("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()").fetchone()
    return _inspected(connection, lambda _: [row[0] if row and namespace == "pg_temp" else namespace])


def _inspected(connection: "Connection[Any]", chosen: Callable[[set[str]], Iterable[str]]) -> State:
    from psycopg import Pipeline

    version = connection.info.server_version
    with connection.transaction():
        before = connection.execute("SELECT current_setting('search_path')").fetchone()
        connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        namespaces = sorted(chosen({row[0] for row in connection.execute(catalogue.NAMESPACES)}))
        with connection.pipeline() if Pipeline.is_supported() else nullcontext() as pipeline:
            state = state_of(_Asked(connection, pipeline, namespaces, catalogue.stages(version)), version, namespaces)
        connection.execute("SELECT set_config('search_path', %s, true)", before)
    return state


class _Asked:
    """Answers to queries that are asked in stages: the server works on one while the rows of the one before are read.

    A pipeline gives no row before all that it was asked is there, so it is never asked everything at once.
    """

    def __init__(
        self,
        connection: "Connection[Any]",
        pipeline: "Pipeline | None",
        namespaces: Sequence[str],
        stages: Iterable[Sequence[str]],
    ) -> None:
        """Ask the first stage."""
        self._connection, self._pipeline, self._namespaces = connection, pipeline, namespaces
        self._stages = iter(stages)
        self._here: dict[str, Cursor[Any]] = {}
        self._coming = self._ask()

    def __call__(self, sql: str) -> Rows:
        """The rows of a query, once; to be called in the order of the stages."""
        if not self._here:
            if self._pipeline is not None:
                self._pipeline.sync()
            self._here, self._coming = self._coming, self._ask()
        return self._here.pop(sql).fetchall()  # each answer goes once it is read

    def _ask(self) -> "dict[str, Cursor[Any]]":
        given = {"namespaces": self._namespaces}
        return {sql: self._connection.execute(sql, given) for sql in next(self._stages, ())}


def state_of(rows: Callable[[str], Rows], version: int, namespaces: Sequence[str]) -> State:
    """The state of these namespaces; `rows` gives those of each query, asked for in the order of the stages."""
    relations = rows(catalogue.RELATIONS)
    counting = sequences(rows(catalogue.SEQUENCES))
    told = columns(rows(catalogue.columns_query(version)), counting)
    indexes = _grouped(rows(catalogue.indexes_query(version)))
    had: defaultdict[int, Parts] = defaultdict(Parts)
    for relation, found_there in indexes.items():
        add_indexes(had[relation], found_there)
    add_constraints(had, rows(catalogue.constraints_query(version)))
    facts = _grouped(rows(catalogue.TABLE_FACTS))
    found = dependents(rows(catalogue.DEPENDENTS))
    unmanaged = rows(catalogue.UNMANAGED)
    kinds = types(rows(catalogue.TYPES))
    family = _Family(relations)
    tables, views, opaque = [], [], []
    for row in relations:
        oid, kind = row[0], row[3]
        own = facts_of(oid, facts.get(oid, []), found)
        if kind == "f":
            opaque.append(Opaque(kind="foreign-table", name=str(family.names[oid])))
        elif row[4]:
            continue
        elif kind in {"v", "m"}:
            made = view(row, told[oid], indexes[oid], tuple(own), found)
            views.append(made)
            opaque.extend(
                Opaque(kind=fact.kind, name=f"{made.name}.{fact.name}", definition=fact.definition)
                for fact in made.opaque
                if fact.kind in {"trigger", "rule", "privilege"}
            )
        else:
            strange = [*_relation_facts(row, family.names), *own, *_facts_of_parts(oid, family, facts, found)]
            tables.append(_table(row, told[oid], had[oid], strange, family))
    opaque.extend(_functions(unmanaged, found))
    return State(
        namespaces=tuple(namespaces),
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        enumerations=kinds.enumerations,
        domains=kinds.domains,
        composites=kinds.composites,
        sequences=counting.free(),
        extensions=tuple(Extension(name=row[1], namespace=row[2]) for row in unmanaged if row[0] == "extension"),
        views=tuple(sorted(views, key=lambda view: view.name)),
        opaque=tuple(sorted((*opaque, *kinds.opaque), key=lambda fact: (fact.kind, fact.name))),
    )


class _Family:
    """Names of relations and which are partitions of which."""

    def __init__(self, relations: Rows) -> None:
        """Take the rows of `RELATIONS`."""
        self.names: Mapping[int, QualifiedName] = {row[0]: QualifiedName(row[1], row[2]) for row in relations}
        self.children: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in relations:
            if row[4]:
                for parent in row[14] or ():
                    self.children[parent].append(row)

    def partitions(self, oid: int) -> tuple[Partition, ...]:
        """Those of a relation, by name, with their own."""
        found = [
            Partition(name=self.names[row[0]], bound=row[13], by=row[11], partitions=self.partitions(row[0]))
            for row in self.children.get(oid, ())
            if row[3] != "f"
        ]
        return tuple(sorted(found, key=lambda part: part.name))

    def below(self, oid: int) -> Iterator[tuple[Any, ...]]:
        """The rows of all partitions of a relation, at every depth."""
        for row in self.children.get(oid, ()):
            yield row
            yield from self.below(row[0])


def _grouped(rows: Rows) -> defaultdict[int, Rows]:
    found: defaultdict[int, Rows] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _relation_facts(row: tuple[Any, ...], names: Mapping[int, QualifiedName]) -> Iterator[Opaque]:
    if row[8] or row[9]:
        yield Opaque(kind="row-security", name=row[2], definition="FORCE" if row[9] else "ENABLE")
    if row[15]:
        yield Opaque(kind="privileges", name=row[2])
    for parent in row[14] or ():
        yield Opaque(kind="inheritance", name=str(names.get(parent, parent)), definition="INHERITS")


def _facts_of_parts(oid: int, family: _Family, facts: Mapping[int, Rows], found: Dependents) -> Iterator[Opaque]:
    """What partitions have for themselves."""
    for row in family.below(oid):
        name = family.names[row[0]]
        alone = (*row[:14], (), *row[15:])  # its parent says that it is a partition
        own = [*_relation_facts(alone, family.names), *facts_of(row[0], facts.get(row[0], []), found)]
        for fact in own:
            yield replace(fact, kind=f"partition-{fact.kind}", name=f"{name}.{fact.name}")


def _functions(rows: Rows, found: Dependents) -> Iterator[Opaque]:
    for row in rows:
        if row[0] != "extension":
            uses = tuple(found.others.get(("function", 0, row[1]), ()))
            yield Opaque(kind=row[0], name=row[1], definition=row[2], uses=uses)


def _table(
    row: tuple[Any, ...],
    columns: Sequence[Column],
    found: Parts,
    opaque: Sequence[Opaque],
    family: _Family,
) -> Table:
    options = [*pairs(row[7]), *found.options]
    if row[6] == "u":
        options.append(("unlogged", "true"))
    if row[10] in IDENTITIES:
        options.append(("replica_identity", IDENTITIES[row[10]]))
    return Table(
        name=family.names[row[0]],
        columns=tuple(columns),
        primary_key=found.primary_key,
        uniques=tuple(sorted(found.uniques, key=lambda part: part.name)),
        indexes=tuple(sorted(found.indexes, key=lambda part: part.name)),
        foreign_keys=tuple(sorted(found.foreign_keys, key=lambda part: part.name)),
        checks=tuple(sorted(found.checks, key=lambda part: part.name)),
        exclusions=tuple(sorted(found.exclusions, key=lambda part: part.name)),
        comment=row[5],
        options=tuple(options),
        partition_by=row[11],
        partitions=family.partitions(row[0]),
        opaque=tuple(sorted((*opaque, *found.opaque), key=lambda fact: (fact.kind, fact.name))),
    )
