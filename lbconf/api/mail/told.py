"""What the log says of mail when the server starts."""

from collections.abc import Iterable

from lbconf.api.endpoints import Endpoint
from lbconf.api.log import JsonLog
from lbconf.api.mail.post import Post

__all__ = ["tell_of_mail"]


def tell_of_mail(post: Post | None, endpoints: Iterable[Endpoint], log: JsonLog) -> None:
    """Say so where users may ask for letters and nothing sends them."""
    if post is None and any(endpoint.action == "user_reset" for endpoint in endpoints):
        message = "no data source sends mail: nobody gets a letter to confirm an address or to set a password"
        log.event("info", "no-mail", message=message)
