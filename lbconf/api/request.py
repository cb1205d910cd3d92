"""A request as it came, without its body."""

from collections.abc import Mapping

from lbconf.records import dataclass

__all__ = ["Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What access control, hooks and conditional answers look at."""

    verb: str
    path: str
    """Below the REST root, percent-encoded, beginning with a slash."""
    query_string: bytes
    headers: Mapping[bytes, bytes]
    """Names in lower case; of several of one name the last."""
    client: str | None = None
    """Address of who sent it."""
