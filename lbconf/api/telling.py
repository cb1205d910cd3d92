"""What the log says of requests that are not answered as asked."""

from typing import Any

from lbconf.api.access.json_web_tokens import InvalidTokenError
from lbconf.api.log import JsonLog, request_fields

__all__ = ["tell_of_refusal"]


def tell_of_refusal(log: JsonLog, error: Exception, scope: Any, *, ours: bool) -> None:
    """A line for what failed on our side, and for a JSON Web Token that does not hold: why, never the token."""
    if ours:
        log.failure(error, **request_fields(scope))
    elif isinstance(error, InvalidTokenError) and error.reason is not None:
        log.seldom("info", "token-refused", reason=error.reason, **request_fields(scope))
