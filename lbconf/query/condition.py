"""`where` clauses bound to a model's properties."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BooleanType,
    DataType,
    DateStringType,
    EnumType,
    GeoPointType,
    JsonType,
    ModelType,
    ObjectType,
    StringType,
    TextType,
    UuidType,
)
from lbconf.diagnostics import Code, Collector, nearest
from lbconf.project.resolved import Model, Property
from lbconf.query.coerce import Operands, operand_converter, to_geo_point
from lbconf.query.errors import RequestError, malformed
from lbconf.query.exact import refused
from lbconf.query.javascript import json_text, to_number, to_text, truthy
from lbconf.query.nodes import AllOf, AnyOf, Comparison, Condition, Constant, Near, NoneOf, Operator, Target
from lbconf.query.oddities import names_no_column, oddly_compared, oddly_equal, oddly_like
from lbconf.query.pattern import compile_like, is_broken, split_pattern
from lbconf.query.relating import MAX_STEPS, Scoped, asked_of, named_relation, related
from lbconf.query.rules import Rules, Unknown, target_of
from lbconf.records import dataclass, replace

__all__ = ["ConditionBinder", "Reach"]

_LOGICAL = frozenset({"and", "or", "nor"})
_LIST_OPERATORS = frozenset({Operator.INQ, Operator.NIN, Operator.BETWEEN})
_LIKE = frozenset({Operator.LIKE, Operator.NLIKE, Operator.ILIKE, Operator.NILIKE})
_IGNORE_CASE = {Operator.LIKE: Operator.ILIKE, Operator.NLIKE: Operator.NILIKE}
_PRECEDENCE: Final = tuple(
    Operator(word)
    for word in (
        *("eq", "gt", "gte", "lt", "lte", "between", "inq", "nin", "neq"),
        *("like", "nlike", "ilike", "nilike", "regexp"),
    )
)
"""Which operator LoopBack takes when a property has several."""
_TEXT = StringType | TextType | DateStringType | EnumType | UuidType
_OPEN = AnyType | JsonType | ObjectType | ModelType
_NO_PLACE = _TEXT | BooleanType | ArrayType
"""Types for which `near` is an operator like any that LoopBack does not know."""
_NEAR_WORDS: Final = frozenset({"near", "maxDistance", "minDistance", "unit"})
_METRES: Final = {
    "meters": 1.0,
    "kilometers": 1000.0,
    "miles": 6370990.56 / 3958.75,
    "feet": 6370990.56 / 20902200,
    "radians": 6370990.56,
    "degrees": 6370990.56 / 57.29577951308,
}
"""Metres in one unit of distance, on LoopBack's sphere."""


