"""`python -m tests.benchmarks`: measure, print the table, write it into docs/performance.md.

Names of parts as arguments (`startup`, `planning`, `planning5000`, `serving`, `rest`) measure only those and
write nothing.
"""

import os
import platform
import sys
from pathlib import Path

from tests import servers
from tests.benchmarks import planning, rest, serving, startup
from tests.benchmarks.results import Result, table, write_between_markers

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def main(parts: list[str]) -> int:
    """Exit code 0: everything was measured, whether or not the promises were kept."""
    results: list[Result] = []

    def told(result: Result) -> None:
        print(f"{result.name}: {result.value:.2f} {result.unit} ({result.measured}; {result.against})", flush=True)
        results.append(result)

    if not parts or "startup" in parts:
        for result in startup.measure():
            told(result)
    beside_a_server = {
        "planning": planning.measure,
        "planning5000": planning.measure_large,
        "serving": serving.measure,
        "rest": rest.measure,
    }
    if not parts or beside_a_server.keys() & set(parts):
        with servers.postgresql() as server:
            for name, measure in beside_a_server.items():
                if not parts or name in parts:
                    for result in measure(server):
                        told(result)
            origin = server.origin
    else:
        origin = "none"
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, PostgreSQL from {origin}."
    text = f"{table(results)}\n\n{machine}"
    print(f"\n{text}")
    if not parts:
        write_between_markers(PAGE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
