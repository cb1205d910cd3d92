"""The YAML that model files are made of, read line by line; anything else is left to the real parser.

Plain are: mappings written as blocks, one key a line; texts, numbers and words
that need no quotes or have plain ones; lists of such values, and of `{a: 1}` and
`[a, b]` of words; comments on lines of their own. What is read here is read as
`yaml_reader` reads it, or not at all. Source: YAML 1.2.2 chapters 6 to 8.
"""

import re
from typing import Any, Final

from lbconf.documents.scalars import scalar
from lbconf.patterns import pattern

__all__ = ["PlainReader"]

_MOST: Final = 1_000_000
"""Characters of a text; what is larger may hold more than the real parser allows."""

_WORD: Final = r"[A-Za-z0-9_$./][A-Za-z0-9_$.+*/()\-]*"
_PAIR: Final = rf"{_WORD}: +(?:{_WORD}|-[0-9]+)"
_FLOW: Final = pattern(rf"\{{ *(?:{_PAIR}(?:, *{_PAIR})*)? *\}}|\[ *(?:{_WORD}(?:, *{_WORD})*)? *\]")
_FLOW_ITEM: Final = pattern(rf"({_WORD}|-[0-9]+)(?:: +({_WORD}|-[0-9]+))?")
_SCALAR: Final = r"""(?:(?:[\w$./(]|-(?=[0-9]))[^ \n:#]*(?: +[^ \n:#]+)*|'[^'\n]*'|"[^"\\\n]*")"""
"""Without quotes: no colon, no hash, nothing at its start that means something."""
_KEY: Final = r"[A-Za-z_$][\w$.\-]{0,99}"
_LINE: Final = pattern(
    rf"^( {{0,60}})(?:({_KEY}):(?:\n(\1( +){_KEY}: +{_SCALAR}(?:\n\1\4{_KEY}: +{_SCALAR})*)(?!\n\1 )"
    rf"| +({_SCALAR}|[\[{{][^\n]*))?|- +({_SCALAR}|[\[{{][^\n]*)|#[^\n]*|)$",
    re.MULTILINE,
)
"""Indentation; key; the lines of the mapping it leads to, where all their values are scalars; their further
indentation; the value; the value of an entry of a list."""
_ENTRY: Final = pattern(rf"^ *({_KEY}): +(.*)$", re.MULTILINE)


class PlainReader:
    """Reads many texts; equal parts of them become the same object, which nobody may change."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._values: dict[str, Any] = {}
        self._mappings: dict[str, dict[str, Any]] = {}

    def read(self, text: str) -> dict[str, Any] | None:
        """The mapping that the text is; None where it is not plain, or not right, which is for the parser to say."""
        if len(text) > _MOST or not text.replace("\n", "").isprintable():
            return None
        lines = _LINE.findall(text)
        try:
            return self._built(lines, text)
        except ValueError:  # a number that is none
            return None

    def _built(  # noqa: C901, PLR0912 - one pass over the lines
        self, lines: list[tuple[str, str, str, str, str, str]], text: str
    ) -> dict[str, Any] | None:
        mapping: dict[str, Any] = {}
        root = mapping
        outer: list[tuple[int, dict[str, Any]]] = []
        width = 0
        lead = ""
        seen = 0
        open_key: str | None = None
        open_list: list[Any] | None = None
        list_lead = ""
        for indent, key, inner, _, value, item in lines:
            seen += 1
            if not key:
                if not item:
                    continue
                if open_list is None:
                    if open_key is None or len(indent) <= width:
                        return None
                    open_list = mapping[open_key] = []
                    list_lead = indent
                    open_key = None
                if indent != list_lead:
                    return None
                open_list.append(self._value(item))
                continue
            open_list_ended = open_list is not None
            open_list = None
            if indent != lead:
                if len(indent) > width:
                    if open_key is None or open_list_ended:
                        return None
                    made: dict[str, Any] = {}
                    mapping[open_key] = made
                    outer.append((width, mapping))
                    mapping, width = made, len(indent)
                else:
                    while len(indent) < width:
                        width, mapping = outer.pop()
                    if len(indent) != width:
                        return None
                lead = indent
            if key in mapping:
                return None
            open_key = None
            if value:
                mapping[key] = self._value(value)
            elif inner:
                found = self._mappings.get(inner)
                if found is None:
                    found = self._mapping(inner)
                    if found is None:
                        return None
                mapping[key] = found
                seen += inner.count("\n") + 1
            else:
                mapping[key] = None
                open_key = key
        return root if root and seen == text.count("\n") + 1 else None

    def _mapping(self, text: str) -> dict[str, Any] | None:
        entries = _ENTRY.findall(text)
        made = {key: self._value(value) for key, value in entries}
        if len(made) != len(entries):
            return None
        self._mappings[text] = made
        return made

    def _value(self, text: str) -> Any:
        first = text[0]
        if first == "{":
            return {key: scalar(value) for key, value in self._pairs(text)}
        if first == "[":
            return [scalar(value) for value, _ in self._pairs(text)]
        found = self._values.get(text, self)
        if found is self:
            found = text[1:-1] if first in "'\"" else scalar(text)
            self._values[text] = found
        return found

    @staticmethod
    def _pairs(text: str) -> list[tuple[str, str]]:
        pairs = _FLOW_ITEM.findall(text)
        if not _FLOW.fullmatch(text) or (text[0] == "{" and len({key for key, _ in pairs}) < len(pairs)):
            raise ValueError(text)
        return pairs
