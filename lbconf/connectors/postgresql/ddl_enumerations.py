"""Steps that change enum types.

Source: PostgreSQL manual, page ALTER TYPE (a value added in a transaction cannot be used before it is committed).
"""

from lbconf.connectors.postgresql.ddl_types import Later, made_anew
from lbconf.connectors.postgresql.spelling import comment_literal, literal, name_text, quote
from lbconf.records import replace
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, Enumeration, QualifiedName, State

__all__ = ["add_values", "comment", "create", "rebuild", "rename"]


def add_values(before: Enumeration, after: Enumeration, *, mentioned: str) -> tuple[Step, ...]:
    """One step per new value. Outside transactions only where the same plan already uses the value."""
    known = set(before.values)
    steps = []
    if before.comment != after.comment:
        done = (Statement(sql=comment(after)),)
        steps.append(Step(summary=f"comment on enum {after.name}", statements=done, undo=(), source=after.source))
    for place, value in enumerate(after.values):
        if value in known:
            continue
        follower = next((later for later in after.values[place + 1 :] if later in known), None)
        where = f" BEFORE {literal(follower)}" if follower is not None else ""
        sql = f"ALTER TYPE {name_text(after.name)} ADD VALUE IF NOT EXISTS {literal(value)}{where}"
        steps.append(
            Step(
                summary=f"add value {value!r} to enum {after.name}",
                statements=(Statement(sql=sql),),
                transactional=value not in mentioned,
                hazards=(
                    Hazard(kind=HazardKind.IRREVERSIBLE, message=f"an enum value of {after.name} cannot be dropped"),
                ),
                source=after.source,
            )
        )
    return tuple(steps)


def create(enumeration: Enumeration) -> list[str]:
    """Statements that make the type."""
    values = ", ".join(literal(value) for value in enumeration.values)
    found = [f"CREATE TYPE {name_text(enumeration.name)} AS ENUM ({values})"]
    return found if enumeration.comment is None else [*found, comment(enumeration)]


def comment(enumeration: Enumeration) -> str:
    """The statement that comments on the type."""
    return f"COMMENT ON TYPE {name_text(enumeration.name)} IS {comment_literal(enumeration.comment)}"


def rename(before: Enumeration, after: Enumeration) -> tuple[Step, ...]:
    """One step for the new name, the new names of values, and the comment."""
    forth, back = [], []
    one, two = before.name, after.name
    if one.namespace != two.namespace:
        forth.append(f"ALTER TYPE {name_text(one)} SET SCHEMA {quote(two.namespace)}")
        back.append(f"ALTER TYPE {name_text(two)} SET SCHEMA {quote(one.namespace)}")
    if one.name != two.name:
        moved = QualifiedName(two.namespace, one.name)
        forth.append(f"ALTER TYPE {name_text(moved)} RENAME TO {quote(two.name)}")
        back.insert(0, f"ALTER TYPE {name_text(two)} RENAME TO {quote(one.name)}")
    for old, new in after.value_renames:
        if old in before.values and new not in before.values:
            alter = f"ALTER TYPE {name_text(two)} RENAME VALUE"
            forth.append(f"{alter} {literal(old)} TO {literal(new)}")
            back.insert(0, f"{alter} {literal(new)} TO {literal(old)}")
    if before.comment != after.comment:
        forth.append(comment(after))
    summary = f"rename enum {one} to {two}" if one != two else f"rename values of enum {two}"
    return (
        Step(
            summary=summary,
            statements=tuple(Statement(sql=sql) for sql in forth),
            undo=tuple(Statement(sql=sql) for sql in back),
            source=after.source,
        ),
    )


def rebuild(before: Enumeration, after: Enumeration, *, actual: State, later: Later) -> tuple[Step, ...]:
    """One step: the type made anew, every column of it converted through text."""
    shown = name_text(after.name)

    def value(column: Column) -> str:
        array = "[]" * column.type.dimensions
        wanted = "" if column.type.enumeration is None else name_text(column.type.enumeration) + array
        return f"{quote(column.name)}::text{array}::{wanted or shown}"

    statements, hazards = made_anew(
        after.name, create(replace(after, comment=after.comment or before.comment)), actual, value, later
    )
    gone = [text for text in before.values if text not in after.values]
    if gone:
        message = f"rows that hold {' or '.join(map(repr, gone))} stop it"
        hazards.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
    return (
        Step(
            summary=f"rebuild enum {after.name}",
            statements=tuple(Statement(sql=sql) for sql in statements),
            lock="ACCESS EXCLUSIVE",
            hazards=tuple(hazards),
            source=after.source,
        ),
    )
