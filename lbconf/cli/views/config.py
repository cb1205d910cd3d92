"""The configuration as YAML or JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

__all__ = ["dump_yaml", "render_json", "render_yaml"]


def render_json(data: Mapping[str, Any]) -> str:
    """Indented JSON with a line end."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def render_yaml(data: Mapping[str, Any]) -> str:
    """YAML 1.2 in block style; reading it gives the same data."""
    return dump_yaml(data)


def dump_yaml(data: Any) -> str:
    """Any plain data as YAML 1.2 in block style."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)


class _Dumper(yaml.CSafeDumper):
    """Quotes what YAML 1.1 or 1.2 would not read as text; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML calls it
        return True


_Dumper.add_implicit_resolver(
    "tag:lbconf,2026:number",
    re.compile(r"^(?:0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$"),
    list("-+.0123456789"),
)
