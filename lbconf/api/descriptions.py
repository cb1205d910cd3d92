"""Descriptions of the API as they are served: made when first asked for, kept, told apart by their digest."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from litestar import Request, Response

from lbconf.api.present import encode

__all__ = ["Description"]


class Description:
    """One document. It is made once, in a thread, so that a large one keeps no other request waiting."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        """Take what makes the document."""
        self._make = make
        self._lock = asyncio.Lock()
        self._made: tuple[bytes, str] | None = None

    async def answer(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The document, or 304 for a client that has it."""
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(self._build)
        body, tag = self._made
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers=headers)
        return Response(body, media_type="application/json; charset=utf-8", headers=headers)

    def _build(self) -> tuple[bytes, str]:
        body = encode(self._make())
        return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
