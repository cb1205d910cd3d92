"""The file of a memory data source, in the form LoopBack's memory connector reads and writes.

`{"ids": {model: next id}, "models": {model: {id: row as JSON text}}}`
"""

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from lbconf.query.nodes import Row

__all__ = ["Stored", "read_file", "row_text", "write_file"]


class Stored:
    """What a file holds: the next id of each model, and rows as JSON text by id."""

    def __init__(self, ids: Mapping[str, Any] | None = None, models: Mapping[str, Any] | None = None) -> None:
        """Take the two parts."""
        self.ids = dict(ids or {})
        self.models: dict[str, dict[str, Any]] = {name: dict(rows) for name, rows in (models or {}).items()}


def read_file(path: Path) -> Stored:
    """What the file holds; nothing where it does not exist or is empty.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not of this form.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Stored()
    if not text.strip():
        return Stored()
    data = json.loads(text)
    ids, models = (data.get("ids") or {}, data.get("models") or {}) if isinstance(data, dict) else (None, None)
    parts = (ids, models, *(models.values() if isinstance(models, dict) else ()))
    if not all(isinstance(part, dict) for part in parts):
        msg = 'it must hold an object with the objects "ids" and "models"'
        raise ValueError(msg)
    return Stored(ids, models)


def write_file(path: Path, stored: Stored) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"ids": stored.ids, "models": stored.models}, file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def row_text(row: Row) -> str:
    """A row as JSON text, in the forms that LoopBack gives dates and buffers."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return {"type": "Buffer", "data": list(value)}
    return str(value)
