"""The errors that the endpoints of users answer with."""

from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["refused"]


def refused(message: str, status: int, code: str | None = None, details: Any = None) -> RequestError:
    """The error with LoopBack's words."""
    return RequestError(Code.REQUEST_REFUSED, message, status=status, error_code=code, details=details)
