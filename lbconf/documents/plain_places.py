"""Places in the YAML that `plain_yaml` reads, found without the real parser, for the few files that are asked about."""

from typing import Final

from lbconf.documents.pointer import child
from lbconf.documents.spans import Place
from lbconf.patterns import pattern

__all__ = ["plain_places"]

_LINE: Final = pattern(r"^( *)(?:- +(?P<item>.*)|(?P<key>[^\s:#][^:]*):(?: +(?P<value>.*))?)$")
_WORD: Final = r"[^\s,:\[\]{}]+"
_ITEM: Final = pattern(rf"({_WORD})(?:: +({_WORD}))?")

_Index = dict[str, Place]


class _Open:
    """A mapping or a list that lines below go on with."""

    __slots__ = ("count", "indent", "pointer", "start")

    def __init__(self, pointer: str, indent: int, start: tuple[int, int]) -> None:
        self.pointer, self.indent, self.start = pointer, indent, start
        self.count = 0


def plain_places(text: str) -> tuple[_Index, _Index]:
    """Pointer to place of the values and of the keys of a text that `PlainReader` read."""
    values: _Index = {}
    keys: _Index = {}
    outer: list[_Open] = []
    waiting: tuple[str, tuple[int, int]] | None = ("", (1, 1))
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = _LINE.match(line)
        if found is None:  # blank, or a comment
            continue
        indent = found.end(1)
        if waiting is not None and (not outer or indent > outer[-1].indent):
            outer.append(_Open(waiting[0], indent, (number, indent + 1)))
            values[waiting[0]] = Place(number, indent + 1, 0, 0)
        elif waiting is not None:
            values[waiting[0]] = Place(*waiting[1], *waiting[1])
        waiting = None
        _close(outer, values, indent, (number, indent + 1))
        here = outer[-1]
        if found["key"] is None:
            pointer = f"{here.pointer}/{here.count}"
            here.count += 1
            _value(pointer, number, found.start("item"), found["item"], values, keys)
            continue
        pointer = child(here.pointer, found["key"])
        keys[pointer] = Place(number, indent + 1, number, found.end("key") + 1)
        values.pop(pointer, None)
        if found["value"]:
            _value(pointer, number, found.start("value"), found["value"], values, keys)
        else:
            waiting = pointer, (number, found.end("key") + 2)
    if waiting is not None:
        values[waiting[0]] = Place(*waiting[1], *waiting[1])
    if lines[-1].isspace():  # the parser ends there what stands further in
        _close(outer, values, len(lines[-1]), (len(lines), len(lines[-1]) + 1))
    _close(outer, values, -1, (len(lines) + bool(lines[-1]), 1))
    return values, keys


def _close(outer: list[_Open], values: _Index, indent: int, end: tuple[int, int]) -> None:
    while outer and outer[-1].indent > indent:
        done = outer.pop()
        values[done.pointer] = Place(*done.start, *end)


def _value(pointer: str, line: int, start: int, text: str, values: _Index, keys: _Index) -> None:
    values[pointer] = Place(line, start + 1, line, start + len(text) + 1)
    if text[0] not in "[{":
        return
    for place, item in enumerate(_ITEM.finditer(text)):
        inner = f"{pointer}/{place}"
        if text[0] == "{":
            inner = child(pointer, item[1])
            keys[inner] = Place(line, start + item.start(1) + 1, line, start + item.end(1) + 1)
        group = 2 if text[0] == "{" else 1
        values[inner] = Place(line, start + item.start(group) + 1, line, start + item.end(group) + 1)
