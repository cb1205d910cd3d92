"""Where the database of a SQLite data source is."""

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from lbconf.connectors.sqlite.settings import SqliteSettings

__all__ = ["MEMORY", "database_path"]

MEMORY: Final = ":memory:"


def database_path(settings: "SqliteSettings", root: Path | None) -> Path | None:
    """The database's file, absolute; None for a database in memory.

    `sqlite:///relative` and `sqlite:////absolute` as SQLAlchemy and others write them.
    """
    file = settings.file
    if settings.url:
        file = unquote(settings.url.partition(":")[2].partition("?")[0])
        file = file.removeprefix("///") if file.startswith("///") else file.removeprefix("//")
    if file in {MEMORY, ""}:
        return None
    return ((root or Path.cwd()) / Path(file).expanduser()).absolute()
