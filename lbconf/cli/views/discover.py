"""What `lbconf discover --out` prints."""

from collections import Counter
from pathlib import Path
from typing import Any

from lbconf.cli.views.findings import diagnostic_data
from lbconf.operations.discover_project import DiscoveredProject

__all__ = ["report", "report_data"]

ORDER = ("created", "updated", "merged", "removed", "kept", "edited", "unchanged")


def report(done: DiscoveredProject, out: Path) -> str:
    """Each file that was touched or left for a reason, then a line of numbers."""
    lines = [f"{entry.action:>9}  {entry.path}" for entry in done.written if entry.action != "unchanged"]
    counted = Counter(entry.action for entry in done.written)
    numbers = ", ".join(f"{counted[action]} {action}" for action in ORDER if counted[action])
    lines.append(f"{done.models} model{'' if done.models == 1 else 's'} in {out}: {numbers}.")
    return "\n".join(lines)


def report_data(done: DiscoveredProject) -> dict[str, Any]:
    """The same for a program: every file, and every finding."""
    return {
        "dataSource": done.data_source,
        "models": done.models,
        "files": [{"path": entry.path, "action": entry.action} for entry in done.written],
        "diagnostics": [diagnostic_data(found) for found in done.diagnostics],
    }
