"""What is special about loans."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lbconf.code import HookContext, HttpError, RemoteContext, after_remote, after_save, before_remote, remote

DAYS = 28


@remote
def lend(context: RemoteContext, book_id: int, reader: str, days: int = DAYS) -> dict[str, Any]:
    """Answers POST /api/loans/lend; the hook below counts the copy."""
    due = datetime.now(UTC) + timedelta(days=days)
    return context.models.Loan.create({"bookId": book_id, "reader": reader, "due": due})


@remote("prototype.giveBack")
def give_back(context: RemoteContext, at: datetime | None = None) -> dict[str, Any]:
    """Answers POST /api/loans/7/give-back."""
    loan = context.instance or {}
    if loan.get("returned"):
        raise HttpError(409, "It is back already.", code="RETURNED")
    with context.models.Loan.transaction():
        book = context.models.Book.find_by_id(loan["bookId"])
        if book is not None:
            context.models.Book.update(book["id"], {"onLoan": book["onLoan"] - 1})
        return context.models.Loan.update(loan["id"], {"returned": at or datetime.now(UTC)})


@after_save
def count_copy(context: HookContext) -> None:
    """In the loan's own transaction: where no copy is left, the loan is taken back."""
    if not context.is_new_instance or context.instance is None:
        return
    book = context.models.Book.find_by_id(context.instance["bookId"])
    if book is None:
        raise HttpError(422, "There is no such book.", code="NO_BOOK")
    if book["onLoan"] >= book["copies"]:
        raise HttpError(409, "Every copy is lent.", code="ALL_LENT")
    context.models.Book.update(book["id"], {"onLoan": book["onLoan"] + 1})


@before_remote("create")
def lend_instead(_context: RemoteContext) -> None:
    """Loans are made by `lend`; its `create` inside goes through no remote hook."""
    raise HttpError(405, "Use POST /loans/lend.", code="USE_LEND")


@after_remote("*")
def say_who_answered(context: RemoteContext) -> None:
    """For every method of the model itself, not of instances."""
    context.headers["X-Desk"] = context.method
