"""Validations as checks of a table, where the database can hold them.

A check may hold less than its validation, never more: what the API takes the
database takes. So there is none for texts whose comparison, and none for
properties whose storage, is the database's own affair.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from lbconf.datatypes import BooleanType, DecimalType, IntegerType, NumberType, StringType, TextType
from lbconf.project.resolved import Model, Property
from lbconf.project.validations import Rule, Validation

__all__ = ["CheckWords", "check_of"]


class CheckWords(Protocol):
    """What a dialect says its own way in a check."""

    @property
    def sections(self) -> tuple[str, ...]:
        """Names under which a property may hold this dialect's section."""
        ...

    def column_name(self, model: Model, prop: Property) -> str:
        """The property's column."""
        ...

    def quoted(self, name: str) -> str:
        """A name."""
        ...

    def text_literal(self, text: str) -> str | None:
        """A text; None for one that cannot be written."""
        ...

    def at_least(self, column: str, size: int) -> str:
        """That a text has so many characters."""
        ...

    def at_most(self, column: str, size: int) -> str:
        """That a text has no more characters."""
        ...

    def none_of(self, column: str, literals: Sequence[str]) -> str | None:
        """That a text is none of these, byte by byte; None where that cannot be said."""
        ...

    def matches(self, column: str, pattern: str, flags: str) -> str | None:
        """That a text matches a pattern; None where the server has no such words."""
        ...


def check_of(words: CheckWords, model: Model, one: Validation) -> str | None:
    """The condition of a check; None where the database cannot hold the validation."""
    prop = model.properties.get(one.property)
    if not one.database or prop is None or not _is_storable(prop, words):
        return None
    column = words.quoted(words.column_name(model, prop))
    core = _core(words, prop, column, one)
    if core is None:
        return None
    return _conditional(words, model, one, _with_nulls(words, prop, column, one, core))


def _core(words: CheckWords, prop: Property, column: str, one: Validation) -> str | None:
    text = isinstance(prop.type, StringType | TextType)
    number = isinstance(prop.type, NumberType | IntegerType | DecimalType)
    match one.rule:
        case Rule.PRESENCE:
            return f"{column} IS NOT NULL AND {words.at_least(column, 1)}" if text else f"{column} IS NOT NULL"
        case Rule.ABSENCE:
            return f"{column} IS NULL OR {words.at_most(column, 0)}" if text else f"{column} IS NULL"
        case Rule.LENGTH if text:
            return _length(words, column, one)
        case Rule.RANGE | Rule.NUMERICALITY if number:
            return _range(column, one, whole=one.whole and not isinstance(prop.type, IntegerType))
        case Rule.INCLUSION | Rule.EXCLUSION if text or number:
            return _listed(words, column, one, text=text)
        case Rule.FORMAT if text and one.pattern is not None:
            return words.matches(column, one.pattern, one.flags)
        case _:
            return None


def _length(words: CheckWords, column: str, one: Validation) -> str | None:
    least = one.minimum if not one.exactly else one.exactly
    most = one.maximum if not one.exactly else one.exactly
    parts = []
    if least:
        parts.append(words.at_least(column, int(least) + (least % 1 > 0)))
    if most is not None:
        parts.append(words.at_most(column, int(most)))
    return " AND ".join(parts) or None


def _range(column: str, one: Validation, *, whole: bool) -> str | None:
    parts = []
    if whole:
        parts.append(f"{column} = round({column})")
    if one.minimum is not None:
        parts.append(f"{column} >= {_number(one.minimum)}")
    if one.maximum is not None:
        parts.append(f"{column} <= {_number(one.maximum)}")
    return " AND ".join(parts) or None


def _listed(words: CheckWords, column: str, one: Validation, *, text: bool) -> str | None:
    literals: list[str] = []
    for value in one.values:
        if text and isinstance(value, str):
            literal = words.text_literal(value)
            if literal is None:
                return None
            literals.append(literal)
        elif not text and isinstance(value, int | float) and not isinstance(value, bool):
            literals.append(_number(value))
    if not literals:
        return None
    if one.rule is Rule.INCLUSION:
        return f"{column} IN ({', '.join(literals)})"
    return words.none_of(column, literals) if text else f"{column} NOT IN ({', '.join(literals)})"


def _with_nulls(words: CheckWords, prop: Property, column: str, one: Validation, core: str) -> str:
    """What is missing passes a check by itself; LoopBack's rules refuse it unless told otherwise."""
    if one.by_attribute or one.rule in {Rule.PRESENCE, Rule.ABSENCE}:
        return core
    blank = one.allow_blank and isinstance(prop.type, StringType | TextType)
    found = f"{words.at_most(column, 0)} OR ({core})" if blank else core
    if one.allow_null or one.allow_blank:
        return found
    return f"{column} IS NOT NULL AND ({found})" if " OR " in found else f"{column} IS NOT NULL AND {found}"


def _conditional(words: CheckWords, model: Model, one: Validation, found: str) -> str | None:
    parts: list[str] = []
    for said, negated in ((one.only_if, False), (one.unless, True)):
        if said is None:
            continue
        prop = model.properties.get(said) if isinstance(said, str) else None
        if prop is None or not isinstance(prop.type, BooleanType) or not _is_storable(prop, words):
            return None
        flag = words.quoted(words.column_name(model, prop))
        parts.append(f"({flag} IS NOT NULL AND {flag})" if negated else f"({flag} IS NULL OR NOT {flag})")
    return " OR ".join((*parts, f"({found})")) if parts else found


def _is_storable(prop: Property, words: CheckWords) -> bool:
    """Whether the column holds just what the property is; not what the database makes or types by itself."""
    said = prop.section(*words.sections)
    return not prop.generated and not said.get("dataType") and not said.get("generatedAs")


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
