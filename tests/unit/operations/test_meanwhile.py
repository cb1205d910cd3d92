"""Waiting for a server while something else is worked out."""

from threading import Event, active_count

import pytest

from lbconf.operations.meanwhile import meanwhile


def test_both_go_on_side_by_side() -> None:
    here, there = Event(), Event()

    def work() -> int:
        there.set()
        assert here.wait(10)
        return 7

    with meanwhile(work) as result:
        assert there.wait(10)
        here.set()
        assert result() == 7
    assert result() == 7


def test_an_error_is_raised_where_somebody_waits() -> None:
    with meanwhile(lambda: 1 // 0) as result:
        pass
    with pytest.raises(ZeroDivisionError):
        result()


def test_what_the_block_raises_wins_and_the_thread_has_ended() -> None:
    before = active_count()
    with pytest.raises(LookupError), meanwhile(lambda: 1 // 0):
        raise LookupError
    assert active_count() == before
