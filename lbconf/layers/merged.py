"""The configuration after merging: plain data, and where every value came from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Diagnostic, Location
from lbconf.records import dataclass, field

__all__ = ["MergedConfig", "Origin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one value came from."""

    layer: str
    """`defaults`, `base`, the environment's name, `local`, `environment variables` or `command line`."""
    location: Location | None
    """None for layers that are no files."""
    value: Any
    """The value this layer gave, before variables were filled in."""
    variable: str | None = None
    """Name of the variable that filled it in, or `file:PATH`."""
    key_location: Location | None = None
    """Place of the key, for findings about names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedConfig:
    """All documents put on top of each other.

    `data` has the keys `server`, `datasources`, `models`, `components` and
    `middleware`. `datasources` maps name to settings. `models` maps model name
    to `{"wiring": {...}, "definition": {...}}`: wiring is what LoopBack keeps in
    model-config.json (`dataSource`, `public`, `options`, `relations`, `acls`,
    `methods`), definition what it keeps in the model's own file. A native model
    file holds both; `dataSource` and `public` go to wiring. A model with wiring
    and no file, or a file and no wiring, lacks the other key.
    """

    root: Path
    layout: str
    """`native`, `loopback` or `loopback1`."""
    environment: str
    data: Mapping[str, Any]
    """Variables filled in; secrets are `Secret`."""
    raw: Mapping[str, Any]
    """The same before variables were filled in (secrets still `Secret`)."""
    provenance: Mapping[str, tuple[Origin, ...]]
    """JSON Pointer in `data` to all origins, winner last; one entry per value, containers too."""
    files: tuple[str, ...]
    """Shown paths of every file read, lowest precedence first."""
    boot_auth: bool = False
    """LoopBack layouts: a boot script turns access control on (`enableAuth`)."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings; errors too where the configuration was composed partly."""
    absent: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)
    """JSON Pointer to the origins of what is left out because its variable is not set."""
    broken: frozenset[str] = frozenset()
    """Pointers (`/datasources`, `/models/Account`) of parts that a file which cannot be read speaks about."""

    def location(self, pointer: str) -> Location | None:
        """The place of the winning value, else of the nearest container above that has one."""
        return self._nearest(pointer, key=False)

    def key_location(self, pointer: str) -> Location | None:
        """The place of the key that leads to the winning value, else as `location`."""
        return self._nearest(pointer, key=True)

    def _nearest(self, pointer: str, *, key: bool) -> Location | None:
        while True:
            for origin in reversed(self.provenance.get(pointer, ())):
                found = (origin.key_location if key else None) or origin.location
                if found is not None:
                    return found
            if not pointer:
                return None
            pointer = pointer.rpartition("/")[0]
