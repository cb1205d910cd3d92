"""What happens before the first request."""

import logging
import os

from lbconf.code import BootContext, boot

LOG = logging.getLogger("lending")


@boot
def appoint_head(context: BootContext) -> None:
    """The first clerk, a senior one, where there is none and HEAD_PASSWORD says with which password."""
    password = os.environ.get("HEAD_PASSWORD")
    if password and not context.models.Clerk.count():
        context.models.Clerk.create({"email": "head@example.org", "password": password, "grade": 2})


@boot
def count_books(context: BootContext) -> None:
    """Say how many books there are. A mistake here, or a table that is missing, stops the start."""
    LOG.info("%d books", context.models.Book.count())
