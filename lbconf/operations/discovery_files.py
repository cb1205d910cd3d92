"""Discovered files and those of people: written, merged three ways, or left alone.

What a person changed stays, comments too: what is new in the database is
written into the text where it belongs. Where both changed one thing the
person's word stays, and a finding says so.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from lbconf.diagnostics import Code, Collector, Diagnostic, Location
from lbconf.documents.pointer import join
from lbconf.documents.source import Document
from lbconf.operations.discovery_places import WantedFile
from lbconf.operations.discovery_yaml import as_yaml, edited
from lbconf.operations.files import replace_text
from lbconf.plan.discovered_merge import MISSING, Clash, Edit, Merged, changed, merge
from lbconf.records import dataclass

__all__ = ["Written", "write_files"]

SHOWN: Final = 60
"""Most characters of a value in a finding."""
FORCE: Final = "--force writes every file as discovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of the project."""

    path: str
    """Relative to the project."""
    action: str
    """`created`; `updated` (nobody had touched it); `merged` (with what a person wrote); `edited` (by a person, and
    the database has nothing new for it); `unchanged`; `removed`; `kept` (left alone, for a reason that is told)."""


def write_files(
    out: Path,
    wanted: Mapping[str, WantedFile],
    before: Mapping[str, Any],
    documents: Mapping[str, Document],
    *,
    force: bool,
    observer: Callable[[str], None] | None = None,
) -> tuple[tuple[Written, ...], tuple[Diagnostic, ...]]:
    """Write the files of a project.

    Args:
        out: Its folder.
        wanted: What each file is to say.
        before: What discovery wanted each to say last time, in the names of today; of files that are no longer wanted
            those whose table is gone.
        documents: What stands there.
        force: Write every file as discovered, edits of people or not.
        observer: Told each file's path before it is written.

    Returns:
        What happened to each file, by path; and warnings.
    """
    found = Collector()
    done: list[Written] = []
    for path, file in wanted.items():
        if observer is not None:
            observer(path)
        done.append(_write(out, path, file, before.get(path, MISSING), documents.get(path), found, force=force))
    gone = sorted(path for path in before.keys() - wanted.keys() if path in documents)
    done.extend(_remove(out, path, before[path], documents[path], found) for path in gone)
    return tuple(sorted(done, key=lambda entry: entry.path)), found.diagnostics


def _write(
    out: Path, path: str, file: WantedFile, before: Any, mine: Document | None, found: Collector, *, force: bool
) -> Written:
    target = out / path
    if mine is None:
        if before is not MISSING and not force and not file.shared and not file.keep:
            return Written(path=path, action="kept")  # a person removed it
        replace_text(target, _text(path, file.data))
        return Written(path=path, action="created")
    if file.keep:
        return Written(path=path, action="unchanged")
    if file.shared and before is MISSING:
        before = {}
    if force:
        return _force(target, path, file, mine)
    if before is MISSING and mine.data != file.data:
        _warn(found, Location(file=path), f"{path} was not written by discovery, so it stays as it is", FORCE)
        return Written(path=path, action="kept")
    result = merge(before, file.data, mine.data)
    for clash in result.clashes:
        _warn(found, _place(mine, path, clash.path), _both(clash), "change the file if the database is right")
    if not result.edits:
        same = mine.data == file.data or (file.shared and not result.clashes)
        return Written(path=path, action="unchanged" if same else "kept" if result.clashes else "edited")
    text = _with_edits(target, path, mine, result)
    if text is None:
        names = "; ".join(f"{'.'.join(edit.path)}: {_shown(edit.value)}" for edit in result.edits)
        _warn(
            found,
            Location(file=path),
            f"{path} stays as it is: what is new in the database cannot be written into its text ({names})",
            "write it by hand, without anchors and aliases",
        )
        return Written(path=path, action="kept")
    replace_text(target, text)
    return Written(path=path, action="updated" if mine.data == before else "merged")


def _force(target: Path, path: str, file: WantedFile, mine: Document) -> Written:
    if file.shared:
        edits = tuple(Edit(path=(key,), value=value) for key, value in file.data.items() if mine.data.get(key) != value)
        data = mine.data
        for edit in edits:
            data = changed(data, edit)
        text = _with_edits(target, path, mine, Merged(data=data, edits=edits)) if edits else None
    else:
        text = _text(path, file.data)
    if text is None or target.read_bytes() == text.encode():
        return Written(path=path, action="unchanged")
    replace_text(target, text)
    return Written(path=path, action="updated")


def _remove(out: Path, path: str, before: Any, mine: Document, found: Collector) -> Written:
    """The file of a table that is gone: removed where nobody touched it."""
    if mine.data == before:
        (out / path).unlink()
        return Written(path=path, action="removed")
    _warn(
        found,
        Location(file=path),
        f"{path} stands for a table that is gone, but was changed by hand",
        "remove the file yourself, if nobody needs it",
    )
    return Written(path=path, action="kept")


def _with_edits(target: Path, path: str, mine: Document, result: Merged) -> str | None:
    """The file's text with what is new; None where the text does not take it."""
    text = target.read_text(encoding="utf-8-sig")
    if not path.endswith((".yaml", ".yml")):
        try:
            plain = json.loads(text)
        except ValueError:  # comments, which would be lost
            return None
        return _text(path, result.data) if plain == mine.data else None
    try:
        made = edited(text, mine.data, result.edits)
    except yaml.YAMLError:
        return None
    return made if _reads(made, path) == result.data else None


def _reads(text: str, path: str) -> Any:
    """What a text would say if it stood in the file."""
    from lbconf.documents.yaml_reader import read_yaml

    read = read_yaml(text, path, Collector())
    return None if read is None else read.data


def _text(path: str, data: Any) -> str:
    if path.endswith((".yaml", ".yml")):
        return as_yaml(data)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _place(mine: Document, path: str, inner: Iterable[str]) -> Location:
    """Where a thing stands in the file; of one that is not there, what it would stand in."""
    way = tuple(inner)
    while way:
        pointer = join(way)
        if pointer in mine.key_spans:
            return mine.key_spans[pointer]
        way = way[:-1]
    return Location(file=path)


def _both(clash: Clash) -> str:
    what = ".".join(clash.path)
    mine = "it was taken out of the file" if clash.mine is MISSING else f"the file says {_shown(clash.mine)}"
    now = "has no such thing any more" if clash.now is MISSING else f"now says {_shown(clash.now)}"
    return f"{what}: the database {now}, {mine}; the file stays"


def _shown(value: Any) -> str:
    if value is MISSING:
        return "take it out"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _warn(found: Collector, place: Location, what: str, hint: str) -> None:
    found.warning(Code.FILE_EDITED_BY_HAND, what, place, hint=hint)
