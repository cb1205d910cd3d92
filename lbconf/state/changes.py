"""Changes: one difference between two states each. A closed family, matched with `match` and `assert_never`.

`before` and `after` hold the whole object on each side. Where the object is
part of a table, `table` is the table's name in the desired state.
"""

from typing import TypeAlias

from lbconf.records import dataclass
from lbconf.state.structure import (
    Check,
    Column,
    Composite,
    Domain,
    Enumeration,
    Exclusion,
    Extension,
    ForeignKey,
    Index,
    Options,
    Partition,
    PrimaryKey,
    QualifiedName,
    Sequence,
    Table,
    Unique,
    View,
)

__all__ = [
    "AddCheck",
    "AddColumn",
    "AddEnumerationValues",
    "AddExclusion",
    "AddForeignKey",
    "AddIndex",
    "AddPartition",
    "AddPrimaryKey",
    "AddUnique",
    "AlterColumn",
    "AlterComposite",
    "AlterDomain",
    "AlterSequence",
    "Change",
    "CreateComposite",
    "CreateDomain",
    "CreateEnumeration",
    "CreateExtension",
    "CreateNamespace",
    "CreateSequence",
    "CreateTable",
    "CreateView",
    "DropCheck",
    "DropColumn",
    "DropComposite",
    "DropDomain",
    "DropEnumeration",
    "DropExclusion",
    "DropForeignKey",
    "DropIndex",
    "DropNamespace",
    "DropPartition",
    "DropPrimaryKey",
    "DropSequence",
    "DropTable",
    "DropUnique",
    "DropView",
    "ParkTable",
    "RebuildEnumeration",
    "RenameColumn",
    "RenameConstraint",
    "RenameEnumeration",
    "RenameIndex",
    "RenameTable",
    "SetOnRemove",
    "SetTableComment",
    "SetTableOptions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNamespace:
    """A namespace is missing."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEnumeration:
    """An enum type is missing."""

    after: Enumeration


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEnumerationValues:
    """Values are missing, or only the comment differs; `before`'s values are a subsequence of `after`'s."""

    before: Enumeration
    after: Enumeration


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildEnumeration:
    """Values are gone or in another order."""

    before: Enumeration
    after: Enumeration


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEnumeration:
    """A managed enum type that nothing asks for any more."""

    before: Enumeration


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable:
    """A table is missing. Its foreign keys are separate changes."""

    after: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable:
    """A managed table that no model asks for any more."""

    before: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable:
    """`renamedFrom` says so."""

    before: Table
    after: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTableComment:
    """The comment differs."""

    table: QualifiedName
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn:
    """A column is missing."""

    table: QualifiedName
    after: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn:
    """A column nobody asks for."""

    table: QualifiedName
    before: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn:
    """`renamedFrom` says so."""

    table: QualifiedName
    before: Column
    after: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumn:
    """Type, nullability, default, identity, collation or comment differ."""

    table: QualifiedName
    before: Column
    after: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPrimaryKey:
    """The primary key is missing."""

    table: QualifiedName
    after: PrimaryKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPrimaryKey:
    """The primary key is not the desired one."""

    table: QualifiedName
    before: PrimaryKey


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUnique:
    """A unique constraint is missing."""

    table: QualifiedName
    after: Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class DropUnique:
    """A unique constraint nobody asks for."""

    table: QualifiedName
    before: Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class AddIndex:
    """An index is missing."""

    table: QualifiedName
    after: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex:
    """An index nobody asks for, or one that must be built anew."""

    table: QualifiedName
    before: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameIndex:
    """Same index under another name, or with another comment."""

    table: QualifiedName
    before: Index
    after: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class AddForeignKey:
    """A foreign key is missing."""

    table: QualifiedName
    after: ForeignKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DropForeignKey:
    """A foreign key nobody asks for."""

    table: QualifiedName
    before: ForeignKey


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheck:
    """A check is missing."""

    table: QualifiedName
    after: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class DropCheck:
    """A check nobody asks for."""

    table: QualifiedName
    before: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class AddExclusion:
    """An exclusion constraint is missing."""

    table: QualifiedName
    after: Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExclusion:
    """An exclusion constraint nobody asks for."""

    table: QualifiedName
    before: Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDomain:
    """A domain is missing."""

    after: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterDomain:
    """Default, nullability or checks differ; or the type or the collation, which no server alters in place."""

    before: Domain
    after: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDomain:
    """A domain nobody asks for, in a namespace that the models own."""

    before: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateComposite:
    """A composite type is missing."""

    after: Composite


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterComposite:
    """Columns of a composite type differ."""

    before: Composite
    after: Composite


@dataclass(frozen=True, slots=True, kw_only=True)
class DropComposite:
    """A composite type nobody asks for, in a namespace that the models own."""

    before: Composite


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSequence:
    """A sequence is missing."""

    after: Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterSequence:
    """Options of a sequence, its owner or its name differ."""

    before: Sequence
    after: Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSequence:
    """A sequence nobody asks for, in a namespace that the models own."""

    before: Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExtension:
    """An extension is missing."""

    after: Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView:
    """A view is missing, and a model says its definition."""

    after: View


@dataclass(frozen=True, slots=True, kw_only=True)
class DropView:
    """A view has to step aside for a change, or nobody asks for one that lbconf made."""

    before: View


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNamespace:
    """A namespace that the models own and nobody asks for any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameEnumeration:
    """`renamedFrom` or `renamedValues` says so."""

    before: Enumeration
    after: Enumeration
    """As it is once only that is done; its `value_renames` are those to make, in an order that can be executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConstraint:
    """The same constraint under another name."""

    table: QualifiedName
    before: PrimaryKey | Unique | ForeignKey | Check | Exclusion
    after: PrimaryKey | Unique | ForeignKey | Check | Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTableOptions:
    """Storage facts differ."""

    table: QualifiedName
    before: Options
    after: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPartition:
    """A partition is missing."""

    table: QualifiedName
    after: Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPartition:
    """A partition nobody asks for."""

    table: QualifiedName
    before: Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkTable:
    """A managed table that no model asks for any more is renamed instead of dropped."""

    before: Table
    after: QualifiedName
    """`_removed_<name>_<date>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOnRemove:
    """What becomes of the table once its model is gone differs from what the ledger says. Nothing in it changes."""

    table: QualifiedName
    before: str | None
    after: str | None


Change: TypeAlias = (
    CreateNamespace
    | CreateEnumeration
    | AddEnumerationValues
    | RebuildEnumeration
    | DropEnumeration
    | CreateTable
    | DropTable
    | RenameTable
    | SetTableComment
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | AddPrimaryKey
    | DropPrimaryKey
    | AddUnique
    | DropUnique
    | AddIndex
    | DropIndex
    | RenameIndex
    | AddForeignKey
    | DropForeignKey
    | AddCheck
    | DropCheck
    | AddExclusion
    | DropExclusion
    | CreateDomain
    | AlterDomain
    | DropDomain
    | CreateComposite
    | AlterComposite
    | DropComposite
    | CreateSequence
    | AlterSequence
    | DropSequence
    | CreateExtension
    | CreateView
    | DropView
    | DropNamespace
    | RenameEnumeration
    | RenameConstraint
    | SetTableOptions
    | AddPartition
    | DropPartition
    | ParkTable
    | SetOnRemove
)
