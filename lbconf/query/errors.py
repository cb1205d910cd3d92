"""The error every refused request raises: a finding, and what an HTTP answer needs to say it."""

from collections.abc import Mapping
from typing import Any

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import QueryError

__all__ = ["RequestError", "malformed"]


class RequestError(QueryError):
    """A client asked for something that cannot be."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        status: int = 400,
        name: str = "Error",
        error_code: str | None = None,
        details: Mapping[str, Any] | list[Any] | None = None,
        hint: str | None = None,
    ) -> None:
        """Take the finding and the parts of an error body: HTTP status, `name`, `code` and `details`."""
        super().__init__(Diagnostic(code=code, message=message, hint=hint))
        self.message = message
        self.status = status
        self.name = name
        self.error_code = error_code
        self.details = details


def malformed(message: str, *, hint: str | None = None) -> RequestError:
    """The error for a filter whose shape is wrong."""
    return RequestError(Code.FILTER_MALFORMED, message, hint=hint)
