"""One part of the configuration after merging: a section or a model, filled in, with its trail at hand."""

from collections.abc import Callable
from typing import Any

from lbconf.diagnostics import Collector, Diagnostic
from lbconf.documents.pointer import join, split
from lbconf.layers.merged import Origin
from lbconf.layers.provenance import Provenance, Trail
from lbconf.layers.secrecy import conceal
from lbconf.layers.variables import Filled
from lbconf.records import dataclass

__all__ = ["Part", "finish"]


@dataclass(slots=True, kw_only=True)
class Part:
    """A section, or one model's wiring or definition or both."""

    address: tuple[str, ...]
    """`("datasources",)` or `("models", "Account")`."""
    data: Any
    """Variables filled in, secrets concealed."""
    raw: Any
    """Before variables were filled in, secrets concealed."""
    trail: Callable[[], Trail]
    absent: dict[str, str]
    """Pointer inside the part to the name of the unset variable that took the value away."""
    full_trail: Callable[[], Trail]
    """The trail with the absent values still in it."""

    def absent_origins(self) -> dict[str, tuple[Origin, ...]]:
        """Pointer inside the configuration to the origins of what an unset variable took away."""
        if not self.absent:
            return {}
        base = join(self.address)
        provenance = Provenance({base: self.full_trail})
        return {base + pointer: provenance[base + pointer] for pointer in self.absent}


def finish(
    address: tuple[str, ...],
    data: Any,
    trail: Callable[[], Trail],
    fill: Callable[[Any], Filled],
    found: Collector,
    *,
    keys_matter: bool,
) -> Part:
    """The part with its variables filled in; problems with them become findings at their place.

    Args:
        address: Where the part stands in the configuration.
        data: Merged, without markers.
        trail: Makes the trail of `data`.
        fill: Fills in the variables and conceals the secrets.
        found: Takes the findings.
        keys_matter: Whether names tell secrets.
    """
    filled = fill(data)
    raw = data if filled.data is data else conceal(data, "", keys_matter=keys_matter)

    def full() -> Trail:
        made = trail()
        for pointer, name in filled.variables.items():
            inner = made.at(split(pointer))
            if inner is not None:
                inner.variable = name
        return made

    def pruned() -> Trail:
        made = full()
        for pointer in reversed(filled.absent):
            made.remove(split(pointer))
        return made

    part = Part(address=address, data=filled.data, raw=raw, trail=pruned, absent=filled.absent, full_trail=full)
    if filled.problems:
        base = join(address)
        provenance = Provenance({base: full})
        for problem in filled.problems:
            origins = provenance.get(base + problem.pointer, ())
            place = next((origin.location for origin in reversed(origins) if origin.location), None)
            found.add(
                Diagnostic(
                    code=problem.code,
                    severity=problem.severity,
                    message=problem.message,
                    location=place,
                    hint=problem.hint,
                )
            )
    return part
