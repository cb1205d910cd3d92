"""What was discovered last, kept in `.lbconf/discovered.json` beside the project, by data source.

Discovery compares with it, so that it can tell what changed in the database
from what a person changed in the files.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Collector
from lbconf.documents.source import SourceFile
from lbconf.documents.text import read_text
from lbconf.operations.files import replace_text

__all__ = ["RECORD", "read_record", "write_record"]

RECORD: Final = Path(".lbconf") / "discovered.json"
VERSION: Final = 2
LARGEST: Final = 256 * 1024 * 1024
"""Most bytes of a record that is read again."""

Record = Mapping[str, Mapping[str, Any]]


def read_record(out: Path) -> dict[str, dict[str, Any]]:
    """By data source: path of a file to its data. Empty where there is no record that can be read."""
    source = SourceFile(path=out / RECORD, shown=str(RECORD), section="models", layer="base")
    try:
        read = json.loads(read_text(source, Collector(), LARGEST) or "")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    if read.get("version") == VERSION:
        sources = read.get("sources")
        found = sources if isinstance(sources, dict) else {}
        return {str(name): files for name, files in found.items() if isinstance(files, dict)}
    return _first_version(read)


def write_record(out: Path, sources: Record) -> None:
    """Keep the record; the same bytes for the same record."""
    kept = {"version": VERSION, "sources": {name: sources[name] for name in sorted(sources)}}
    replace_text(out / RECORD, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def _first_version(read: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A record of one data source, path to data, as it once was."""
    names = [data["dataSource"] for data in read.values() if isinstance(data, dict) and "dataSource" in data]
    return {str(names[0]): dict(read)} if names else {}
