"""Files without an end and values nested without one are refused at once, wherever they may be given."""

from pathlib import Path

import pytest

from tests.serving import run_lbconf

DEEP = "[" * 30_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "seed").mkdir()
    (base / "datasources.yaml").write_text("db: {connector: sqlite, file: rows.db}\n")
    (base / "models" / "note.yaml").write_text("{name: Note, dataSource: db, properties: {text: string}}\n")
    return tmp_path


def refused(*arguments: str, code: str) -> None:
    done = run_lbconf(*arguments, seconds=20)
    assert done.returncode == 1
    assert code in done.stderr + done.stdout
    assert "itself failed" not in done.stderr


def test_a_plan_file_that_never_ends(project: Path) -> None:
    refused("apply", "/dev/zero", "--project", str(project), code="LB4011")


def test_a_plan_file_that_is_nested_deeply(project: Path) -> None:
    (project / "deep.plan").write_text(DEEP)
    refused("apply", str(project / "deep.plan"), "--project", str(project), code="LB4011")
    (project / "deep.plan").write_text('{"format": "lbconf plan", "version": 1, "x": ' + "[" * 900 + "]" * 900 + "}")
    refused("apply", str(project / "deep.plan"), "--project", str(project), code="LB40")


@pytest.mark.parametrize("value", [DEEP, "{a: " * 20_000, "[" * 900 + "]" * 900])
def test_an_override_that_is_nested_deeply(value: str, project: Path) -> None:
    refused("config", "--project", str(project), "--set", f"/server/x={value}", code="LB")


@pytest.mark.parametrize("path", ["/dev/zero", "deep.yaml"])
def test_a_seed_file(path: str, project: Path) -> None:
    seed = project / "environments" / "base" / "seed" / "note.yaml"
    if path == "/dev/zero":
        seed.symlink_to(path)
    else:
        seed.write_text(DEEP)
    refused("seed", "--project", str(project), code="LB")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_files_that_discovery_reads_again(force: tuple[str, ...], project: Path) -> None:
    assert run_lbconf("apply", "--auto-approve", "--project", str(project)).returncode == 0
    out = project / "out"
    url = f"sqlite:///{project / 'rows.db'}"
    (out / ".lbconf").mkdir(parents=True)
    (out / ".lbconf" / "discovered.json").write_text(DEEP)
    done = run_lbconf("discover", "--url", url, "--out", str(out), seconds=20)
    assert done.returncode == 0, done.stderr
    (out / "environments" / "base" / "models" / "Note.yaml").unlink()
    (out / "environments" / "base" / "models" / "Note.yaml").symlink_to("/dev/zero")
    (out / ".lbconf" / "discovered.json").unlink()
    (out / ".lbconf" / "discovered.json").symlink_to("/dev/zero")
    done = run_lbconf("discover", "--url", url, "--out", str(out), *force, seconds=20)
    assert "itself failed" not in done.stderr
    assert (done.returncode, "LB1003" in done.stderr) == (1, True), "a device is replaced by nobody, forced or not"
