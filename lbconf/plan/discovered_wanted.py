"""What a discovery is asked for: how things are named, which of them, and the names that files have already."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lbconf.plan.discovered_names import legal, lower_camel, pascal
from lbconf.records import dataclass, field
from lbconf.state.structure import QualifiedName

__all__ = ["CAMEL", "KEEP", "Known", "NameMapper", "Naming", "RelationKey", "Wanted"]

NameMapper = Callable[[str, str], str | None]
"""LoopBack's nameMapper: from `table`, `column` or `fk` and a name there to a name; None for the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How names of a database become names of models, properties and relations."""

    keep_tables: bool = False
    """Models are called as their tables, where that is a legal name."""
    keep_columns: bool = False
    """Properties are called as their columns, where that is a legal name."""
    mapper: NameMapper | None = None
    """Asked first."""

    def model(self, table: str) -> str:
        """The name that a model of the table would like."""
        return self._said("table", table) or (table if self.keep_tables and legal(table) else pascal(table))

    def property(self, column: str) -> str:
        """The name that a property of the column would like."""
        return self._said("column", column) or (column if self.keep_columns and legal(column) else lower_camel(column))

    def relation(self, key: str) -> str | None:
        """The name that somebody gives to the relation of a foreign key; None: made from its columns."""
        return self._said("fk", key)

    def _said(self, kind: str, name: str) -> str | None:
        said = self.mapper(kind, name) if self.mapper is not None else None
        return said if said and legal(said) else None


CAMEL = Naming()
KEEP = Naming(keep_tables=True, keep_columns=True)


class RelationKey(NamedTuple):
    """What makes a relation this one, whatever it is called."""

    kind: str
    """`to` (belongsTo), `from` (hasMany, hasOne) or `through`."""
    table: QualifiedName
    """The other side's."""
    columns: tuple[str, ...]
    """The foreign key's; of a way through a table, those of the key to this side."""
    through: QualifiedName | None = None
    onward: tuple[str, ...] = ()
    """Of a way through a table: the columns of the key to the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Names that files have already; discovery keeps to them."""

    models: Mapping[QualifiedName, str] = field(default_factory=dict)
    properties: Mapping[QualifiedName, Mapping[str, str]] = field(default_factory=dict)
    """By table, column to property."""
    relations: Mapping[QualifiedName, Mapping[RelationKey, str]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    """Names of models that stand for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a discovery is to make."""

    owns: tuple[str, ...] = ()
    """Namespaces that the models will speak for completely."""
    relations: bool = True
    """Whether foreign keys become relations; if not, models say them as `foreignKeys`."""
    views: bool = True
    naming: Naming = CAMEL
    known: Known = field(default_factory=Known)
