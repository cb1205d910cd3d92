"""What is read: files before and after parsing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Location
from lbconf.records import dataclass

__all__ = ["Document", "SourceFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that takes part in the configuration."""

    path: Path
    shown: str
    """Path as diagnostics show it: relative to the project root where it lies below it."""
    section: str
    """`server`, `datasources`, `model-config`, `models`, `components`, `middleware` or `models.json` (LoopBack 1)."""
    layer: str
    """Name of its layer: `base`, the environment's name, `local`, `defaults`."""
    model: str | None = None
    """Model name that the file name stands for, in section `models`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One parsed file: plain data and a place for every value."""

    source: SourceFile
    data: Any
    """JSON values; YAML tags of the native layout (`!unset`, `!replace`) as the objects of `markers`."""
    spans: Mapping[str, Location]
    """JSON Pointer to the place of the value. May be computed when first asked for."""
    key_spans: Mapping[str, Location]
    """JSON Pointer to the place of the key that leads to the value (mappings only)."""
    has_markers: bool = False
    """Whether some value is one of the markers."""
    is_plain: bool = False
    """Whether its text surely holds no variable, no URL and no escape, so that nothing in it is to be filled in."""
