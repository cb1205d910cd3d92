"""What a benchmark measured, against what was promised."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Result", "table", "write_between_markers"]

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the table."""

    name: str
    measured: str
    """What was measured, with its unit."""
    against: str
    """What it was measured against, in the same run, with its unit."""
    value: float
    """The figure that was promised about: a ratio, or milliseconds."""
    limit: float
    at_least: bool = False
    """Whether the promise is a least, not a most."""
    unit: str = "times"

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def table(results: Sequence[Result]) -> str:
    """A Markdown table."""
    lines = [
        "| what | measured | against | result | promised | |",
        "|---|---|---|---|---|---|",
    ]
    lines.extend(
        f"| {r.name} | {r.measured} | {r.against} | {r.value:.2f} {r.unit} "
        f"| {'at least' if r.at_least else 'at most'} {r.limit:g} {r.unit} | {'kept' if r.kept else '**missed**'} |"
        for r in results
    )
    return "\n".join(lines)


def write_between_markers(path: Path, text: str) -> None:
    """Replace what stands between the markers of a Markdown file. Raises `ValueError` where there are none."""
    before = path.read_text("utf-8")
    if BEGIN not in before or END not in before:
        raise ValueError(f"{path} has no markers {BEGIN} and {END}")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", before), "utf-8")
