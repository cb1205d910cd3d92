"""Which server it is: MySQL or MariaDB, and of which version. What differs between them is decided from this alone."""

import re
from typing import Final

from lbconf.records import dataclass

__all__ = ["NEWEST_MARIADB", "NEWEST_MYSQL", "Server", "read_version"]


@dataclass(frozen=True, slots=True)
class Server:
    """A server's kind and version."""

    mariadb: bool
    version: tuple[int, int, int]

    @property
    def title(self) -> str:
        """For people: `MariaDB 10.11.6`."""
        return f"{'MariaDB' if self.mariadb else 'MySQL'} {'.'.join(map(str, self.version))}"

    def since(self, *, mariadb: tuple[int, ...] | None, mysql: tuple[int, ...] | None) -> bool:
        """Whether it is at least of this version of its kind; None: its kind has it not."""
        wanted = mariadb if self.mariadb else mysql
        return wanted is not None and self.version >= wanted

    @property
    def exact_collation(self) -> str:
        """The collation that tells all texts apart, trailing spaces too, and orders them by code point."""
        if self.mariadb:
            return "utf8mb4_nopad_bin"
        return "utf8mb4_0900_bin" if self.version >= (8, 0, 17) else "utf8mb4_bin"

    @property
    def returning(self) -> bool:
        """Whether INSERT ... RETURNING is there."""
        return self.since(mariadb=(10, 5), mysql=None)

    @property
    def json_type(self) -> bool:
        """Whether JSON is a type of its own, not another name of LONGTEXT with a check."""
        return not self.mariadb

    @property
    def enforced_checks(self) -> bool:
        """Whether CHECK constraints are kept and enforced."""
        return self.since(mariadb=(10, 2, 1), mysql=(8, 0, 16))

    @property
    def expression_defaults(self) -> bool:
        """Whether a default may be any expression."""
        return self.since(mariadb=(10, 2, 1), mysql=(8, 0, 13))

    @property
    def instant_columns(self) -> bool:
        """Whether a column can be added at the end without touching the rows."""
        return self.since(mariadb=(10, 3, 2), mysql=(8, 0, 12))

    @property
    def expression_indexes(self) -> bool:
        """Whether an index may be over an expression."""
        return self.since(mariadb=None, mysql=(8, 0, 13))

    @property
    def invisible_indexes(self) -> bool:
        """Whether an index can be hidden from the optimizer: `INVISIBLE`, MariaDB's `IGNORED`."""
        return self.since(mariadb=(10, 6), mysql=(8, 0, 0))

    @property
    def renames_columns(self) -> bool:
        """Whether `RENAME COLUMN` is there."""
        return self.since(mariadb=(10, 5, 2), mysql=(8, 0, 3))


NEWEST_MYSQL: Final = Server(mariadb=False, version=(8, 4, 0))
NEWEST_MARIADB: Final = Server(mariadb=True, version=(11, 4, 0))


def read_version(text: str) -> Server:
    """The server of a `SELECT VERSION()`: `10.11.6-MariaDB-0+deb12u1`, `8.4.3`, `5.5.5-10.6.1-MariaDB`."""
    mariadb = "mariadb" in text.lower()
    bare = text.removeprefix("5.5.5-") if mariadb else text
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", bare)
    if numbers is None:
        return NEWEST_MARIADB if mariadb else NEWEST_MYSQL
    return Server(mariadb=mariadb, version=(int(numbers[1]), int(numbers[2]), int(numbers[3] or 0)))
