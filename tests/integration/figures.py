"""How often each kind of fault was tried on each server, counted by the tests that try them, for docs/applying.md.

`python -m tests.integration.figures` runs them all and writes the table anew. A test counts a fault after it saw that
the next apply reached the end of the plan and that every row was there: a row of the table speaks of nothing else.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

__all__ = ["FAULTS", "SERVERS", "counted", "documented", "overcame", "table"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "applying.md"
BEGIN, END = "<!-- faults begin -->", "<!-- faults end -->"
VARIABLE = "LBCONF_TEST_FIGURES"
SERVERS = ("PostgreSQL", "MariaDB", "SQLite")
FAULTS = (
    "`kill -9` before or after a step",
    "`kill -9` before or after a statement",
    "`kill -9` after a batch of rows",
    "connection cut",
    "server stopped at once, started again",
    "disk full",
    "may not write any more",
    "lock held by somebody else",
    "two at once",
)
STEP, STATEMENT, ROWS, CUT, STOPPED, FULL, READ_ONLY, LOCK, TWO = FAULTS
TESTS = (
    "tests/integration/postgresql/test_interrupted.py",
    "tests/integration/postgresql/test_outages.py",
    "tests/integration/mysql/test_interrupted.py",
    "tests/integration/mysql/test_outages.py",
    "tests/integration/sqlite/test_interrupted.py",
    "tests/integration/sqlite/test_outages.py",
)


def overcame(server: str, fault: str) -> None:
    """Count a fault after which the end was reached and no row was lost, where somebody wants to know."""
    assert server in SERVERS
    assert fault in FAULTS
    if VARIABLE in os.environ:
        with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
            file.write(f"{server}\t{fault}\n")


def counted(text: str) -> Counter[tuple[str, str]]:
    """How often each server overcame each fault, of what `overcame` wrote."""
    return Counter((server, fault) for server, _, fault in (line.partition("\t") for line in text.splitlines()))


def table(figures: Mapping[tuple[str, str], int]) -> str:
    """The table; a fault that a server cannot have, or that was not tried, is a dash."""
    lines = [f"| fault | {' | '.join(SERVERS)} |", "|---|" + "--:|" * len(SERVERS)]
    for fault in FAULTS:
        cells = (figures.get((server, fault), 0) for server in SERVERS)
        lines.append(f"| {fault} | {' | '.join(str(cell) if cell else '-' for cell in cells)} |")
    return "\n".join(lines)


def documented() -> dict[tuple[str, str], int]:
    """The figures that the document tells."""
    text = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    found: dict[tuple[str, str], int] = {}
    for line in text.strip().splitlines()[2:]:
        fault, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found |= {(server, fault): int(cell) for server, cell in zip(SERVERS, cells, strict=True) if cell != "-"}
    return found


def main() -> None:
    """Run the tests, and write the table where all of them pass."""
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "figures"
        noted.touch()
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *TESTS],
            check=True,
            cwd=DOCUMENT.parents[1],
            env=os.environ | {VARIABLE: str(noted), "LBCONF_TEST_SWEEP": "full"},
        )
        figures = counted(noted.read_text(encoding="utf-8"))
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table(figures)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
