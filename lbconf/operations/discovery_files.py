"""A discovered project as files, and what happens to files that a person has changed since.

What was last discovered is kept in `.lbconf/discovered.json` beside the
project. Writing again merges three ways, key by key: last discovered, now
discovered, and what stands in the file. A file that needs no change is not
touched, so that its comments stay.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from lbconf.diagnostics import Code, Collector, Diagnostic, Location
from lbconf.documents.reader import read_documents
from lbconf.documents.source import SourceFile
from lbconf.documents.text import read_text
from lbconf.errors import DocumentError
from lbconf.records import dataclass

__all__ = ["Written", "as_yaml", "merged", "write_project"]

BASE: Final = Path("environments") / "base"
RECORD: Final = Path(".lbconf") / "discovered.json"
LARGEST: Final = 256 * 1024 * 1024
"""Most bytes of a file of its own that discovery reads again."""
MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of the project."""

    path: str
    """Relative to the project."""
    action: str
    """`created`, `updated`, `merged`, `unchanged`, `removed` or `kept`."""


class _Dumper(yaml.SafeDumper):
    """YAML that means the same to readers of YAML 1.1 and 1.2."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, False)  # noqa: FBT003 - PyYAML's signature


AMBIGUOUS: Final = re.compile(r"^(?:[-+.0-9].*|~|null|true|false|yes|no|on|off|y|n)$", re.IGNORECASE)

BREAKING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]")
"""Characters that only an escape in double quotes keeps."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "'" if AMBIGUOUS.match(value) else None
    if "\n" in value:
        style = '"' if value != value.strip() or "\t" in value or "\r" in value else "|"
    if BREAKING.search(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:
    """A value as YAML text, mappings in their own order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def write_project(
    out: Path,
    models: Sequence[Mapping[str, Any]],
    *,
    data_source: str,
    connector: str,
    force: bool,
    structure: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[tuple[Written, ...], tuple[Diagnostic, ...]]:
    """Write the project; what happened to each file, and warnings.

    Raises:
        DocumentError: A file that would be merged cannot be read.
    """
    source: dict[str, Any] = {"connector": connector, "url": "${DATABASE_URL}"}
    if structure:
        source["structure"] = dict(structure)
    wanted: dict[str, Any] = {
        str(BASE / "datasources.yaml"): {data_source: source},
        str(BASE / "server.yaml"): {"restApiRoot": "/api"},
    }
    wanted.update({str(BASE / "models" / f"{model['name']}.yaml"): dict(model) for model in models})
    before = _record(out)
    found = Collector()
    done = [_write(out, path, value, before.get(path, MISSING), found, force=force) for path, value in wanted.items()]
    gone = (_remove(out, path, before[path], found) for path in sorted(before.keys() - wanted.keys()))
    done.extend(entry for entry in gone if entry is not None)
    if found.errors:
        raise DocumentError(found.errors)
    record = out / RECORD
    record.parent.mkdir(parents=True, exist_ok=True)
    _replace(record, json.dumps(wanted, indent=1, ensure_ascii=False) + "\n")
    return tuple(sorted(done, key=lambda entry: entry.path)), found.diagnostics


def merged(before: Any, now: Any, mine: Any) -> tuple[Any, bool]:
    """The three-way merge of plain data, and whether both sides changed one thing (mine is kept then)."""
    if mine in (before, now):
        return now, False
    if now == before:
        return mine, False
    if not (isinstance(now, Mapping) and isinstance(mine, Mapping)):
        return mine, True
    old = before if isinstance(before, Mapping) else {}
    result: dict[str, Any] = {}
    clash = False
    for key in [*mine, *(key for key in now if key not in mine)]:
        value, both = merged(old.get(key, MISSING), now.get(key, MISSING), mine.get(key, MISSING))
        clash = clash or both
        if value is not MISSING:
            result[key] = value
    return result, clash


def _write(out: Path, path: str, now: Any, before: Any, found: Collector, *, force: bool) -> Written:
    target = out / path
    text = as_yaml(now)
    if not target.exists():
        if before is not MISSING and not force:
            return Written(path=path, action="kept")  # a person removed it
        _replace(target, text)
        return Written(path=path, action="created")
    if force:
        same = _text_of(target, path) == text
        if not same:
            _replace(target, text)
        return Written(path=path, action="unchanged" if same else "updated")
    mine = _read(target, path, found)
    if mine is MISSING:
        return Written(path=path, action="kept")
    if before is MISSING and mine != now:
        _warn(found, path, "was not written by discovery, so it stays as it is")
        return Written(path=path, action="kept")
    result, clash = merged(before, now, mine)
    if clash:
        _warn(found, path, "was changed here and in the database at the same place; the file's word stays")
    if result == mine:
        return Written(path=path, action="unchanged")
    _replace(target, as_yaml(result))
    return Written(path=path, action="updated" if mine == before else "merged")


def _remove(out: Path, path: str, before: Any, found: Collector) -> Written | None:
    """The file of a table that is gone: removed where nobody touched it."""
    target = out / path
    if not target.exists():
        return None
    if _read(target, path, found) == before:
        target.unlink()
        return Written(path=path, action="removed")
    _warn(found, path, "stands for a table that is gone, but was changed by hand; remove it yourself")
    return Written(path=path, action="kept")


def _warn(found: Collector, path: str, what: str) -> None:
    hint = "--force writes every file as discovered"
    found.warning(Code.FILE_EDITED_BY_HAND, f"{path} {what}", Location(file=path), hint=hint)


def _read(target: Path, path: str, found: Collector) -> Any:
    source = SourceFile(path=target, shown=path, section="models", layer="base")
    read = read_documents([source], found, native=True, environ={})
    return read[0].data if read else MISSING


def _text_of(target: Path, path: str) -> str | None:
    """The file's text; None where it is no file that can be read. Never waits on a pipe or device."""
    return read_text(SourceFile(path=target, shown=path, section="models", layer="base"), Collector(), LARGEST)


def _record(out: Path) -> dict[str, Any]:
    try:
        read = json.loads(_text_of(out / RECORD, str(RECORD)) or "")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _replace(target: Path, text: str) -> None:
    """Write a file whole: a reader sees the old or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(target)
