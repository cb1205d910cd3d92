"""Sending a user the letter that confirms their address."""

import secrets

from lbconf.api.actions.call import NOTHING, Answer, Call
from lbconf.api.mail.letters import Desk, no_mail, send_verification
from lbconf.repository.errors import no_model_with_id

__all__ = ["verify"]

TOKEN_BYTES = 64


def verify(call: Call) -> Answer:
    """Keep a new verification token, and send the link with it."""
    model = call.endpoint.model
    user = call.repository.row_by_id(model, call.id)
    if user is None:
        raise no_model_with_id(call.id)
    if call.post is None:
        raise no_mail(model)
    token = secrets.token_hex(TOKEN_BYTES)
    call.repository.patch_row(model, user, {"verificationToken": token}, checked=False)
    send_verification(Desk(post=call.post, project=call.repository.project, model=model), user, token)
    return NOTHING
