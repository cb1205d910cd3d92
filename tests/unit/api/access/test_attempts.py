from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.api.access import attempts
from lbconf.api.access.attempts import Attempts, TooManyError
from lbconf.project.access_settings import LoginLimits

LIMITS = LoginLimits(attempts=3, per_account=5, per_address=7, seconds=60)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_no_more_failures_pass_than_each_limit_allows(tries: list[tuple[str, str]]) -> None:
    counted = Attempts(LIMITS, Clock())
    passed: Counter[tuple[str, str]] = Counter()
    for account, address in tries:
        try:
            counted.begin(account, address)
        except TooManyError:
            reached = (
                passed[(account, address)] >= LIMITS.attempts
                or sum(n for (name, _), n in passed.items() if name == account) >= LIMITS.per_account
                or sum(n for (_, place), n in passed.items() if place == address) >= LIMITS.per_address
            )
            assert reached
        else:
            passed[(account, address)] += 1
    assert all(count <= LIMITS.attempts for count in passed.values())
    for letter in "abc":
        assert sum(n for (name, _), n in passed.items() if name == letter) <= LIMITS.per_account
    for letter in "xyz":
        assert sum(n for (_, place), n in passed.items() if place == letter) <= LIMITS.per_address


def test_failures_are_forgotten_in_time_and_by_a_good_login() -> None:
    clock = Clock()
    counted = Attempts(LIMITS, clock)
    for _ in range(3):
        counted.begin("a", "x")
    clock.now = 59
    with pytest.raises(TooManyError) as refused:
        counted.begin("a", "x")
    assert refused.value.headers == ((b"retry-after", b"2"),)
    clock.now = 61
    counted.begin("a", "x")
    counted.begin("a", "x")
    counted.begin("a", "x")
    counted.forgive("a", "x")
    counted.begin("a", "x")


def test_what_was_no_attempt_does_not_forgive_those_before() -> None:
    counted = Attempts(LIMITS, Clock())
    for _ in range(2):
        counted.begin("a", "x")
    counted.begin("a", "x")
    counted.take_back("a", "x")
    counted.begin("a", "x")
    with pytest.raises(TooManyError):
        counted.begin("a", "x")


def test_accounts_count_whatever_their_case_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST", 100)
    counted = Attempts(LoginLimits(attempts=1, per_account=10**9, per_address=10**9), Clock())
    counted.begin("Ann", "x")
    with pytest.raises(TooManyError):
        counted.begin("aNN", "x")
    for number in range(1000):
        counted.begin(f"user {number}", f"address {number}")
    assert len(counted._counts) == 100


def test_the_addresses_that_one_client_can_choose_from_count_as_one() -> None:
    counted = Attempts(LoginLimits(attempts=9, per_account=9, per_address=2), Clock())
    counted.begin("a", "2001:db8::1")
    counted.begin("b", "2001:db8::ffff:2%eth0")
    with pytest.raises(TooManyError):
        counted.begin("c", "2001:db8:0:0:9::")
    counted.begin("d", "2001:db8:0:1::1")
    counted.begin("e", "::ffff:192.0.2.1")
    counted.begin("f", "192.0.2.1")
    with pytest.raises(TooManyError):
        counted.begin("g", "192.0.2.1")
