"""Changes: one difference between two states each. A closed family, matched with `match` and `assert_never`.

`before` and `after` hold the whole object on each side. Where the object is
part of a table, `table` is the table's name in the desired state.
"""

from typing import TypeAlias

from lbconf.records import dataclass
from lbconf.state.structure import (
    Check,
    Column,
    Enumeration,
    ForeignKey,
    Index,
    PrimaryKey,
    QualifiedName,
    Table,
    Unique,
)

__all__ = [
    "AddCheck",
    "AddColumn",
    "AddEnumerationValues",
    "AddForeignKey",
    "AddIndex",
    "AddPrimaryKey",
    "AddUnique",
    "AlterColumn",
    "Change",
    "CreateEnumeration",
    "CreateNamespace",
    "CreateTable",
    "DropCheck",
    "DropColumn",
    "DropEnumeration",
    "DropForeignKey",
    "DropIndex",
    "DropPrimaryKey",
    "DropTable",
    "DropUnique",
    "RebuildEnumeration",
    "RenameColumn",
    "RenameIndex",
    "RenameTable",
    "SetTableComment",
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
    """Values are missing; `before`'s values are a subsequence of `after`'s."""

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
    """Same index under another name."""

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
)
