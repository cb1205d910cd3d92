"""A client in Python by openapi-python-client. Source: https://github.com/openapi-generators/openapi-python-client."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.operations.client_document import with_json_parameters
from lbconf.operations.generators import missing, run_generator

__all__ = ["write_python"]

MODULE: Final = "openapi_python_client"
PROGRAM: Final = "openapi-python-client"
VERSION: Final = "0.29.1"
FILTERS: Final = '''\
"""Filters and conditions as the API takes them. Written by lbconf; `lbconf client python` writes it anew."""

import json
from typing import Any, Protocol

__all__ = ["text"]


class _Model(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def text(value: _Model | dict[str, Any]) -> str:
    """The value of a parameter `filter_` or `where`: `text(OrderFilter(limit=10))`."""
    return json.dumps(value if isinstance(value, dict) else value.to_dict())
'''


def write_python(document: Mapping[str, Any], out: Path, scratch: Path) -> None:
    """Write a package: `client.py`, `api/`, `models/`, `filters.py`. Raises `LbconfError`."""
    description = scratch / "openapi.json"
    description.write_text(json.dumps(with_json_parameters(document, {"type": "string"})), encoding="utf-8")
    settings = scratch / "settings.yaml"
    settings.write_text("post_hooks: []\nliteral_enums: true\n", encoding="utf-8")
    arguments = ["--path", str(description), "--config", str(settings), "--meta", "none", "--fail-on-warning"]
    run_generator([*_generator(), "generate", *arguments, "--output-path", str(out), "--overwrite"], scratch)
    (out / "filters.py").write_text(FILTERS, encoding="utf-8")
    (out / "py.typed").touch()


def _generator() -> Sequence[str]:
    """The generator as installed beside lbconf or on the path, else the pinned one through uvx or pipx."""
    if importlib.util.find_spec(MODULE) is not None:
        return [sys.executable, "-m", MODULE]
    found = shutil.which(PROGRAM)
    if found:
        return [found]
    uvx, pipx = shutil.which("uvx"), shutil.which("pipx")
    if uvx:
        return [uvx, f"{PROGRAM}@{VERSION}"]
    if pipx:
        return [pipx, "run", f"{PROGRAM}=={VERSION}"]
    raise missing(
        "A Python client needs openapi-python-client, which is not installed.",
        'Run `pip install "lbconf[client]"`, or install uv or pipx, which fetch it.',
    )
