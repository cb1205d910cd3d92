"""An explanation as text or JSON."""

import json
from typing import Any

from lbconf.layers.merged import Origin
from lbconf.layers.secret import masked
from lbconf.operations.explain import Explanation

__all__ = ["render_json", "render_text"]


def render_text(explanation: Explanation) -> str:
    """The value, then where it is written, then what it replaced, latest first."""
    lines = [f"{explanation.pointer}:{_value(explanation)}"]
    if explanation.origins:
        winner = explanation.origins[-1]
        lines.append(f"  from {_place(winner)}")
        if winner.variable and winner.location and winner.variable != explanation.absent_because:
            lines.append(f"  filled in from {_variable(winner.variable)}, written {_short(winner.value)}")
    if explanation.absent_because:
        lines.append(f"  left out, because the variable {explanation.absent_because} is not set")
    container = isinstance(explanation.value, dict | list)
    verb = "merged with" if container else "replaced"
    lines.extend(
        f"  {verb} {'' if container else f'{_short(origin.value)} from '}{_place(origin)}"
        for origin in reversed(explanation.origins[:-1])
    )
    for hidden in explanation.hides:
        place = f" from {_place(hidden.origin)}" if hidden.origin else ""
        lines.append(f"  hides {hidden.pointer}: {_short(hidden.value)}{place}")
    if explanation.hidden_by:
        lines.append(f"  has no effect, because {explanation.hidden_by} is set")
    return "\n".join(lines) + "\n"


def render_json(explanation: Explanation) -> str:
    """One object: the value, its origin, `replaced` (latest first), `hides`, `hiddenBy`, `absentBecause`."""
    winner = explanation.origins[-1] if explanation.origins else None
    made: dict[str, Any] = {
        "pointer": explanation.pointer,
        "value": explanation.value,
        "absent": explanation.absent_because is not None,
        "absentBecause": explanation.absent_because,
        **(_origin(winner) if winner else {"layer": None, "file": None, "line": None, "column": None}),
        "variable": explanation.variable,
        "written": masked(winner.value) if winner else None,
        "replaced": [
            {**_origin(origin), "value": masked(origin.value)} for origin in reversed(explanation.origins[:-1])
        ],
        "hides": [
            {"pointer": hidden.pointer, "value": hidden.value, **(_origin(hidden.origin) if hidden.origin else {})}
            for hidden in explanation.hides
        ],
        "hiddenBy": explanation.hidden_by,
    }
    return json.dumps(made, indent=2, ensure_ascii=False, default=str) + "\n"


def _value(explanation: Explanation) -> str:
    if explanation.absent_because:
        return " (absent)"
    if isinstance(explanation.value, dict | list) and explanation.value:
        from lbconf.cli.views.config import dump_yaml

        return "\n" + "\n".join(f"    {line}" for line in dump_yaml(explanation.value).rstrip().splitlines())
    return f" {_short(explanation.value)}"


def _short(value: Any) -> str:
    return json.dumps(masked(value), ensure_ascii=False, default=str)


def _place(origin: Origin) -> str:
    if origin.location is None:
        return f"the {origin.layer}" + (f" ({origin.variable})" if origin.variable else "")
    return f"{origin.location} (layer {origin.layer})"


def _variable(name: str) -> str:
    return f"the file {name.removeprefix('file:')}" if name.startswith("file:") else f"the variable {name}"


def _origin(origin: Origin) -> dict[str, Any]:
    place = origin.location
    return {
        "layer": origin.layer,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