class ConditionBinder:
    """Binds the conditions of one model under one set of rules. May be used from several threads."""

    def __init__(self, model: Model, rules: Rules, reach: "Reach | None" = None) -> None:
        """Take the model, its rules, and what binds conditions on related models, where filters may name them."""
        self._model = model
        self._rules = rules
        self._reach = reach
        self._targets: dict[str, Target | None] = {name: Target(prop) for name, prop in model.properties.items()}

    def bind(
        self,
        where: Any,
        collector: Collector | None,
        *,
        writes: bool = False,
        trusted: bool = False,
        touched: list[str] | None = None,
    ) -> Condition | None:
        """The condition, or None where nothing is left of it.

        `writes`: nothing may be dropped. `trusted`: the project's own, may name hidden properties.
        `touched` gets the names of related models that the condition looks at; without it, it may look at none.

        Raises:
            RequestError: a name or a value cannot be used.

        """
        binding = _Binding(self._model, self._rules, self._targets, collector, writes=writes, trusted=trusted)
        if touched is not None:
            binding.reach, binding.touched = self._reach, touched
        return binding.clause(where)

    def bind_related(self, where: Any, collector: Collector | None, touched: list[str], depth: int) -> Condition | None:
        """A client's condition on rows that are found by a relation, `depth` relations away: not by protected ones."""
        binding = _Binding(self._model, self._rules, self._targets, collector, writes=False, trusted=False)
        binding.reach, binding.touched, binding.depth = self._reach, touched, depth
        return binding.clause(where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What conditions on related models need."""

    models: Mapping[str, Model]
    binder: Callable[[Model], ConditionBinder]
    scoped: Scoped


def _holds_without(value: Any) -> bool:
    """Whether a condition may hold for rows that do not have the property: those would all be written."""
    return value is None or isinstance(value, Mapping | list)


class _Binding:
    """One `where` on its way."""

    def __init__(
        self,
        model: Model,
        rules: Rules,
        targets: Mapping[str, Target | None],
        collector: Collector | None,
        *,
        writes: bool,
        trusted: bool,
    ) -> None:
        self.model = model
        self.rules = rules
        self.targets = targets
        self.collector = collector
        self.writes = writes
        self.trusted = trusted or rules.hidden_allowed
        self.operands = Operands.CONVERT if writes and rules.operands is Operands.KEEP else rules.operands
        self.reach: Reach | None = None
        self.touched: list[str] = []
        self.depth = 0

    def clause(self, where: Any) -> Condition | None:
        if where is None:
            return None
        if not isinstance(where, Mapping):
            raise malformed(f"The where clause {json_text(where)} is not an object")
        found: list[Condition] = []
        for name, value in where.items():
            condition = self._logical(name, value) if name in _LOGICAL else self._named(name, value)
            if condition is not None:
                found.append(condition)
        if not found:
            return None
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _logical(self, name: str, value: Any) -> Condition | None:
        clauses = _as_list(value)
        if clauses is None:
            msg = f"The {name} operator has invalid clauses {json_text(value)}"
            raise malformed(f"{msg}: Value is not an array or object with sequential numeric indices")
        if self.rules.loopback and None in clauses:
            raise malformed(f"The {name} operator has invalid clauses {json_text(value)}: null is no clause")
        bound = [self.clause(clause) for clause in clauses]
        if name == "nor" and self.rules.loopback and not self.writes:
            self._warn(f"LoopBack does not know nor; the condition was {self._fate()}")
            return Constant(value=False) if self.rules.unknown is Unknown.KEEP else None
        if self.rules.unknown is Unknown.DROP and not self.writes:
            bound = [clause for clause in bound if clause is not None]
            if not bound:
                return None
        found = tuple(Constant(value=True) if clause is None else clause for clause in bound)
        match name:
            case "and":
                return AllOf(found)
            case "or":
                return AnyOf(found)
            case _:
                return NoneOf(found)

    def _named(self, name: str, value: Any) -> Condition | None:
        target = self.targets.get(name) or target_of(name, self.model)
        if target is None:
            return self._related(name, value) if self._leads_away(name) else self._unknown(name, value)
        if self.depth and target.property.protected and not self.trusted:
            raise self._no_such(name)
        if target.property.hidden and not self.trusted:
            if self.rules.loopback and not self.writes:
                self._warn(f"{self.model.name}.{name} is hidden; the condition on it was left out")
                return None
            raise self._no_such(name)
        return self._compared(target, name, value)

    def _leads_away(self, name: str) -> bool:
        return self.reach is not None and named_relation(name, self.model) is not None

    def _related(self, name: str, value: Any) -> Condition:
        reach, found = self.reach, named_relation(name, self.model)
        assert reach is not None  # noqa: S101 - asked before
        assert found is not None  # noqa: S101 - asked before
        relation, rest = found
        if self.depth >= MAX_STEPS:
            raise RequestError(Code.FILTER_TOO_DEEP, f"The filter leads along more than {MAX_STEPS} relations")
        asked, there = asked_of(name, rest, value)
        target = reach.models.get(relation.target or "")
        condition = None
        if target is not None:
            self.touched.extend(name for name in (relation.through, target.name) if name is not None)
            if asked:
                condition = reach.binder(target).bind_related(asked, self.collector, self.touched, self.depth + 1)
        made = related(relation, self.model, reach.models, condition, reach.scoped, asked)
        return made if there else NoneOf((made,))

    def _unknown(self, name: str, value: Any) -> Condition | None:
        unknown = self.rules.unknown
        if self.writes and (unknown is not Unknown.KEEP or _holds_without(value)):
            unknown = Unknown.REFUSE
        if unknown is Unknown.REFUSE:
            raise self._no_such(name)
        self._warn(f'{self.model.name} has no property "{name}"; the condition on it was {self._fate()}')
        if unknown is Unknown.DROP:
            return Constant(value=False) if names_no_column(name, self.model.properties) else None
        first, *rest = name.split(".")
        return self._compared(Target(Property(name=first, type=AnyType()), tuple(rest)), name, value)

    def _fate(self) -> str:
        return "left out" if self.rules.unknown is Unknown.DROP else "kept, to match what rows hold"

    def _warn(self, message: str) -> None:
        if self.collector is not None:
            self.collector.warning(Code.CONDITION_DROPPED, message)

    def _no_such(self, name: str) -> RequestError:
        shown = (
            prop for prop in self.model.properties.values() if not (prop.hidden or (self.depth and prop.protected))
        )
        near = nearest(name, (prop.name for prop in shown))
        return RequestError(
            Code.PROPERTY_UNKNOWN,
            f'{self.model.name} has no property "{name}"',
            hint=f"Did you mean {near}?" if near else None,
        )

    def _compared(self, target: Target, name: str, value: Any) -> Condition:
        kind: DataType = AnyType() if target.path else target.property.type
        convert = operand_converter(kind, self.operands)
        if value is None:
            return Comparison(target, Operator.EQ, None)
        lenient = self.rules.loopback and not self.writes
        if not isinstance(value, Mapping):
            return self._equal(target, kind, convert, value)
        if truthy(value.get("near")) and not (lenient and isinstance(kind, _NO_PLACE)):
            return self._near(target, name, value)
        operators = [operator for operator in _PRECEDENCE if operator in value]
        if not operators:
            return self._without_operator(target, kind, convert, name, value)
        if lenient:
            if len(value) > 1 and not value.keys() <= {operators[0], "options"}:
                self._warn(f"Of the condition on {name} only {operators[0]} was kept, as LoopBack does")
            return self._operation(target, kind, convert, (name, value, operators[0]))
        self._check_operators(name, value)
        found = tuple(self._operation(target, kind, convert, (name, value, operator)) for operator in operators)
        return found[0] if len(found) == 1 else AllOf(found)

    def _check_operators(self, name: str, value: Mapping[str, Any]) -> None:
        for word in value:
            if word != "options" and word not in _PRECEDENCE:
                near = nearest(word, _PRECEDENCE)
                raise RequestError(
                    Code.OPERATOR_UNKNOWN,
                    f'The condition on {name} has an unknown operator "{word}"',
                    hint=f"Did you mean {near}?" if near else f"Operators are {', '.join(_PRECEDENCE)} and near.",
                )

    def _equal(self, target: Target, kind: DataType, convert: Callable[[Any], Any], value: Any) -> Condition:
        if self.rules.loopback and not self.writes:
            odd = oddly_equal(target, kind, value, tabular=self.operands is Operands.CONVERT)
            if odd is not None:
                return odd
        if isinstance(value, list | tuple):
            items = [None if item is None else convert(item) for item in value]
            if isinstance(kind, ArrayType | _OPEN) or self.operands is Operands.KEEP:
                return Comparison(target, Operator.EQ, items)
            if self.rules.loopback and isinstance(kind, _TEXT):
                return Comparison(target, Operator.EQ, to_text(items))
            raise RequestError(
                Code.VALUE_UNUSABLE,
                f"{target.property.name} cannot equal a list",
                hint=f'To find any of several values write {{"{target.property.name}": {{"inq": [...]}}}}.',
            )
        return Comparison(target, Operator.EQ, convert(value))

    def _without_operator(
        self, target: Target, kind: DataType, convert: Callable[[Any], Any], name: str, value: Mapping[str, Any]
    ) -> Condition:
        dollar = [word for word in value if word.startswith("$")]
        if dollar and self.rules.loopback:
            raise RequestError(
                Code.OPERATOR_UNKNOWN,
                f'Operators "{", ".join(dollar)}" are not allowed in query',
                error_code="OPERATOR_NOT_ALLOWED_IN_QUERY",
                details={"operators": dollar},
            )
        if self._tabular and isinstance(kind, GeoPointType | _OPEN) and not target.path:
            return Constant(value=False)  # objects are equal to themselves only
        if isinstance(kind, GeoPointType) and "lat" in value:
            return Comparison(target, Operator.EQ, to_geo_point(value))
        if isinstance(kind, _OPEN):
            return Comparison(target, Operator.EQ, value)
        items = _as_list(value)
        if items:
            return self._equal(target, kind, convert, items)
        if not self.rules.loopback or self.writes:
            if not self.rules.loopback and set(value) == {"exists"}:
                return Comparison(target, Operator.NEQ if truthy(value["exists"]) else Operator.EQ, None)
            self._check_operators(name, value)
            raise malformed(f"The condition on {name} is an empty object")
        if isinstance(kind, _TEXT | BooleanType) or self.operands is Operands.KEEP:
            return Comparison(target, Operator.EQ, convert(value))
        if isinstance(kind, ArrayType):
            return Constant(value=False)  # the text of no list is that of an object
        raise refused(value, f"a condition on {name}")

    def _operation(
        self,
        target: Target,
        kind: DataType,
        convert: Callable[[Any], Any],
        clause: tuple[str, Mapping[str, Any], Operator],
    ) -> Condition:
        name, value, operator = clause
        operand = value[operator]
        if operator in _LIST_OPERATORS:
            return self._list_operation(target, convert, clause)
        if operator in _LIKE:
            return self._like(target, kind, clause)
        if operator is Operator.REGEXP:
            odd = self._oddly_like(target, kind, operator, operand)
            if odd is not None:
                return odd
            self._check_textual(kind, name, operator)
            return self._patterned(Comparison(target, operator, operand))
        if operand is None:
            orderly = (
                self.rules.loopback and self.operands is Operands.KEEP and operator in {Operator.GTE, Operator.LTE}
            )
            if operator in {Operator.EQ, Operator.NEQ} or orderly:
                return Comparison(target, operator, None)
            return Constant(value=False)
        if operator is Operator.EQ:
            return self._equal(target, kind, convert, operand)
        odd = self._oddly_compared(target, kind, convert, operator, operand)
        if odd is not None:
            return odd
        if isinstance(operand, list | tuple | Mapping) and not isinstance(kind, ArrayType | _OPEN):
            if self.operands is Operands.REFUSE:
                raise refused(operand, f"a value to compare {name} with")
            if isinstance(kind, _TEXT):
                return Comparison(target, operator, to_text(operand))
        return Comparison(target, operator, convert(operand))

    def _oddly_compared(
        self, target: Target, kind: DataType, convert: Callable[[Any], Any], operator: Operator, operand: Any
    ) -> Condition | None:
        if not self._tabular:
            return None
        if not target.path:
            return oddly_compared(target, kind, operator, operand)
        if operator is not Operator.NEQ:
            return None
        return AnyOf((Comparison(target, operator, convert(operand)), Comparison(target, Operator.EQ, None)))

    def _list_operation(
        self, target: Target, convert: Callable[[Any], Any], clause: tuple[str, Mapping[str, Any], Operator]
    ) -> Condition:
        name, value, operator = clause
        items = _as_list(value[operator])
        if items is None:
            msg = f"The {name} property has invalid clause {json_text(value)}"
            raise malformed(f"{msg}: Value is not an array or object with sequential numeric indices")
        if operator is Operator.BETWEEN and len(items) != 2:  # noqa: PLR2004 - from and to
            msg = f"The {name} property has invalid clause {json_text(value)}"
            raise malformed(f"{msg}: Expected precisely 2 values, received {len(items)}")
        if not items:
            return Constant(value=operator is Operator.NIN)
        operands = tuple(None if item is None else convert(item) for item in items)
        if operator is Operator.BETWEEN and None in operands:
            return Constant(value=False)
        if operator is Operator.NIN and None in operands and self.rules.loopback and self.operands is Operands.CONVERT:
            return Constant(value=False)  # no value of a column is known to differ from null
        return Comparison(target, operator, operands)

    def _like(self, target: Target, kind: DataType, clause: tuple[str, Mapping[str, Any], Operator]) -> Condition:
        name, value, operator = clause
        pattern = value[operator]
        if not isinstance(pattern, str):
            msg = f"The {name} property has invalid clause {json_text(value)}: Expected a string or RegExp"
            raise malformed(msg)
        odd = self._oddly_like(target, kind, operator, pattern)
        if odd is not None:
            return odd
        self._check_textual(kind, name, operator)
        if not self.rules.loopback and "i" in to_text(value.get("options") or ""):
            operator = _IGNORE_CASE.get(operator, operator)
        return self._patterned(Comparison(target, operator, pattern))

    def _patterned(self, comparison: Comparison) -> Condition:
        """With a pattern that can be matched; LoopBack finds nothing by one that is none."""
        try:
            if comparison.operator is Operator.REGEXP:
                return replace(comparison, value=split_pattern(comparison.value))
            if self.operands is Operands.KEEP and comparison.value:
                compile_like(comparison.value, ignore_case=False, loose=True)
        except RequestError as error:
            asked = comparison.value
            if self.rules.loopback and isinstance(asked, str) and is_broken(asked, error) and asked[:1] != "/":
                return Constant(value=False)
            raise
        return comparison

    @property
    def _tabular(self) -> bool:
        """Whether this is LoopBack's reading of what a client asks of a table's rows."""
        return self.rules.loopback and not self.writes and self.operands is Operands.CONVERT

    def _oddly_like(self, target: Target, kind: DataType, operator: Operator, pattern: Any) -> Condition | None:
        return oddly_like(target, kind, operator, pattern) if self._tabular and not target.path else None

    def _check_textual(self, kind: DataType, name: str, operator: Operator) -> None:
        kept = self.operands is Operands.KEEP and (operator is not Operator.REGEXP or isinstance(kind, ArrayType))
        if not isinstance(kind, _TEXT | AnyType) and not kept:
            raise RequestError(
                Code.OPERATOR_UNKNOWN, f"{name} is no text, so {operator} cannot be asked of it", hint="Use eq or inq."
            )

    def _near(self, target: Target, name: str, value: Mapping[str, Any]) -> Condition:
        if not isinstance(target.property.type, GeoPointType | AnyType):
            raise RequestError(Code.OPERATOR_UNKNOWN, f"{name} is no point, so near cannot be asked of it")
        others = [word for word in value if word not in _NEAR_WORDS]
        if others and (self.writes or not self.rules.loopback):
            raise malformed(f"The condition on {name} joins near with {', '.join(others)}", hint="Join them by and.")
        point = to_geo_point(value["near"])
        unit = value.get("unit", "miles")
        if unit not in _METRES:
            raise malformed(f"The unit {json_text(unit)} is not known", hint=f"Units are {', '.join(_METRES)}.")
        return Near(
            target,
            latitude=float(point["lat"]),
            longitude=float(point["lng"]),
            max_distance=_metres(value.get("maxDistance"), unit),
            min_distance=_metres(value.get("minDistance"), unit),
        )


def _metres(distance: Any, unit: str) -> float | None:
    number = to_number(distance) if distance is not None else 0
    return number * _METRES[unit] if number > 0 else None


def _as_list(value: Any) -> list[Any] | None:
    """A list, or an object whose keys are 0, 1, 2, ...; None for anything else."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Mapping) and value:
        items = [value.get(str(place), _as_list) for place in range(len(value))]
        return None if any(item is _as_list for item in items) else items
    return None
