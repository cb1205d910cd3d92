"""`lbconf seed`: in the order of relations, once, in one transaction."""

import json
import sqlite3
from pathlib import Path

import pytest

from lbconf.cli import main

MODELS = {
    "author": "name: Author\ndataSource: db\nproperties:\n  name: {type: string, required: true}\n",
    "book": (
        "name: Book\ndataSource: db\nproperties:\n  title: string\nrelations:\n"
        "  author: {type: belongsTo, model: Author, foreignKey: authorId}\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "seed").mkdir()
    (base / "datasources.yaml").write_text("db:\n  connector: sqlite\n  file: books.db\n")
    for name, text in MODELS.items():
        (base / "models" / f"{name}.yaml").write_text(text)
    (base / "seed" / "author.yaml").write_text("- {id: 1, name: Ada}\n")
    (base / "seed" / "book.yaml").write_text("- {id: 5, title: Notes, authorId: 1}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_authors_come_before_their_books(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", "--auto-approve", "--quiet"]) == 0
    capsys.readouterr()

    assert main(["seed"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "db.Author  1 created, 0 updated, 0 unchanged",
        "db.Book    1 created, 0 updated, 0 unchanged",
        "2 rows written.",
    ]
    (root / "environments" / "base" / "seed" / "author.yaml").write_text("- {id: 1, name: Eve}\n")
    assert main(["seed"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "db.Author  0 created, 1 updated, 0 unchanged",
        "db.Book    0 created, 0 updated, 1 unchanged",
    ]


def test_one_refused_row_writes_none(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["apply", "--auto-approve", "--quiet"])
    (root / "environments" / "base" / "seed" / "book.yaml").write_text("- {id: 5, title: Notes, authorId: 99}\n")
    capsys.readouterr()

    assert main(["seed"]) == 1

    seen = capsys.readouterr().err
    assert "LB5054" in seen
    assert "environments/base/seed/book.yaml:1:3" in seen
    with sqlite3.connect(root / "books.db") as connection:
        count = connection.execute('SELECT count(*) FROM "Author"').fetchone()
    connection.close()
    assert count == (0,)


def test_a_table_that_is_not_there_yet(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed"]) == 1
    assert "hint: run `lbconf plan`, then apply" in capsys.readouterr().err


def test_files_on_the_command_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["apply", "--auto-approve", "--quiet"])
    capsys.readouterr()
    (root / "Author.json").write_text(json.dumps([{"id": 3, "name": "Joan"}]))

    assert main(["seed", "Author.json"]) == 0

    assert capsys.readouterr().out.splitlines()[-1] == "1 row written."


def test_nothing_to_seed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (root / "environments" / "base" / "seed").iterdir():
        path.unlink()

    assert main(["seed"]) == 0
    assert "There are no seed rows" in capsys.readouterr().out
