"""Differences between environments as text or JSON."""

import json
from collections.abc import Sequence
from typing import Any, Final

from lbconf.cli.output import paint
from lbconf.operations.diff_environments import Difference

__all__ = ["render_json", "render_text"]

_SIGNS: Final = {"added": ("+", "good"), "removed": ("-", "bad"), "changed": ("~", "changed")}


def render_text(differences: Sequence[Difference], *, color: bool = False) -> str:
    """One line for each value: `+` added, `-` removed, `~` changed."""
    lines: list[str] = []
    for one in differences:
        sign, style = _SIGNS[one.kind]
        values = [json.dumps(value, ensure_ascii=False) for value in _values(one)]
        place = one.after_location or one.before_location
        lines.append(paint(f"{sign} {one.pointer}: {' -> '.join(values)}", style, color=color))
        if place is not None:
            lines.append(f"    {place}")
    return "\n".join(lines) + "\n"


def render_json(differences: Sequence[Difference]) -> str:
    """A list of objects with `pointer`, `kind`, `before`, `after` and their places."""
    made = [
        {
            "pointer": one.pointer,
            "kind": one.kind,
            "before": one.before,
            "after": one.after,
            "beforeLocation": str(one.before_location) if one.before_location else None,
            "afterLocation": str(one.after_location) if one.after_location else None,
        }
        for one in differences
    ]
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _values(one: Difference) -> list[Any]:
    return [one.after] if one.kind == "added" else [one.before] if one.kind == "removed" else [one.before, one.after]
