"""What is special about books."""

from collections.abc import Mapping
from typing import Any

from lbconf.code import (
    HookContext,
    HttpError,
    RemoteContext,
    access,
    before_delete,
    before_save,
    loaded,
    remote,
    validator,
)

ISBN_DIGITS = 13


@validator("isbn", message="is no ISBN-13", code="custom.isbn")
def isbn_adds_up(value: Any, _row: Mapping[str, Any]) -> bool:
    """The last digit of an ISBN-13 makes the weighted sum a multiple of ten."""
    digits = str(value or "")
    if len(digits) != ISBN_DIGITS or not digits.isdigit():
        return False
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10 == 0


@before_save
def tidy(context: HookContext) -> None:
    """Titles without stray spaces, ISBNs without dashes."""
    if context.row.get("title"):
        context.row["title"] = " ".join(context.row["title"].split())
    if context.row.get("isbn"):
        context.row["isbn"] = context.row["isbn"].replace("-", "")


@access
def leave_out_withdrawn(context: HookContext) -> None:
    """Nobody finds a book that was withdrawn, unless they ask for it."""
    query = context.query if context.query is not None else {}
    where = query.get("where") or {}
    if "withdrawn" not in str(where):
        query["where"] = {"and": [where, {"withdrawn": False}]} if where else {"withdrawn": False}
        context.query = query


@loaded
def count_free(context: HookContext) -> None:
    """`free` is no column: it is worked out when a book is read."""
    data = context.data or {}
    if "copies" in data and "onLoan" in data:
        data["free"] = data["copies"] - data["onLoan"]


@before_delete
def keep_lent(context: HookContext) -> None:
    """A book whose copies are out is not deleted."""
    if context.models.Book.count({"and": [context.where or {}, {"onLoan": {"gt": 0}}]}):
        raise HttpError(409, "A copy of it is lent.", code="LENT")


@remote
async def cheapest_shelf(context: RemoteContext, least: int | None = None) -> dict[str, int]:
    """Answers GET /api/books/shelves. Functions may be async, too."""
    books = context.models.Book.find({"where": {"copies": {"gte": least or 0}}})
    return {"titles": len(books), "free": sum(book["free"] for book in books)}
