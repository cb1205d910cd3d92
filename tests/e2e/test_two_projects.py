"""Two projects on one database: the second one hears whose tables it is about to drop, and drops none by accident."""

from pathlib import Path

from tests.serving import run_lbconf


def project(root: Path, database: Path, models: dict[str, str], more: str = "") -> str:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    for name, text in models.items():
        (base / "models" / f"{name}.yaml").write_text(text)
    (base / "datasources.yaml").write_text(f"db: {{connector: sqlite, file: {database}{more}}}\n")
    (base / "server.yaml").write_text("{}\n")
    return str(root)


NOTE = {"note": "dataSource: db\nproperties: {title: string}\n"}
INVOICE = {"invoice": "dataSource: db\nproperties: {total: number, due: date}\n"}


def test_the_plan_tells_whose_tables_it_would_drop(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    first = project(tmp_path / "a", database, NOTE)
    second = project(tmp_path / "b", database, INVOICE)
    assert run_lbconf("apply", "--project", first, "--yes").returncode == 0

    planned = run_lbconf("plan", "--project", second)
    applied = run_lbconf("apply", "--project", second, "--yes")

    assert "LB4033" in planned.stderr
    assert "lbconf made Note for other models (development, " in planned.stderr
    assert applied.returncode != 0
    assert "Nothing to do" in run_lbconf("plan", "--project", first).stdout


def test_onremove_keep_leaves_them(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    first = project(tmp_path / "a", database, NOTE)
    second = project(tmp_path / "b", database, INVOICE, ", structure: {onRemove: keep}")
    assert run_lbconf("apply", "--project", first, "--yes").returncode == 0

    planned = run_lbconf("plan", "--project", second)
    assert "LB4033" not in planned.stderr
    assert run_lbconf("apply", "--project", second, "--yes").returncode == 0
    inspected = run_lbconf("inspect", "--project", second)
    assert "Note" in inspected.stdout
    assert "Invoice" in inspected.stdout


def test_a_project_whose_model_is_renamed_hears_nothing_of_others(tmp_path: Path) -> None:
    database = tmp_path / "own.db"
    first = project(tmp_path / "a", database, NOTE)
    assert run_lbconf("apply", "--project", first, "--yes").returncode == 0
    renamed = {"letter": "dataSource: db\nrenamedFrom: Note\nproperties: {title: string}\n"}

    planned = run_lbconf("plan", "--project", project(tmp_path / "b", database, renamed))

    assert planned.returncode == 0
    assert "LB4033" not in planned.stderr
