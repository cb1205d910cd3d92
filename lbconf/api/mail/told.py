"""What the log says of mail when the server starts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lbconf.api.endpoints import Endpoint
from lbconf.api.log import JsonLog
from lbconf.api.mail.post import Post

__all__ = ["tell_of_mail"]


TOLD: Final = "no-mail"
"""A file that the first of several processes makes."""


def tell_of_mail(
    post: Post | None,
    endpoints: Iterable[Endpoint],
    log: JsonLog,
    *,
    again: bool = False,
    folder: Path | None = None,
) -> None:
    """Say so where users may ask for letters and nothing sends them: once in a process, or where some share a folder.

    `again`: the process has served before.
    """
    if post is None and not again and any(endpoint.action == "user_reset" for endpoint in endpoints):
        if folder is not None:
            try:
                (folder / TOLD).touch(exist_ok=False)
            except OSError:
                return
        message = "no data source sends mail: nobody gets a letter to confirm an address or to set a password"
        log.event("info", "no-mail", message=message)
