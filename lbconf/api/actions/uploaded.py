"""What creating does with a body of many instances that is stored while it is read: all of them, or none."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from lbconf.api.actions.call import Answer, Call, data
from lbconf.api.prefer import applied, preferences
from lbconf.api.problem import fault_of
from lbconf.api.streams.feed import Upload
from lbconf.api.streams.lines import Line, instances
from lbconf.diagnostics import Code
from lbconf.errors import ConstraintError
from lbconf.query.errors import RequestError
from lbconf.records import dataclass, field, replace

__all__ = ["uploaded"]

AT_ONCE: Final = 500
"""Instances that are stored together."""
MOST_TOLD: Final = 100
"""Lines whose errors an answer has."""


@dataclass(slots=True)
class _Stored:
    count: int = 0
    failed: int = 0
    errors: list[Mapping[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, problem: Exception) -> None:
        self.failed += 1
        if len(self.errors) < MOST_TOLD:
            self.errors.append(_told(line, problem))


def uploaded(call: Call, upload: Upload) -> Answer:
    """How many were created. With `Prefer: handling=lenient` those that can be, and what is wrong with the others.

    Raises:
        RequestError: otherwise, where one cannot be; `details` has an entry for each line that was found wrong.

    """
    model = call.endpoint.model
    chosen = preferences(call.request.headers.get(b"prefer"))
    chosen.pop("return", None)
    lenient = chosen.get("handling") == "lenient"
    stored = _Stored()
    lines = instances(upload.form, upload.feed, model, upload.longest)
    with call.repository.transaction(model):
        while batch := list(islice(lines, AT_ONCE)):
            upload.feed.check()
            _store(call, batch, stored)
            stored.errors.sort(key=_line)
            if stored.failed and not lenient:
                raise _refused(stored)
    told: dict[str, Any] = {"count": stored.count}
    if lenient:
        told |= {"failed": stored.failed, "errors": stored.errors}
    return replace(data(told), headers=applied(chosen))


def _store(call: Call, batch: Iterable[Line], stored: _Stored) -> None:
    """Create the instances of a batch: together, or where that fails each alone, to know which cannot be."""
    model, repository = call.endpoint.model, call.repository
    good: list[tuple[int, Mapping[str, Any]]] = []
    for line, found in batch:
        if isinstance(found, Mapping):
            good.append((line, found))
        elif isinstance(found, RequestError):
            stored.refuse(line, found)
        else:
            stored.refuse(line, RequestError(Code.REQUEST_REFUSED, "Value is not an object."))
    try:
        with repository.savepoint(model):
            if good:
                repository.create(model, [found for _, found in good])
        stored.count += len(good)
    except (RequestError, ConstraintError):
        for line, found in good:
            try:
                with repository.savepoint(model):
                    repository.create_one(model, found)
                stored.count += 1
            except (RequestError, ConstraintError) as problem:
                stored.refuse(line, problem)


def _line(entry: Mapping[str, Any]) -> int:
    return int(entry["line"])


def _told(line: int, problem: Exception) -> Mapping[str, Any]:
    fault = fault_of(problem)
    entry: dict[str, Any] = {
        "line": line,
        "statusCode": fault.status,
        "name": fault.name or "Error",
        "message": fault.message,
    }
    if fault.code is not None:
        entry["code"] = fault.code
    if fault.details is not None:
        entry["details"] = fault.details
    return entry


def _refused(stored: _Stored) -> RequestError:
    first = stored.errors[0]
    message = f"Nothing was stored: line {first['line']}: {first['message']}"
    return RequestError(
        Code.ROW_INVALID, message, status=first["statusCode"], name=first["name"], details=list(stored.errors)
    )
