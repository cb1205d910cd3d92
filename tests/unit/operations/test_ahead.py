"""A copy of this process prepares itself while this one still reads."""

import os
from pathlib import Path

import pytest

from lbconf.operations import ahead
from lbconf.operations.ahead import Ahead
from lbconf.operations.apart import FailedApartError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be copied here")


def doubled(number: int) -> tuple[int, int]:
    return os.getpid(), 2 * number


def failing() -> None:
    raise ValueError


def test_what_is_told_later_is_done_in_the_copy() -> None:
    told = Ahead(lambda: None).tell(doubled, 21)
    assert told is not None
    process, result = told.result()
    assert result == 42
    assert process != os.getpid()


def test_a_copy_that_fails_or_cannot_prepare_gives_nothing() -> None:
    for made, work in ((Ahead(lambda: None), failing), (Ahead(failing), doubled)):
        told = made.tell(work)
        if told is not None:
            with pytest.raises(FailedApartError):
                told.result()


def test_what_cannot_be_pickled_is_not_told() -> None:
    assert Ahead(lambda: None).tell(doubled, lambda: None) is None


@pytest.mark.parametrize(
    ("arguments", "text", "begins"),
    [
        (["plan"], "db:\n  connector: postgresql\n", True),
        (["-q", "plan", "--format=json"], "db:\n  connector: postgresql\n", True),
        (["plan"], "db:\n  connector: sqlite\n", False),
        (["plan", "--url=postgresql://x"], "db:\n  connector: postgresql\n", False),
        (["plan", "--help"], "db:\n  connector: postgresql\n", False),
        (["validate"], "db:\n  connector: postgresql\n", False),
    ],
)
def test_a_copy_is_begun_where_a_server_will_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str, *, begins: bool
) -> None:
    (tmp_path / "environments" / "base").mkdir(parents=True)
    (tmp_path / "environments" / "base" / "datasources.yaml").write_text(text)
    begun: list[object] = []
    monkeypatch.setattr(ahead, "Ahead", begun.append)
    monkeypatch.setattr(ahead, "possible", lambda: True)
    for said in (["--project", str(tmp_path), *arguments], [*arguments, f"--project={tmp_path}"]):
        begun.clear()
        ahead.start(said)
        assert bool(begun) is begins
        ahead._STARTED.clear()
    monkeypatch.setattr(ahead, "possible", lambda: False)
    begun.clear()
    ahead.start(["--project", str(tmp_path), "plan"])
    assert begun == []
