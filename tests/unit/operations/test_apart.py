"""Work in a copy of this process."""

import os

import pytest

from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import ConnectionFailedError
from lbconf.operations.apart import Apart, FailedApartError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be copied here")
PROBLEM = Diagnostic(code=Code.CONNECTION_FAILED, message="no", location=Location(file="a.yaml", line=1, column=2))


def doubled(number: int) -> tuple[int, int]:
    return os.getpid(), 2 * number


def long_text(number: int) -> str:
    return "x" * number


def failing() -> None:
    raise ValueError


def refusing() -> None:
    raise ConnectionFailedError(PROBLEM, data_source="db", connector="postgresql")


def test_what_is_asked_is_done_in_the_copy_one_after_the_other() -> None:
    apart = Apart()
    assert apart.ask(doubled, 21)
    process, result = apart.answer()
    assert result == 42
    assert process != os.getpid()
    assert apart.ask(doubled, 4)
    assert apart.answer() == (process, 8)
    assert apart.ask(long_text, 5_000_000)
    assert len(apart.answer()) == 5_000_000
    apart.forget()


def test_a_copy_that_fails_or_cannot_prepare_gives_nothing() -> None:
    for made, work in ((Apart(), failing), (Apart(failing), doubled)):
        if made.ask(work):
            with pytest.raises(FailedApartError):
                made.answer()
        made.forget()
        made.forget()


def test_an_error_of_ours_comes_back_as_it_is_and_the_copy_goes_on() -> None:
    apart = Apart()
    assert apart.ask(refusing)
    with pytest.raises(ConnectionFailedError) as caught:
        apart.answer()
    assert caught.value.diagnostics == (PROBLEM,)
    assert (caught.value.data_source, caught.value.connector, str(caught.value)) == ("db", "postgresql", "no")
    assert apart.ask(doubled, 1)
    assert apart.answer()[1] == 2
    apart.forget()


def test_what_cannot_be_pickled_is_not_told() -> None:
    apart = Apart()
    assert not apart.ask(doubled, lambda: None)
    apart.forget()


def test_a_copy_ends_when_nobody_can_ask_any_more() -> None:
    apart = Apart()
    assert apart.ask(doubled, 1)
    process, _ = apart.answer()
    os.close(apart._tell)
    assert os.waitpid(process, 0) == (process, 0)
    os.close(apart._hear)
