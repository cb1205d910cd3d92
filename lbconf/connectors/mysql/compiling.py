"""What the pieces of one plan know of each other."""

from collections.abc import Collection, Mapping

from lbconf.connectors.mysql.algorithms import Algorithm, Kind, algorithm_of
from lbconf.connectors.mysql.server import Server
from lbconf.records import dataclass
from lbconf.state.structure import Index, QualifiedName, State, Table, Unique

__all__ = ["Context"]

COLUMN_KINDS = frozenset(
    {
        Kind.ADD_COLUMN,
        Kind.ADD_COLUMN_CHECKED,
        Kind.ADD_COLUMN_VIRTUAL,
        Kind.DROP_COLUMN,
        Kind.DROP_COLUMN_VIRTUAL,
        Kind.DROP_COLUMN_STORED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Both states and the server."""

    actual: State
    renamed: State
    """The actual state once everything has its new name."""
    desired: State
    server: Server
    online: bool
    collations: Mapping[str, str]
    """Of new tables, by namespace, as far as they are known."""
    made: frozenset[QualifiedName]
    """Tables this plan makes: nothing on them can hurt."""
    old_names: tuple[tuple[QualifiedName, QualifiedName], ...] = ()
    """(new name, old name) of tables that this plan renames."""

    def before(self, table: QualifiedName) -> Table | None:
        """The table as it is once everything has its new name, by its desired or its old name."""
        new_names = {old: new for new, old in self.old_names}
        return self.renamed.table(table) or self.renamed.table(new_names.get(table, table))

    def original(self, table: QualifiedName) -> Table | None:
        """The table as it is, by its desired or its old name."""
        return self.actual.table(dict(self.old_names).get(table, table)) or self.actual.table(table)

    def wanted(self, table: QualifiedName) -> Table | None:
        """The table as it is to be, by its old or its desired name."""
        return self.desired.table(table) or self.desired.table(
            {old: new for new, old in self.old_names}.get(table, table)
        )

    def algorithm(self, table: QualifiedName, kind: Kind) -> Algorithm:
        """The cheapest way for this table."""
        there = self.before(table)
        engine = dict(there.options).get("engine", "InnoDB") if there is not None else "InnoDB"
        if engine.lower() != "innodb":
            return Algorithm.COPY
        found = algorithm_of(kind, self.server)
        if there is not None and any(index.method == "fulltext" for index in there.indexes):
            # Whatever writes the table anew builds the full-text index anew, which others cannot write to meanwhile.
            return self._rewriting_words if found is Algorithm.REBUILD else found
        return found

    def column_algorithm(self, table: QualifiedName, kind: Kind) -> Algorithm:
        """The cheapest way to add or drop a column: full-text indexes and compressed rows stand in the way."""
        found = self.algorithm(table, kind)
        there = self.before(table)
        if there is None or kind not in COLUMN_KINDS or found is not Algorithm.INSTANT:
            return found
        compressed = any(_is_compressed(one) for one in (there, self.wanted(table)) if one is not None)
        worded = any(index.method == "fulltext" for index in there.indexes)
        if not (compressed or worded):
            return found
        if any(column.virtual for column in there.columns):
            return Algorithm.COPY
        return self._rewriting_words if worded else Algorithm.REBUILD

    @property
    def _rewriting_words(self) -> Algorithm:
        """How a table that has a full-text index is written anew: MySQL copies it (seen in 9.7)."""
        return Algorithm.REBUILD_SHARED if self.server.mariadb else Algorithm.COPY

    def hidden_key(self, table: QualifiedName, columns: Collection[str]) -> bool:
        """Whether InnoDB may order the rows by a unique key of these columns: all required, no primary key."""
        there = self.before(table)
        if there is None or there.primary_key is not None:
            return False
        found = [there.column(name) for name in columns]
        return all(column is not None and not column.nullable for column in found)

    def stores_computed(self, table: QualifiedName) -> bool:
        """Whether a column of the table is generated and stored."""
        there = self.before(table)
        return there is not None and any(column.generated and not column.virtual for column in there.columns)

    def has_virtual(self, table: QualifiedName) -> bool:
        """Whether a column of the table is computed when read: columns come and go at once only one by one then."""
        there = self.before(table)
        return there is not None and any(column.virtual for column in there.columns)

    def indexed(self, table: QualifiedName, column: str) -> bool:
        """Whether an index or key of the table as it is has the column."""
        there = self.before(table)
        if there is None:
            return False
        columns = {part.column for index in there.indexes for part in index.parts}
        columns.update(name for unique in there.uniques for name in unique.columns)
        columns.update(there.primary_key.columns if there.primary_key else ())
        columns.update(name for key in there.foreign_keys for name in key.columns)
        return column in columns

    def indexes_with(self, table: QualifiedName, column: str) -> tuple[list[Index], list[Unique]]:
        """Indexes on the column that are there and are to stay."""
        there, wanted = self.before(table), self.wanted(table)
        if there is None or wanted is None:
            return [], []
        indexes = [i for i in there.indexes if i in wanted.indexes and column in {part.column for part in i.parts}]
        uniques = [unique for unique in there.uniques if unique in wanted.uniques and column in unique.columns]
        return indexes, uniques


def _is_compressed(table: Table) -> bool:
    options = dict(table.options)
    return options.get("row_format", "").lower() == "compressed" or "key_block_size" in options
