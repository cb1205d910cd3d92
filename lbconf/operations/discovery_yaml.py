"""YAML as discovery writes it, and edits of YAML that people wrote: everything else in the text stays."""

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lbconf.plan.discovered_merge import MISSING, Edit, changed

__all__ = ["as_yaml", "edited"]

WIDTH: Final = 120


class _Dumper(yaml.SafeDumper):
    """YAML that means the same to readers of YAML 1.1 and 1.2."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, False)  # noqa: FBT003 - PyYAML's signature

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Values that are one object are written out each time: an anchor is no help to a reader."""
        return True


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
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None
    )
    return text


def edited(text: str, data: Any, edits: Iterable[Edit]) -> str:
    """The text with the edits made where they belong; comments and the rest stay as they are.

    Who needs to be sure reads the result again: a text that shares parts by
    anchors may come out otherwise than meant.

    Args:
        text: A document that can be read, block mappings at its top.
        data: What it says.
        edits: In their order; each is about the data as those before left it.
    """
    for edit in edits:
        data = changed(data, edit)
        text = _made(text, data, edit)
    return text


def _made(text: str, data: Any, edit: Edit) -> str:
    """One edit in the text; `data` is what it is to say afterwards."""
    path = edit.path
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    parent = _at(root, path[:-1])
    if not path or not isinstance(parent, MappingNode) or parent.flow_style or not parent.value:
        if not path:
            return as_yaml(data)
        # A mapping in braces is written anew as a whole, by the one around it.
        return _made(text, data, Edit(path=path[:-1], value=_value(data, path[:-1])))
    entries = {key.value: (key, value) for key, value in parent.value if isinstance(key, ScalarNode)}
    column: int = parent.value[0][0].start_mark.column
    entry = entries.get(path[-1])
    if edit.value is MISSING:
        if entry is None:
            return text
        if len(entries) == 1:
            return _made(text, data, Edit(path=path[:-1], value=_value(data, path[:-1])))
        return text[: _line_start(text, entry[0].start_mark.index)] + text[_line_end(text, _end(entry[1])) :]
    if entry is None:
        near = next((entries[name] for name in reversed(edit.before) if name in entries), None)
        if near is None and edit.before:
            place = _line_start(text, parent.value[0][0].start_mark.index)
        else:
            place = _line_end(text, _end((near or parent.value[-1])[1]))
        lines = " " * column + _lines(path[-1], edit.value, column) + "\n"
        broken = "" if place == 0 or text[place - 1] == "\n" else "\n"
        return text[:place] + broken + lines + text[place:]
    return _replaced(text, entry, path[-1], edit.value, column)


def _replaced(text: str, entry: tuple[Node, Node], name: str, value: Any, column: int) -> str:
    key, old = entry
    start, end = key.start_mark.index, _end(old)
    lines = _lines(name, value, column)
    if isinstance(old, ScalarNode) and old.value and "\n" not in lines and "\n" not in text[start:end]:
        # Only the value: how the key is written, and what stands behind, is the hand's.
        fresh = _at(yaml.compose(lines, Loader=yaml.CSafeLoader), (name,))
        written = "" if fresh is None else lines[fresh.start_mark.index :]
        begun, ended = int(old.start_mark.index), int(old.end_mark.index)
        return text[:begun] + str(written) + text[ended:]
    broken = "\n" if end > start and text[end - 1] == "\n" else ""
    return text[:start] + lines + broken + text[end:]


def _lines(name: str, value: Any, column: int) -> str:
    """`name: value`, its further lines indented as the first one will be; without a line's end."""
    # The dumper puts a mapping of nothing but texts in braces; with a deeper neighbour it does not.
    lines = as_yaml({name: value, "_": {"_": {}}}).rpartition("\n_:")[0].rstrip("\n")
    return re.sub(r"\n(?=[^\n])", "\n" + " " * column, lines)


def _at(node: Node | None, path: tuple[str, ...]) -> Node | None:
    for name in path:
        if not isinstance(node, MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == name), None)
    return node


def _value(data: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        data = data[name]
    return data


def _end(node: Node) -> int:
    """Where the text of a value ends. A block's own mark stands behind the comments that follow it."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """Behind the end of the line that the index stands in; there already where a block of text ended it."""
    if index and text[index - 1] == "\n":
        return index
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1
