"""Three-way merge of plain data: what was discovered before, what is now, and what a person made of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lbconf.records import dataclass

__all__ = ["MISSING", "Clash", "Edit", "Merged", "changed", "merge"]


class _Missing:
    """Nothing stands there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One value that comes into a file, changes in it, or leaves it."""

    path: tuple[str, ...]
    value: Any
    """`MISSING`: it leaves."""
    before: tuple[str, ...] = ()
    """Keys of the same mapping that stand before this one as discovered, nearest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A place that both the database and a person changed, each otherwise."""

    path: tuple[str, ...]
    now: Any
    """What the database says; `MISSING` where it has no such thing any more."""
    mine: Any
    """What stands in the file and stays; `MISSING` where it was taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge comes to."""

    data: Any
    """The file's data with all edits."""
    edits: tuple[Edit, ...] = ()
    clashes: tuple[Clash, ...] = ()


def merge(before: Any, now: Any, mine: Any) -> Merged:
    """What is new from `before` to `now` brought into `mine`; where both changed one thing, `mine` stays."""
    edits: list[Edit] = []
    clashes: list[Clash] = []
    _compare(before, now, mine, (), (), edits, clashes)
    data = mine
    for edit in edits:
        data = changed(data, edit)
    return Merged(data=data, edits=tuple(edits), clashes=tuple(clashes))


def changed(data: Any, edit: Edit) -> Any:
    """The data with one edit made; what does not change is shared with it."""
    if not edit.path:
        return edit.value
    key, *rest = edit.path
    found = dict(data) if isinstance(data, Mapping) else {}
    if rest:
        found[key] = changed(found.get(key, {}), Edit(path=tuple(rest), value=edit.value, before=edit.before))
    elif edit.value is MISSING:
        found.pop(key, None)
    elif key in found:
        found[key] = edit.value
    else:
        found = _inserted(found, key, edit.value, edit.before)
    return found


def _inserted(found: Mapping[str, Any], key: str, value: Any, before: Iterable[str]) -> dict[str, Any]:
    near = next((name for name in reversed(tuple(before)) if name in found), None)
    made: dict[str, Any] = {} if near is not None or not before else {key: value}
    for name, other in found.items():
        made[name] = other
        if name == near:
            made[key] = value
    made.setdefault(key, value)
    return made


def _compare(
    before: Any,
    now: Any,
    mine: Any,
    path: tuple[str, ...],
    order: tuple[str, ...],
    edits: list[Edit],
    clashes: list[Clash],
) -> None:
    if _same(mine, now) or _same(now, before):
        return
    if _same(mine, before):
        if isinstance(mine, Mapping) and isinstance(now, Mapping):
            _compare_inside(before, now, mine, path, edits, clashes)
        else:
            edits.append(Edit(path=path, value=now, before=order))
        return
    if isinstance(now, Mapping) and isinstance(mine, Mapping):
        _compare_inside(before if isinstance(before, Mapping) else {}, now, mine, path, edits, clashes)
        return
    clashes.append(Clash(path=path, now=now, mine=mine))


def _compare_inside(
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    mine: Mapping[str, Any],
    path: tuple[str, ...],
    edits: list[Edit],
    clashes: list[Clash],
) -> None:
    passed: tuple[str, ...] = ()
    for key, value in now.items():
        _compare(before.get(key, MISSING), value, mine.get(key, MISSING), (*path, key), passed, edits, clashes)
        passed = (*passed, key)
    for key, value in mine.items():
        if key not in now:
            _compare(before.get(key, MISSING), MISSING, value, (*path, key), (), edits, clashes)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON is: `true` is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or (isinstance(one, bool) is isinstance(other, bool) and bool(one == other))
