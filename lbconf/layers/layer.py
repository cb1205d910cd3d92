"""What takes part in a merge: one layer's say about one section or model."""

from typing import Any, Final

from lbconf.documents.source import Document
from lbconf.records import dataclass

__all__ = ["COMMAND_LINE", "DEFAULTS", "ENVIRONMENT_VARIABLES", "Piece"]

DEFAULTS: Final = "defaults"
ENVIRONMENT_VARIABLES: Final = "environment variables"
COMMAND_LINE: Final = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A document, or a part of one, in its layer."""

    layer: str
    data: Any
    document: Document | None = None
    """None for layers that are no files."""
    pointer: str = ""
    """Where `data` stands in the document."""
    variable: str | None = None
    """The environment variable that said it, in the layer of that name."""

    @property
    def is_overlay(self) -> bool:
        """Whether it changes what others said, and so must match something."""
        return self.layer not in {"base", DEFAULTS}
