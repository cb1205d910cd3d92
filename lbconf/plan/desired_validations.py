"""What the database is to hold of a model's validations: checks, and unique constraints."""

from collections.abc import Collection, Iterator

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import EnumType, StringType, TextType
from lbconf.project.resolved import Model
from lbconf.project.validations import Rule, Validation, validations_of
from lbconf.state.structure import Check, QualifiedName, Unique

__all__ = ["validation_checks", "validation_uniques"]


def validation_checks(
    model: Model, mapping: ModelMapping, table: QualifiedName, taken: Collection[str]
) -> Iterator[Check]:
    """A check for each validation that the database can hold; none in LoopBack layouts, whose tables are LoopBack's.

    Args:
        model: The model.
        mapping: How it stands in the data source.
        table: Its table.
        taken: Names of the checks that the model declares itself; these go before validations.
    """
    if model.layout.is_loopback:
        return
    names: set[str] = set()
    seen: set[str] = set()
    for one in validations_of(model):
        expression = mapping.validation_check(model, one)
        if expression is None or expression in seen or _is_not_null(model, one):
            continue
        seen.add(expression)
        column = mapping.column_name(model, model.properties[one.property])
        name = mapping.constraint_name(table, (column, one.rule.value), "check")
        if name in taken:
            continue  # as a discovery of what an earlier plan made says it
        number = 2
        while name in names or name in taken:
            name = mapping.constraint_name(table, (column, f"{one.rule.value}{number}"), "check")
            number += 1
        names.add(name)
        yield Check(name=name, expression=expression, source=model.properties[one.property].location)


def validation_uniques(
    model: Model, mapping: ModelMapping, table: QualifiedName, known: Collection[tuple[str, ...]]
) -> Iterator[Unique]:
    """A unique constraint for each uniqueness that it says exactly.

    LoopBack's rule lets any number of rows have no value or the empty text, so a text needs a rule of presence, too.

    Args:
        model: The model.
        mapping: How it stands in the data source.
        table: Its table.
        known: Columns that are unique already, sorted.
    """
    if model.layout.is_loopback:
        return
    seen = set(known)
    said = validations_of(model) if model.settings.get("validations") else ()
    for one in said:
        if one.rule is not Rule.UNIQUENESS or not _is_exact(model, one, said):
            continue
        names = (*one.scoped_to, one.property)
        columns = tuple(mapping.column_name(model, model.properties[name]) for name in names)
        if tuple(sorted(columns)) in seen:
            continue
        seen.add(tuple(sorted(columns)))
        name = mapping.constraint_name(table, columns, "key")
        yield Unique(name=name, columns=columns, source=model.properties[one.property].location)


def _is_exact(model: Model, one: Validation, said: tuple[Validation, ...]) -> bool:
    if not one.database or one.ignore_case or one.only_if is not None or one.unless is not None:
        return False
    if model.default_scope or any(name not in model.properties for name in (*one.scoped_to, one.property)):
        return False
    if any(isinstance(model.properties[name].type, TextType) for name in (*one.scoped_to, one.property)):
        return False  # not every server can index such a column
    prop = model.properties[one.property]
    if not isinstance(prop.type, StringType | EnumType) or prop.required:
        return True
    return any(
        other.property == one.property
        and other.rule is Rule.PRESENCE
        and other.only_if is None
        and other.unless is None
        for other in said
    )


def _is_not_null(model: Model, one: Validation) -> bool:
    """Whether the column says as much itself."""
    prop = model.properties[one.property]
    text = isinstance(prop.type, StringType | TextType)
    return one.rule is Rule.PRESENCE and not prop.nullable and not text and one.only_if is None and one.unless is None
