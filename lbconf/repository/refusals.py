"""Writes that a data source refuses, told in the words of the model: its properties and relations, nothing inside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lbconf.connectors.contract import Reader, Writer
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind
from lbconf.project.resolved import Model
from lbconf.query.nodes import Condition, Query, Row
from lbconf.records import replace
from lbconf.repository.include import equals, key_of, one_of
from lbconf.repository.references import Reference

__all__ = ["RowRefusedError", "TellingWriter"]

LOOKED_AT: Final = 100
"""Rows of a refused write that are searched for the reference at fault."""
CONFLICT: Final = 409
INVALID: Final = 422


_FAULTS: Final = {
    ConstraintKind.NOT_NULL: ("VALUE_MISSING", "presence", "can't be blank"),
    ConstraintKind.CHECK: ("CHECK_FAILED", "check", "breaks a rule of its model"),
    ConstraintKind.TYPE: ("VALUE_REFUSED", "type", "cannot be stored"),
}
"""Error code, validation code and text by what is wrong with the row itself."""


class RowRefusedError(ConstraintError):
    """A data source refused a write: 409 where other rows stand against it, 422 where the row itself is at fault."""

    def __init__(
        self,
        cause: ConstraintError,
        model: Model,
        told: tuple[str | None, str],
        properties: Sequence[str] = (),
        rule: tuple[str, str] = ("", ""),
    ) -> None:
        """Take the connector's error and what to say.

        `told` is the error code (None: none, as LoopBack answers) and the message; `rule` the validation code and
        the text that hold for each of the properties.
        """
        self.error_code, self.message = told
        super().__init__(
            replace(cause.diagnostics[0], message=self.message),
            kind=cause.kind,
            constraint=cause.constraint,
            columns=cause.columns,
            data_source=cause.data_source,
            connector=cause.connector,
        )
        self.properties = tuple(properties)
        conflict = cause.kind is ConstraintKind.UNIQUE or self.error_code == "STILL_REFERRED_TO"
        self.status = CONFLICT if conflict else INVALID
        self.name = ("ConflictError" if conflict else "ValidationError") if self.error_code else "Error"
        self.details: Mapping[str, Any] | None = None
        if properties:
            code, text = rule
            self.details = {
                "context": model.name,
                "codes": {name: [code] for name in properties},
                "messages": {name: [text] for name in properties},
            }


class TellingWriter:
    """A model's writer whose refusals name properties. What is at fault is only looked for after a refusal."""

    __slots__ = ("_models", "_reader_of", "_references", "_writer")

    def __init__(
        self,
        writer: Writer,
        models: Mapping[str, Model],
        references: Sequence[Reference],
        reader_of: Callable[[Model], Reader],
    ) -> None:
        """Take the connector's writer, the project's models and references, and what finds a model's reader."""
        self._writer = writer
        self._models = models
        self._references = references
        self._reader_of = reader_of

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """As the writer's. Raises `RowRefusedError`."""
        try:
            return self._writer.insert(model, rows)
        except ConstraintError as problem:
            raise self._told(problem, model, rows, None) from problem

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """As the writer's. Raises `RowRefusedError`."""
        try:
            return self._writer.update(model, where, values)
        except ConstraintError as problem:
            raise self._told(problem, model, [values], where) from problem

    def delete(self, model: Model, where: Condition | None) -> int:
        """As the writer's. Raises `RowRefusedError`."""
        try:
            return self._writer.delete(model, where)
        except ConstraintError as problem:
            raise self._told(problem, model, [], where) from problem

    def _told(
        self, problem: ConstraintError, model: Model, rows: Sequence[Row], where: Condition | None
    ) -> RowRefusedError:
        names = tuple(name for name in problem.properties if name in model.properties)
        told = _listed(names)
        if problem.kind is ConstraintKind.FOREIGN_KEY:
            return self._reference_told(problem, model, rows, where)
        if problem.kind is ConstraintKind.UNIQUE and model.layout.is_loopback:
            message = f"Duplicate entry for {model.name}.{', '.join(names)}".removesuffix(".")
            return RowRefusedError(problem, model, (None, message))
        if problem.kind is ConstraintKind.UNIQUE:
            same = f"the same {told}" if names else "a value that must be unique"
            message = f"There is another `{model.name}` instance with {same}."
            return RowRefusedError(problem, model, ("NOT_UNIQUE", message), names, ("uniqueness", "is not unique"))
        code, rule, wrong = _FAULTS[problem.kind]
        message = f"The `{model.name}` instance is not valid. Details: {told or 'a value'} {wrong}."
        return RowRefusedError(problem, model, (code, message), names, (rule, wrong))

    def _reference_told(
        self, problem: ConstraintError, model: Model, rows: Sequence[Row], where: Condition | None
    ) -> RowRefusedError:
        try:
            missing = self._missing(model, rows)
            referring = self._referring(model, where) if missing is None else None
        except ConnectorError:  # as inside a transaction, which takes no more statements
            missing = referring = None
        if missing is not None:
            text = f"refers to no {missing.parent}"
            message = f"The `{model.name}` instance is not valid. Details: {_listed(missing.names)} {text}."
            return RowRefusedError(problem, model, ("REFERENCE_NOT_FOUND", message), missing.names, ("reference", text))
        if referring is not None:
            message = f"`{referring.child}` instances still refer to this `{model.name}` by {_listed(referring.names)}."
        elif rows:
            message = (
                f"The `{model.name}` instance is not valid. Details: it refers to an instance that does not exist."
            )
            return RowRefusedError(problem, model, ("REFERENCE_NOT_FOUND", message))
        else:
            message = f"Other instances still refer to this `{model.name}`."
        return RowRefusedError(problem, model, ("STILL_REFERRED_TO", message))

    def _missing(self, model: Model, rows: Sequence[Row]) -> Reference | None:
        """The first reference of these rows that leads nowhere."""
        for reference in self._references:
            if reference.child != model.name or not self._usable(reference, model):
                continue
            parent = self._models[reference.parent]
            for row in rows[:LOOKED_AT]:
                key = key_of(row, reference.names)
                if key is not None and not self._reader_of(parent).count(
                    parent, equals(parent, reference.parent_names, key)
                ):
                    return reference
        return None

    def _referring(self, model: Model, where: Condition | None) -> Reference | None:
        """The first reference by which other rows name the rows that match."""
        for reference in self._references:
            if reference.parent != model.name or not self._usable(reference, model):
                continue
            found = self._reader_of(model).find(Query(model=model, where=where, limit=LOOKED_AT))
            keys = [key for row in found if (key := key_of(row, reference.parent_names)) is not None]
            child = self._models[reference.child]
            if keys and self._reader_of(child).count(child, one_of(child, reference.names, keys)):
                return reference
        return None

    def _usable(self, reference: Reference, model: Model) -> bool:
        child, parent = self._models.get(reference.child), self._models.get(reference.parent)
        return (
            child is not None
            and parent is not None
            and child.data_source == parent.data_source == model.data_source
            and all(name in child.properties for name in reference.names)
            and all(name in parent.properties for name in reference.parent_names)
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
