"""Answering before a body was read to its end, so that the client gets to read the answer.

Where a connection is closed on a client that still sends, its system may throw the answer away (RFC 9112, 9.6).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar.types import Receive, Send

__all__ = ["answer_and_linger"]

MOST: Final = 256 * 1024 * 1024
"""Bytes that are read and thrown away."""
SECONDS: Final = 30.0
"""In all."""
PATIENCE: Final = 3.0
"""Seconds without anything from the client."""


async def answer_and_linger(
    answer: Callable[[Send], Awaitable[None]], scope: Any, receive: Receive, send: Send
) -> None:
    """Send an answer, then read what the client still says, within bounds, before the connection is closed."""
    end: list[Any] = []

    async def hold(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            end.append({"type": "http.response.body", "body": b"", "more_body": False})
            message = {**message, "more_body": True}
        await send(message)

    await answer(hold)
    if not any(name == b"expect" for name, _ in scope["headers"]):
        try:
            async with asyncio.timeout(SECONDS):
                await _drain(receive)
        except TimeoutError:
            pass
    for message in end:
        await send(message)


async def _drain(receive: Receive) -> None:
    read = 0
    more = True
    while more and read <= MOST:
        async with asyncio.timeout(PATIENCE):
            message: Any = await receive()
        if message["type"] == "http.disconnect":
            return
        read += len(message.get("body", b""))
        more = message.get("more_body", False)
