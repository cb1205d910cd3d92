"""A copy of this process prepares itself while this one still reads."""

from pathlib import Path

import pytest

from lbconf.operations import ahead


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
    monkeypatch.setattr(ahead, "Apart", begun.append)
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
