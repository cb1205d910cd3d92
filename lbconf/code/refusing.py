"""The error by which a project's code answers a request with a status of its choice."""

from collections.abc import Mapping
from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["HttpError"]


class HttpError(RequestError):
    """Raise it in any hook or method: the client gets this status and LoopBack's error body with these parts."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        name: str = "Error",
        details: Mapping[str, Any] | list[Any] | None = None,
    ) -> None:
        """Take the HTTP status (400 to 599), what went wrong, and `code`, `name` and `details` of the body."""
        super().__init__(Code.CODE_REFUSED, message, status=status, name=name, error_code=code, details=details)
