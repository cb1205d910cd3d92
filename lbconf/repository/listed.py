"""Rows of a list, one after another: the good ones are kept where others fail, as LoopBack has it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from lbconf.errors import ConstraintError
from lbconf.query.errors import RequestError
from lbconf.repository.errors import LOOPBACK_STATUS, Failure, several_failed

__all__ = ["all_made", "each_made"]

Sent = TypeVar("Sent")
Made = TypeVar("Made")


def all_made(sent: Sequence[Sent], make: Callable[[Sent], Made], *, handled: bool) -> list[Made]:
    """What is made of each. `handled` as below.

    Raises:
        RequestError: some failed; `details` has an entry for each.

    """
    made, failures = each_made(sent, make, handled=handled)
    if any(failures):
        raise several_failed(failures, status=LOOPBACK_STATUS)
    return made


def each_made(sent: Sequence[Sent], make: Callable[[Sent], Made], *, handled: bool) -> tuple[list[Made], list[Failure]]:
    """What is made of the good ones, and for each why it failed, or None.

    `handled`: whether LoopBack tells what the store refused; of a database it tells that there was an error.
    """
    made: list[Made] = []
    failures: list[Failure] = []
    for one in sent:
        try:
            made.append(make(one))
            failures.append(None)
        except RequestError as error:
            failures.append(error)
        except ConstraintError as error:
            failures.append(error if handled else _unhandled(error))
    return made, failures


def _unhandled(error: ConstraintError) -> Mapping[str, Any]:
    """An entry without a name; the message is ours."""
    return {"statusCode": LOOPBACK_STATUS, "message": getattr(error, "message", "Internal Server Error")}
