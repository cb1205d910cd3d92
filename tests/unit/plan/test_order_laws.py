"""Any change of one state into another comes in an order that a database could follow."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings

from lbconf.plan.order import ordered
from lbconf.state import changes as c
from lbconf.state.diff import compare
from lbconf.state.rewrite import counted
from lbconf.state.structure import (
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    Sequence,
    State,
    Table,
    Unique,
)
from lbconf.state.unneeded import Made
from tests.strategies.wide_states import wide_states


@dataclass
class Database:
    """As much of a server as it takes to refuse a change that comes too early."""

    namespaces: set[str]
    types: dict[QualifiedName, set[QualifiedName]] = field(default_factory=dict)
    """Each type and those it is made of."""
    sequences: set[QualifiedName] = field(default_factory=set)
    owners: dict[QualifiedName, tuple[QualifiedName, str]] = field(default_factory=dict)
    tables: dict[QualifiedName, "Stored"] = field(default_factory=dict)
    views: dict[QualifiedName, set[QualifiedName]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: State) -> "Database":
        found = cls(set(state.namespaces))
        for kind in (state.enumerations, state.domains, state.composites):
            for one in kind:
                found.types[one.name] = used(one)
        for sequence in state.sequences:
            found.sequences.add(sequence.name)
            if sequence.owned_by:
                found.owners[sequence.name] = sequence.owned_by
        for table in state.tables:
            found.tables[table.name] = Stored.of(table)
        for view in state.views:
            found.views[view.name] = set(view.depends_on)
        return found

    def relations(self) -> list[QualifiedName]:
        inner = [QualifiedName(n.namespace, i) for n, t in self.tables.items() for i in (*t.indexes, *t.keys)]
        return [*self.tables, *self.views, *self.sequences, *inner]

    def free(self, name: QualifiedName) -> None:
        assert name not in self.relations(), f"{name} is taken"

    def known(self, column: Column) -> None:
        named = column.type.enumeration
        assert named is None or named in self.types, f"no type {named}"
        for counter in counted(column.default.expression) if column.default else ():
            assert counter in self.sequences, f"no sequence {counter}"

    def pointing(self, name: QualifiedName) -> list[tuple[QualifiedName, tuple[QualifiedName, frozenset[str]]]]:
        return [(own, k) for own, table in self.tables.items() for k in table.foreign.values() if k[0] == name]

    def run(self, change: c.Change) -> None:  # noqa: C901, PLR0912 - a server in small
        match change:
            case c.CreateNamespace(name=name):
                self.namespaces.add(name)
            case c.DropNamespace(name=name):
                held = [one for one in (*self.relations(), *self.types) if one.namespace == name]
                assert not held, f"{name} holds {held}"
                self.namespaces.remove(name)
            case c.CreateEnumeration(after=one) | c.CreateDomain(after=one) | c.CreateComposite(after=one):
                assert one.name.namespace in self.namespaces
                assert one.name not in self.types
                assert used(one) <= set(self.types)
                self.types[one.name] = used(one)
            case c.AlterDomain(after=one) | c.AlterComposite(after=one):
                assert used(one) <= set(self.types)
                self.types[one.name] = used(one)
            case c.RenameEnumeration(before=old, after=new):
                assert new.name not in self.types or new.name == old.name
                self.types[new.name] = self.types.pop(old.name)
                for parts in self.types.values():
                    if old.name in parts:
                        parts.remove(old.name)
                        parts.add(new.name)
                for table in self.tables.values():
                    table.columns = {
                        key: (new.name if kind == old.name else kind, found)
                        for key, (kind, found) in table.columns.items()
                    }
            case c.AddEnumerationValues(after=one) | c.RebuildEnumeration(after=one):
                assert one.name in self.types
            case c.DropEnumeration(before=one) | c.DropDomain(before=one) | c.DropComposite(before=one):
                users = [name for name, parts in self.types.items() if one.name in parts]
                users += [n for n, t in self.tables.items() if one.name in {k for k, _ in t.columns.values()}]
                assert not users, f"{one.name} is used by {users}"
                del self.types[one.name]
            case c.CreateSequence(after=sequence):
                assert sequence.name.namespace in self.namespaces
                self.free(sequence.name)
                self.sequences.add(sequence.name)
                self.own(sequence.name, sequence.owned_by)
            case c.AlterSequence(before=before, after=after):
                if before.name != after.name:
                    self.free(after.name)
                    self.sequences.remove(before.name)
                    for table in self.tables.values():
                        table.columns = {
                            key: (kind, {after.name if one == before.name else one for one in found})
                            for key, (kind, found) in table.columns.items()
                        }
                    self.sequences.add(after.name)
                    self.owners.pop(before.name, None)
                self.own(after.name, after.owned_by)
            case c.DropSequence(before=sequence):
                for table in self.tables.values():
                    for _, found in table.columns.values():
                        assert sequence.name not in found
                self.sequences.remove(sequence.name)
                self.owners.pop(sequence.name, None)
            case c.CreateTable(after=table):
                assert table.name.namespace in self.namespaces
                self.free(table.name)
                for column in table.columns:
                    self.known(column)
                stored = Stored.of(table)
                for name in (*stored.indexes, *stored.keys):
                    self.free(QualifiedName(table.name.namespace, name))
                self.tables[table.name] = stored
            case c.DropTable(before=table):
                assert not [own for own, _ in self.pointing(table.name) if own != table.name]
                assert not [view for view, parts in self.views.items() if table.name in parts]
                del self.tables[table.name]
                for owned, (owner, _) in [*self.owners.items()]:
                    if owner == table.name:
                        self.sequences.discard(owned)
                        del self.owners[owned]
            case c.RenameTable(before=old, after=new):
                self.free(new.name)
                assert new.name.namespace in self.namespaces
                self.tables[new.name] = self.tables.pop(old.name)
                self.owners = {s: (new.name if o == old.name else o, col) for s, (o, col) in self.owners.items()}
                for table in self.tables.values():
                    table.foreign = {
                        key: (new.name if target == old.name else target, columns)
                        for key, (target, columns) in table.foreign.items()
                    }
                for parts in self.views.values():
                    if old.name in parts:
                        parts.remove(old.name)
                        parts.add(new.name)
            case c.CreateView(after=view):
                self.free(view.name)
                missing = set(view.depends_on) - {*self.tables, *self.views}
                assert not missing, f"{view.name} reads {missing}"
                self.views[view.name] = set(view.depends_on)
            case c.DropView(before=view):
                assert not [one for one, parts in self.views.items() if view.name in parts]
                del self.views[view.name]
            case c.SetTableComment() | c.SetTableOptions():
                pass
            case _:
                self.inside(change)

    def own(self, name: QualifiedName, owner: tuple[QualifiedName, str] | None) -> None:
        self.owners.pop(name, None)
        if owner is not None:
            assert owner[1] in self.tables[owner[0]].columns
            self.owners[name] = owner

    def inside(self, change: c.Change) -> None:  # noqa: C901, PLR0912 - a server in small
        table = self.tables[change.table]  # type: ignore[union-attr]
        place = change.table.namespace  # type: ignore[union-attr]
        match change:
            case c.AddColumn(after=column):
                self.known(column)
                assert column.name not in table.columns
                table.add(column)
            case c.AlterColumn(after=column):
                self.known(column)
                assert column.name in table.columns
                table.add(column)
            case c.DropColumn(before=column):
                assert column.name not in table.used(), f"{column.name} is used"
                for own, (_, columns) in self.pointing(change.table):
                    assert column.name not in columns, f"{column.name} is pointed at by {own}"
                del table.columns[column.name]
                table.generated.pop(column.name, None)
                for sequence, owner in [*self.owners.items()]:
                    if owner == (change.table, column.name):
                        self.sequences.discard(sequence)
                        del self.owners[sequence]
            case c.RenameColumn(before=old, after=new):
                assert new.name not in table.columns
                table.rename(old.name, new.name)
                for other in self.tables.values():
                    other.foreign = {
                        key: (
                            to,
                            frozenset(new.name if one == old.name and to == change.table else one for one in cols),
                        )
                        for key, (to, cols) in other.foreign.items()
                    }
                for sequence, owner in self.owners.items():
                    if owner == (change.table, old.name):
                        self.owners[sequence] = (change.table, new.name)
            case c.AddPrimaryKey(after=key) | c.AddUnique(after=key):
                self.free(QualifiedName(place, key.name or ""))
                assert set(key.columns) <= set(table.columns)
                table.keys[key.name or ""] = frozenset(key.columns)
            case c.DropPrimaryKey(before=key) | c.DropUnique(before=key):
                columns = table.keys.pop(key.name or "")
                assert not [own for own, (_, needs) in self.pointing(change.table) if needs == columns]
            case c.AddIndex(after=index):
                self.free(QualifiedName(place, index.name))
                assert columns_of(index) <= set(table.columns)
                table.indexes[index.name] = columns_of(index)
            case c.DropIndex(before=index):
                del table.indexes[index.name]
            case c.RenameIndex(before=old_index, after=index):
                self.free(QualifiedName(place, index.name))
                table.indexes[index.name] = table.indexes.pop(old_index.name)
            case c.RenameConstraint(before=old_part, after=part):
                held = next(h for h in (table.keys, table.foreign, table.checks) if old_part.name in h)
                if held is table.keys:
                    self.free(QualifiedName(place, part.name or ""))
                assert part.name not in held
                held[part.name] = held.pop(old_part.name)  # type: ignore[index,assignment,arg-type]
            case c.AddForeignKey(after=key):
                assert key.name not in table.foreign
                target = self.tables[key.target]
                assert frozenset(key.target_columns) in target.keys.values()
                assert set(key.columns) <= set(table.columns)
                table.foreign[key.name] = (key.target, frozenset(key.target_columns))
                table.own[key.name] = frozenset(key.columns)
            case c.DropForeignKey(before=key):
                del table.foreign[key.name]
            case c.AddCheck(after=check):
                assert check.name not in table.checks
                assert check.expression.split()[0] in table.columns
                table.checks[check.name] = frozenset([check.expression.split()[0]])
            case c.DropCheck(before=check):
                del table.checks[check.name]
            case _:
                raise AssertionError(change)


@dataclass
class Stored:
    """A table."""

    columns: dict[str, tuple[QualifiedName | None, set[QualifiedName]]]
    keys: dict[str, frozenset[str]]
    indexes: dict[str, set[str]]
    foreign: dict[str, tuple[QualifiedName, frozenset[str]]]
    own: dict[str, frozenset[str]]
    checks: dict[str, frozenset[str]]
    generated: dict[str, str]

    @classmethod
    def of(cls, table: Table) -> "Stored":
        keys = {unique.name: frozenset(unique.columns) for unique in table.uniques}
        if table.primary_key is not None:
            keys[table.primary_key.name or ""] = frozenset(table.primary_key.columns)
        found = cls(
            columns={},
            keys=keys,
            indexes={index.name: columns_of(index) for index in table.indexes},
            foreign={key.name: (key.target, frozenset(key.target_columns)) for key in table.foreign_keys},
            own={key.name: frozenset(key.columns) for key in table.foreign_keys},
            checks={check.name: frozenset([check.expression.split()[0]]) for check in table.checks},
            generated={},
        )
        for column in table.columns:
            found.add(column)
        return found

    def add(self, column: Column) -> None:
        self.columns[column.name] = (
            column.type.enumeration,
            set(counted(column.default.expression)) if column.default else set(),
        )
        self.generated.pop(column.name, None)
        if column.generated is not None:
            assert column.generated.split()[0] in self.columns
            self.generated[column.name] = column.generated.split()[0]

    def used(self) -> set[str]:
        own = [columns for name, columns in self.own.items() if name in self.foreign]
        parts = (*self.keys.values(), *self.indexes.values(), *own, *self.checks.values())
        return {name for part in parts for name in part} | {*self.generated.values()}

    def rename(self, old: str, new: str) -> None:
        def names(found: frozenset[str]) -> frozenset[str]:
            return frozenset(new if one == old else one for one in found)

        self.columns[new] = self.columns.pop(old)
        self.keys = {key: names(found) for key, found in self.keys.items()}
        self.indexes = {key: set(names(frozenset(found))) for key, found in self.indexes.items()}
        self.own = {key: names(found) for key, found in self.own.items()}
        self.checks = {key: names(found) for key, found in self.checks.items()}
        self.generated = {(new if k == old else k): (new if v == old else v) for k, v in self.generated.items()}


def columns_of(index: Index) -> set[str]:
    return {part.column for part in index.parts if part.column is not None}


def used(one: object) -> set[QualifiedName]:
    types: list[ColumnType] = [column.type for column in getattr(one, "columns", ())]
    types += [one.type] if hasattr(one, "type") else []
    return {kind.enumeration for kind in types if kind.enumeration is not None}


def follow(actual: State, desired: State) -> tuple[State, Database]:
    made = Made(views=frozenset(view.name for view in actual.views))
    difference = compare(actual, desired, made=made)
    database = Database.of(actual)
    for change in ordered(difference.changes, desired=difference.settled):
        database.run(change)
    return difference.settled, database


@settings(max_examples=100, deadline=None)
@given(actual=wide_states(), desired=wide_states())
def test_each_change_finds_what_it_needs(actual: State, desired: State) -> None:
    settled, database = follow(actual, desired)
    assert set(database.tables) == {table.name for table in settled.tables}
    types = {one.name for one in settled.enumerations} | {one.name for one in settled.domains}
    assert set(database.types) == types | {one.name for one in settled.composites}
    assert database.sequences == {one.name for one in settled.sequences}
    assert set(database.views) == {view.name for view in settled.views}
    for table in settled.tables:
        assert set(database.tables[table.name].columns) == {column.name for column in table.columns}


@settings(max_examples=100, deadline=None)
@given(actual=wide_states(), desired=wide_states(renames=True))
def test_renames_find_what_they_need(actual: State, desired: State) -> None:
    settled, database = follow(actual, desired)
    assert set(database.tables) == {table.name for table in settled.tables}
    assert database.sequences == {one.name for one in settled.sequences}


def test_swapped_names_go_through_a_third_one() -> None:
    one, two = Index(name="i", parts=(IndexPart(column="a"),)), Index(name="j", parts=(IndexPart(column="b"),))
    columns = (Column(name="a", type=ColumnType("text")), Column(name="b", type=ColumnType("text")))
    table = Table(name=QualifiedName("n", "t"), columns=columns, indexes=(one, two))
    swapped = replace(table, indexes=(replace(two, name="i"), replace(one, name="j")))
    settled, database = follow(State(namespaces=("n",), tables=(table,)), State(namespaces=("n",), tables=(swapped,)))
    assert database.tables[table.name].indexes == {"i": {"b"}, "j": {"a"}}
    changes = ordered(compare(State(tables=(table,)), State(tables=(swapped,))).changes, desired=settled)
    names = [(change.before.name, change.after.name) for change in changes if isinstance(change, c.RenameIndex)]
    assert len(names) == 3
    assert names[0][1] == names[-1][0]


def test_tables_that_point_at_each_other_lose_a_key_before_they_go() -> None:
    a, b = (QualifiedName("n", name) for name in "ab")
    column = Column(name="id", type=ColumnType("integer"))

    def table(name: QualifiedName, target: QualifiedName) -> Table:
        key = ForeignKey(name="f", columns=("id",), target=target, target_columns=("id",))
        primary = PrimaryKey(name=f"{name.name}_pkey", columns=("id",))
        return Table(name=name, columns=(column,), primary_key=primary, foreign_keys=(key,))

    actual = State(namespaces=("n",), tables=(table(a, b), table(b, a)))
    _, database = follow(actual, State(namespaces=("n",), owns=("n",)))
    assert database.tables == {}


def test_a_sequence_that_its_table_counts_with_gets_its_owner_last() -> None:
    counter, name = QualifiedName("n", "s"), QualifiedName("n", "t")
    column = Column(name="id", type=ColumnType("integer"), default=Default("nextval('n.s'::regclass)"))
    desired = State(
        namespaces=("n",),
        tables=(Table(name=name, columns=(column,)),),
        sequences=(Sequence(name=counter, owned_by=(name, "id")),),
    )
    _, database = follow(State(), desired)
    assert database.owners == {counter: (name, "id")}


@pytest.mark.parametrize(
    "gone",
    [
        {"uniques": (Unique(name="gone", columns=("id",)),)},
        {"indexes": (Index(name="gone", parts=(IndexPart(column="id"),), unique=True),)},
    ],
)
def test_a_foreign_key_comes_when_only_the_key_is_there_that_stays(
    gone: dict[str, tuple[Unique | Index, ...]],
) -> None:
    columns = (Column(name="id", type=ColumnType("integer")),)
    target = QualifiedName("n", "target")
    key = ForeignKey(name="f", columns=("id",), target=target, target_columns=("id",))
    before = Table(name=target, columns=columns, **gone)  # type: ignore[arg-type]
    after = Table(name=target, columns=columns, primary_key=PrimaryKey(name="kept", columns=("id",)))
    old, new = (Table(name=QualifiedName("n", name), columns=columns, foreign_keys=(key,)) for name in ("old", "new"))
    actual = State(namespaces=("n",), tables=(before, old))
    settled, database = follow(actual, State(namespaces=("n",), tables=(after, new), owns=("n",)))
    assert [*database.tables[target].keys] == ["kept"]
    assert database.tables[new.name].foreign == {"f": (target, frozenset({"id"}))}
    changes = ordered(compare(actual, settled).changes, desired=settled)
    inside = [type(change) for change in changes if isinstance(change, c.DropUnique | c.DropIndex | c.AddForeignKey)]
    assert inside[-1] is c.AddForeignKey
    assert len(inside) == 2
