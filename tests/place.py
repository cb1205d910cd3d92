"""A native project with one data source, on SQLite, PostgreSQL or MariaDB, and what a user does with it."""

import contextlib
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lbconf.cli import main
from tests.servers_mysql import MysqlServer

__all__ = ["KINDS", "Place", "made", "made_of_kind"]

KINDS = ("sqlite", "postgresql", "mysql")


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
        """Execute statements, names in double quotes, and return the rows of the last."""
        found: list[tuple[Any, ...]] = []
        if self.url is None:
            with closing(sqlite3.connect(self.root / "app.db", isolation_level=None)) as file:
                for statement in statements:
                    found = file.execute(statement).fetchall()
            return found
        if self.url.startswith("mysql:"):
            server = MysqlServer(url=self.url, origin="")
            with closing(server.connect(sql_mode="ANSI_QUOTES")) as session, session.cursor() as asked:
                for statement in statements:
                    asked.execute(statement)
                return list(asked.fetchall())
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                found = cursor.fetchall() if cursor.description else []
        return found

    def tables(self, beginning: str = "") -> list[str]:
        """Names of the tables that begin so."""
        if self.url is None:
            asked = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            schema = "database()" if self.url.startswith("mysql:") else "current_schema()"
            asked = f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}"
        return sorted(str(name) for (name,) in self.rows(asked) if str(name).startswith(beginning))


def made(root: Path, url: str | None) -> Place:
    """A project without models, its data source named `db`."""
    kind = "sqlite" if url is None else "mysql" if url.startswith("mysql:") else "postgresql"
    source = f"  connector: {kind}\n" + ("  file: app.db\n" if url is None else f"  url: '{url}'\n")
    place = Place(root, url, source)
    place.write("datasources.yaml", f"db:\n{source}")
    return place


def made_of_kind(request: pytest.FixtureRequest, root: Path) -> Place:
    """A project as `made` gives it, for a fixture whose parameter is one of `KINDS`."""
    return made(root, None if request.param == "sqlite" else str(request.getfixturevalue(f"{request.param}_url")))
