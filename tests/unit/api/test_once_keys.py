"""Whose answers are kept under an Idempotency-Key."""

from typing import Any

from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.once import IDEMPOTENCY_KEY, _key
from lbconf.api.request import Request

REQUEST = Request(verb="POST", path="/api/wares", query_string=b"", headers={IDEMPOTENCY_KEY: b"k"}, client=None)


def of(**about: Any) -> Caller:
    return Caller(**about)


def test_nobody_gets_what_was_kept_for_somebody_else() -> None:
    callers = [
        NOBODY,
        of(user_model="Person", user_id=1),
        of(user_model="Person", user_id=2),
        of(user_model="Clerk", user_id=1),
        of(user_model=None, user_id="1", token={"iss": "one"}),
        of(user_model=None, user_id="1", token={"iss": "other"}),
        of(user_model=None, user_id=None, application_id="1"),
    ]
    keys = [_key(REQUEST, caller) for caller in callers]
    assert len(set(keys)) == len(keys)
    assert keys == [_key(REQUEST, caller) for caller in callers]
