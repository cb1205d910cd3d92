"""No command prints a secret: not under a wrong shape, not where another value repeats it, not in a message."""

from pathlib import Path

import pytest

from tests.serving import run_lbconf

PASSWORD = "Tr0ub4dor-and-3"
SHAPES = {
    "repeated by a variable": f"db: {{connector: postgresql, url: 'postgresql://u:{PASSWORD}@127.0.0.1:1/x',"
    " description: 'also ${MYPW}', other: '${PLAIN}'}",
    "repeated by another setting": f"db: {{connector: postgresql, host: 'x:{PASSWORD}@127.0.0.1', port: 1,"
    f" password: {PASSWORD}, user: u}}",
    "below password": f"db: {{connector: postgresql, port: 1, password: {{a: {PASSWORD}}}}}",
    "below url": f"db: {{connector: postgresql, port: 1, url: {{a: {PASSWORD}}}}}",
    "below url, on lines of its own": f"db:\n  connector: postgresql\n  url:\n    a:\n      - {PASSWORD}",
    "in a list": f"db: {{connector: postgresql, port: 1, password: [{{a: {PASSWORD}}}]}}",
    "in a url without slashes": f"db: {{connector: postgresql, url: 'postgresql:u:{PASSWORD}@127.0.0.1/x'}}",
    "as the name of a connector": f"db: {{connector: {PASSWORD}, password: {PASSWORD}}}",
}
COMMANDS = (
    ("validate",),
    *(("validate", "--format", form) for form in ("json", "sarif", "github", "junit")),
    ("config",),
    ("config", "--format", "json"),
    ("config", "--raw"),
    *(
        ("explain", f"/datasources/db/{key}")
        for key in ("url", "password", "host", "description", "other", "connector")
    ),
    ("diff", "development", "production"),
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "sql"),
    ("plan", "--format", "markdown", "--check-data"),
    ("inspect", "--format", "json"),
    ("apply", "--auto-approve"),
    ("seed",),
    ("history",),
    ("openapi",),
    ("serve", "--port", "0", "--reload", "--workers", "2"),
)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_command_prints_a_secret(shape: str, tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(f"{SHAPES[shape]}\n")
    (base / "models" / "note.yaml").write_text("{name: Note, dataSource: db, properties: {text: string}}\n")
    for environment in ("development", "production"):
        (tmp_path / "environments" / environment).mkdir()
    (tmp_path / "environments" / "production" / "datasources.yaml").write_text(
        f"db: {{description: 'in production {PASSWORD}'}}\n"
    )
    environ = {"MYPW": PASSWORD, "PLAIN": PASSWORD}
    for command in COMMANDS:
        done = run_lbconf(*command, "--project", str(tmp_path), variables=environ)
        assert PASSWORD not in done.stdout + done.stderr, command
    told = run_lbconf("config", "--show-secrets", "--project", str(tmp_path), variables=environ)
    assert PASSWORD in told.stdout


def test_a_url_on_the_command_line_without_slashes(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: postgresql}\n")
    done = run_lbconf("plan", "--project", str(tmp_path), "--url", f"postgresql:u:{PASSWORD}@127.0.0.1/x")
    assert done.returncode == 1
    assert PASSWORD not in done.stdout + done.stderr
    assert "must start with postgresql://" in done.stderr
