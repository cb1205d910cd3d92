"""What `lbconf seed` wrote, as text."""

from lbconf.cli.output import paint
from lbconf.operations.seed import SeededModel

__all__ = ["render_seeded"]


def render_seeded(seeded: tuple[SeededModel, ...], *, color: bool) -> str:
    """A line a model, and the sum."""
    if not seeded:
        return "There are no seed rows: write them to environments/base/seed/<model>.yaml, or name the files."
    width = max(len(f"{found.data_source}.{found.model}") for found in seeded)
    lines = []
    for found in seeded:
        name = f"{found.data_source}.{found.model}".ljust(width)
        counts = f"{found.created} created, {found.updated} updated, {found.unchanged} unchanged"
        lines.append(f"{paint(name, 'bold', color=color)}  {counts}")
    written = sum(found.created + found.updated for found in seeded)
    lines.append(f"{written} rows written." if written != 1 else "1 row written.")
    return "\n".join(lines)
