"""What `lbconf discover --out` prints."""

from collections import Counter
from pathlib import Path

from lbconf.operations.discover import DiscoveredProject

__all__ = ["report"]

ORDER = ("created", "updated", "merged", "removed", "kept", "unchanged")


def report(done: DiscoveredProject, out: Path) -> str:
    """Each file that was touched or left for a reason, then a line of numbers."""
    lines = [f"{entry.action:>9}  {entry.path}" for entry in done.written if entry.action != "unchanged"]
    counted = Counter(entry.action for entry in done.written)
    numbers = ", ".join(f"{counted[action]} {action}" for action in ORDER if counted[action])
    lines.append(f"{done.models} model{'' if done.models == 1 else 's'} in {out}: {numbers}.")
    return "\n".join(lines)
