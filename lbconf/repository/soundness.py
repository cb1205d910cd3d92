"""Trying a declared validation out before any row is there: its pattern, its JSON Schema, its property's default."""

from collections.abc import Iterator, Mapping
from typing import Any

from lbconf.layers.secret import Secret
from lbconf.project.probing import Problem
from lbconf.project.resolved import UNSET, Model, Property
from lbconf.project.validations import Rule, Validation
from lbconf.query.coerce import value_converter
from lbconf.query.errors import RequestError
from lbconf.query.pattern import MAX_PATTERN, compile_pattern
from lbconf.repository.forms import FORMS
from lbconf.repository.validators import check_of_rule

__all__ = ["problems_of"]


def problems_of(model: Model, prop: Property, one: Validation) -> Iterator[Problem]:
    """What is wrong with a validation of this property that its words alone do not tell."""
    found = [*_own_problems(model, one)]
    yield from found
    if not found:
        yield from _default_problem(model, prop, one)


def _own_problems(model: Model, one: Validation) -> Iterator[Problem]:
    if one.pattern is not None:
        key = "pattern" if one.by_attribute else "with"
        try:
            compile_pattern(one.pattern, one.flags)
        except RequestError as error:
            hint = "patterns take time linear in the text: no look-around, no back-references"
            yield Problem(key, f"the pattern of {one.property} cannot be used: {_reason(error)}", hint)
        if len(one.pattern) > MAX_PATTERN:
            yield Problem(key, f"the pattern of {one.property} is too long", f"at most {MAX_PATTERN} characters")
    if one.form is not None and one.form not in FORMS:
        yield Problem("format", f"there is no format {one.form}", f"formats are {', '.join(FORMS)}")
    if one.rule is Rule.SCHEMA:
        from lbconf.repository.json_schema import schema_problem

        reason = schema_problem(one.schema)
        if reason is not None:
            yield Problem("schema", f"the JSON Schema of {one.property} cannot be used: {reason}", None)
    for key, said in (("if", one.only_if), ("unless", one.unless)):
        if isinstance(said, Mapping):
            try:
                check_of_rule(model, one)
            except RequestError as error:
                yield Problem(key, f"the condition of {one.rule.value} cannot be used: {error.message}", None)
                return


def _default_problem(model: Model, prop: Property, one: Validation) -> Iterator[Problem]:
    """Says that every row without a value would be refused."""
    value = prop.default
    conditional = one.only_if is not None or one.unless is not None
    if value is UNSET or value is None or value == "$now" or isinstance(value, Secret) or conditional:
        return
    if one.rule is Rule.UNIQUENESS or (not one.database and one.by_attribute):
        return  # what is said by the type is looked at with the type
    flaws = check_of_rule(model, one).flaws({prop.name: _read(model, prop, value)})
    if flaws:
        hint = "a row without a value gets it and is refused; change one of them"
        yield Problem("default", f"the default of property {prop.name} {flaws[0].message}", hint)


def _read(model: Model, prop: Property, value: Any) -> Any:
    try:
        return value_converter(prop.type, lenient=model.layout.is_loopback)(value)
    except RequestError:
        return value


def _reason(error: RequestError) -> str:
    return error.message.removeprefix("The regular expression cannot be used: ")
