"""A native project with one data source, on SQLite or PostgreSQL, and what a user does with it."""

import contextlib
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from lbconf.cli import main

__all__ = ["Place", "made"]


@dataclass
class Place:
    root: Path
    url: str | None
    """None: SQLite, in `app.db`."""
    source: str
    """The data source's settings as lines of YAML, indented."""

    def write(self, name: str, text: str) -> None:
        path = self.root / "environments" / "base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remove(self, name: str) -> None:
        (self.root / "environments" / "base" / name).unlink()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and messages of a command."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def json(self, *arguments: str) -> Any:
        """What a command prints as JSON for the data source."""
        _, out, err = self.run(*arguments, "--format", "json")
        assert out, err
        (found,) = json.loads(out)["data_sources"]
        return found

    def apply(self, *arguments: str) -> None:
        """Apply, and be done."""
        code, out, err = self.run("apply", "--auto-approve", *arguments)
        assert code == 0, out + err

    def changes(self) -> list[str]:
        """Kinds of the changes that are planned."""
        return [change["kind"] for change in self.json("plan")["changes"]]

    def rows(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements and return the rows of the last."""
        found: list[tuple[Any, ...]] = []
        if self.url is None:
            with closing(sqlite3.connect(self.root / "app.db", isolation_level=None)) as file:
                for statement in statements:
                    found = file.execute(statement).fetchall()
            return found
        with psycopg.connect(self.url, autocommit=True) as server:
            for statement in statements:
                cursor = server.execute(statement.encode())
                found = cursor.fetchall() if cursor.description else []
        return found


def made(root: Path, url: str | None) -> Place:
    """A project without models, its data source named `db`."""
    source = "  connector: sqlite\n  file: app.db\n" if url is None else f"  connector: postgresql\n  url: '{url}'\n"
    place = Place(root, url, source)
    place.write("datasources.yaml", f"db:\n{source}")
    return place
