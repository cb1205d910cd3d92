"""The OpenAPI document as text."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["render_document"]


def render_document(document: Mapping[str, Any]) -> str:
    """Indented JSON with a line end."""
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
