"""Why a change is planned, in a person's words."""

from collections.abc import Collection

from lbconf.state import changes as c
from lbconf.state.describe import table_of
from lbconf.state.structure import QualifiedName, State

__all__ = ["dropped_name", "reason_of"]


def reason_of(change: c.Change, desired: State, *, recreate: Collection[QualifiedName] = ()) -> str:
    """One line without a full stop."""
    table_name = table_of(change)
    table = None if table_name is None else desired.table(table_name)
    model = f"model {table.model}" if table is not None and table.model else "the configuration"
    if table_name is not None and table_name in recreate and isinstance(change, c.CreateTable | c.DropTable):
        return f"--recreate asks to make the table of {model} again"
    match change:
        case c.CreateTable():
            return f"{model} has no table yet"
        case c.DropTable():
            return "lbconf made it, and no model asks for it any more"
        case c.ParkTable():
            return "no model asks for it any more, and onRemove says that such tables are renamed"
        case c.SetOnRemove():
            return f"{model} says onRemove"
        case c.RenameTable() | c.RenameColumn() | c.RenameIndex():
            return f"{model} says renamedFrom" if not isinstance(change, c.RenameIndex) else "same index, other name"
        case c.CreateNamespace():
            return "a model's table is to stand in it"
        case c.CreateEnumeration():
            return "a property has this enum type"
        case c.AddEnumerationValues() | c.RebuildEnumeration():
            return "the property's values differ from the database's"
    return _inner_reason(change, model)


def dropped_name(change: c.Change) -> QualifiedName | None:
    """What a change drops that is no part of a table; None for all others."""
    match change:
        case c.DropNamespace(name=name):
            return QualifiedName(name, name)
        case (
            c.DropTable(before=one)
            | c.DropView(before=one)
            | c.DropSequence(before=one)
            | c.DropEnumeration(before=one)
            | c.DropDomain(before=one)
            | c.DropComposite(before=one)
        ):
            return one.name
        case _:
            return None


def _inner_reason(change: c.Change, model: str) -> str:
    name = type(change).__name__
    if name.startswith("Add"):
        return f"{model} asks for it"
    if name.startswith("Drop"):
        return f"{model} does not ask for it"
    return f"{model} says otherwise than the database"
