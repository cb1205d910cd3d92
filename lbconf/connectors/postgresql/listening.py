"""Messages that other sessions send, until nobody wants them any more.

Source: PostgreSQL manual, LISTEN and NOTIFY.
"""

from collections.abc import Callable
from threading import Event
from typing import Any, Final

import psycopg
from psycopg import sql

__all__ = ["listen"]

LOOK_SECONDS: Final = 0.5
"""How often it is looked whether anybody still wants messages."""


def listen(connection: psycopg.Connection[Any], channel: str, told: Callable[[str], None], stop: Event) -> None:
    """Call `told` with an empty text once it listens, then with each message. Raises psycopg's errors."""
    with connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)), prepare=False)
        told("")
        while not stop.is_set():
            for message in connection.notifies(timeout=LOOK_SECONDS):
                told(message.payload)
                if stop.is_set():
                    break
