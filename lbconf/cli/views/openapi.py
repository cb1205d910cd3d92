"""The OpenAPI document as text."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["render_document"]


def render_document(document: Mapping[str, Any], form: str = "json") -> str:
    """Indented JSON, or YAML, with a line end."""
    if form == "yaml":
        import yaml

        class Dumper(yaml.SafeDumper):
            def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the same part twice is written twice
                return True

        plain = json.loads(json.dumps(document, default=str))
        text: str = yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
        return text
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
