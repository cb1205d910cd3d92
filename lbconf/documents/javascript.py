"""The static part of LoopBack's `.js` overlays, evaluated without running anything.

Read: literals, objects, arrays, constants, `process.env.X`, `||`, `??`, `&&`, `? :`, comparisons, `+`, template
strings, `path.join(__dirname, ...)`, `require('./x.json')`. Anything else is a finding at its line.
"""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tree_sitter import Language, Node, Parser
from tree_sitter_javascript import language

from lbconf.diagnostics import Code, Collector, Location
from lbconf.documents.ecmascript import (
    is_truthy,
    number_of,
    number_of_value,
    plus,
    text_of,
    text_of_primitive,
    unescape,
)
from lbconf.documents.markers import UNDEFINED, VariableText
from lbconf.documents.pointer import child
from lbconf.documents.source import SourceFile
from lbconf.documents.spans import Parsed, Place, SpanIndex
from lbconf.records import dataclass, field

__all__ = ["read_javascript"]

_MODULES: Final = frozenset({"path", "node:path"})
_PATH: Final = object()
"""What `require('path')` gives."""
_ENVIRONMENT: Final = object()
"""What `process.env` gives."""
_BROKEN: Final = "node would not run it either: check brackets, commas and quotes around this place"
_WORTH: Final = "lbconf reads scripts without running them: use values, process.env.NAME, ||, ??, + and templates"


def read_javascript(text: str, source: SourceFile, found: Collector, environ: Mapping[str, str]) -> Parsed | None:
    """What the script exports, or None where findings say which line is not static.

    Text that came from the environment is `VariableText`, and `undefined` is `UNDEFINED`.
    """
    encoded = text.encode()
    tree = Parser(Language(language())).parse(encoded)
    script = _Script(source, encoded, environ, found)
    broken = _first_error(tree.root_node)
    if broken is not None:
        found.error(Code.SYNTAX, "not JavaScript: the text cannot be parsed here", script.at(broken), hint=_BROKEN)
        return None
    before = len(found.errors)
    for statement in tree.root_node.named_children:
        script.statement(statement)
    if len(found.errors) > before:
        return None
    exports = script.exports
    return Parsed(exports.value, SpanIndex(source.shown, lambda: script.places(exports)), has_markers=True)


@dataclass(slots=True)
class _Known:
    """A value, the node it is written at, and the same for what is inside it."""

    value: Any
    node: Node
    inside: dict[str, "_Known"] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)


class _NotStaticError(Exception):
    """The script does something that only running it could tell."""

    def __init__(self, node: Node, why: str) -> None:
        super().__init__(why)
        self.node = node
        self.why = why


class _Script:
    """One script's names and what they stand for."""

    def __init__(self, source: SourceFile, text: bytes, environ: Mapping[str, str], found: Collector) -> None:
        self.source = source
        self.text = text
        self.environ = environ
        self.found = found
        self.names: dict[str, _Known] = {}
        self.exports: _Known = _Known({}, Parser(Language(language())).parse(b"").root_node)

    def at(self, node: Node) -> Location:
        """The place of a node."""
        place = self.place(node)
        return Location(
            file=self.source.shown,
            line=place.line,
            column=place.column,
            end_line=place.end_line,
            end_column=place.end_column,
        )

    def place(self, node: Node) -> Place:
        """The place of a node, columns in characters."""
        return Place(*self._point(node.start_byte), *self._point(node.end_byte))

    def places(self, known: _Known) -> tuple[dict[str, Place], dict[str, Place]]:
        """The places of every value and key."""
        values: dict[str, Place] = {}
        keys: dict[str, Place] = {}

        def walk(one: _Known, pointer: str) -> None:
            values[pointer] = self.place(one.node)
            for key, inner in one.inside.items():
                below = child(pointer, key)
                if key in one.keys:
                    keys[below] = self.place(one.keys[key])
                walk(inner, below)

        walk(known, "")
        return values, keys

    def statement(self, node: Node) -> None:
        """Take one statement in, or note that it is not static."""
        try:
            self._statement(node)
        except _NotStaticError as error:
            self.found.error(Code.SCRIPT_NOT_STATIC, error.why, self.at(error.node), hint=_WORTH)
        except RecursionError:
            self.found.error(
                Code.DOCUMENT_TOO_LARGE, "the script is nested too deeply", self.at(node), hint="write it flatter"
            )

    def _statement(self, node: Node) -> None:
        if node.type in {"comment", "hash_bang_line", "empty_statement"}:
            return
        if node.type in {"lexical_declaration", "variable_declaration"}:
            for declarator in node.named_children:
                if declarator.type != "comment":
                    self._declare(declarator)
            return
        if node.type == "expression_statement":
            inner = node.named_children[0]
            if inner.type == "string":  # 'use strict'
                return
            if inner.type == "assignment_expression":
                self._assign(inner)
                return
            raise _NotStaticError(inner, "this statement only has an effect when it runs")
        raise _NotStaticError(node, f"this {node.type.replace('_', ' ')} cannot be read without running it")

    def _declare(self, declarator: Node) -> None:
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if name is None or name.type != "identifier":
            raise _NotStaticError(declarator, "taking values apart cannot be read")
        self.names[self.words(name)] = _Known(UNDEFINED, declarator) if value is None else self.known(value)

    def _assign(self, node: Node) -> None:
        left, right = _field(node, "left"), _field(node, "right")
        target = self.words(left)
        if target in {"module.exports", "exports"}:
            self.exports = self.known(right)
            return
        for prefix in ("module.exports.", "exports."):
            name = target.removeprefix(prefix)
            if target.startswith(prefix) and name.isidentifier() and isinstance(self.exports.value, dict):
                known = self.known(right)
                self.exports.value = {**self.exports.value, name: known.value}
                self.exports.inside[name] = known
                self.exports.keys[name] = left
                return
        raise _NotStaticError(node, f"an assignment to {target} cannot be read")

    def known(self, node: Node) -> _Known:
        """The value of an expression."""
        read = _EXPRESSIONS.get(node.type)
        if read is None:
            raise _NotStaticError(node, f"this {node.type.replace('_', ' ')} cannot be read without running it")
        return read(self, node)

    def words(self, node: Node) -> str:
        """A node as it is written."""
        return self.text[node.start_byte : node.end_byte].decode()

    def object(self, node: Node) -> _Known:
        """`{a: 1, "b": 2, c, ...d}`."""
        made = _Known({}, node)
        for part in node.named_children:
            if part.type == "comment":
                continue
            if part.type == "spread_element":
                spread = self.known(part.named_children[0])
                if isinstance(spread.value, dict):
                    made.value.update(spread.value)
                    made.inside.update(spread.inside)
                    made.keys.update(spread.keys)
                continue
            if part.type == "shorthand_property_identifier":
                key, value = self.words(part), self.identifier(part)
                key_node = part
            elif part.type == "pair":
                key_node = _field(part, "key")
                key, value = self._key(key_node), self.known(_field(part, "value"))
            else:
                raise _NotStaticError(part, f"this {part.type.replace('_', ' ')} cannot be read without running it")
            made.value[key] = value.value
            made.inside[key] = value
            made.keys[key] = key_node
        return made

    def _key(self, node: Node) -> str:
        if node.type in {"property_identifier", "number"}:
            return self.words(node)
        if node.type == "computed_property_name":
            return text_of(self.known(node.named_children[0]).value)
        return str(self.known(node).value)

    def array(self, node: Node) -> _Known:
        """`[1, 2, ...more]`."""
        made = _Known([], node)
        for part in node.named_children:
            if part.type == "comment":
                continue
            spread = part.type == "spread_element"
            known = self.known(part.named_children[0] if spread else part)
            if spread and not isinstance(known.value, list):
                raise _NotStaticError(part, "only a list can be spread in a list")
            for item in known.inside.values() if spread else (known,):
                made.inside[str(len(made.value))] = item
                made.value.append(item.value)
        return made

    def string(self, node: Node) -> _Known:
        """`'text'` with its escapes."""
        parts = (
            unescape(self.words(part)) if part.type == "escape_sequence" else self.words(part)
            for part in node.named_children
        )
        return _Known("".join(parts), node)

    def template(self, node: Node) -> _Known:
        """`` `text ${value}` ``."""
        made: Any = ""
        position = node.start_byte + 1
        for part in node.named_children:
            made = plus(made, self.text[position : part.start_byte].decode())
            if part.type == "template_substitution":
                made = plus(made, text_of_primitive(self.known(part.named_children[0]).value))
            elif part.type == "escape_sequence":
                made = plus(made, unescape(self.words(part)))
            else:
                made = plus(made, self.words(part))
            position = part.end_byte
        return _Known(plus(made, self.text[position : node.end_byte - 1].decode()), node)

    def number(self, node: Node) -> _Known:
        """`3000`, `0x10`, `1e3`."""
        return _Known(number_of(self.words(node).replace("_", "")), node)

    def identifier(self, node: Node) -> _Known:
        """A constant's name, or one of the few names of the language."""
        name = self.words(node)
        if name in self.names:
            return self.names[name]
        if name == "__dirname":
            return _Known(str(self.source.path.parent), node)
        if name in {"undefined", "NaN"}:
            return _Known(UNDEFINED if name == "undefined" else math.nan, node)
        raise _NotStaticError(node, f"the name {name} is not known here")

    def member(self, node: Node) -> _Known:
        """`process.env.NAME`, `config.db`, `process.env['NAME']`, `list[0]`."""
        subject = _field(node, "object")
        if self.words(node) == "process.env":
            return _Known(_ENVIRONMENT, node)
        if node.type == "member_expression":
            key = self.words(_field(node, "property"))
        else:
            key = text_of(self.known(_field(node, "index")).value)
        owner = self.known(subject)
        if owner.value is _ENVIRONMENT:
            value = self.environ.get(key)
            return _Known(UNDEFINED if value is None else VariableText.of(value, key), node)
        if isinstance(owner.value, dict | list):
            return owner.inside.get(key) or _Known(UNDEFINED, node)
        raise _NotStaticError(node, f"{self.words(node)} cannot be read without running it")

    def binary(self, node: Node) -> _Known:
        """`a || b`, `a ?? b`, `a && b`, `a + b`, comparisons."""
        operator = self.words(_field(node, "operator"))
        left = self.known(_field(node, "left"))
        if operator in {"||", "&&", "??"}:
            nothing = left.value is None or left.value is UNDEFINED
            stays = {"||": is_truthy(left.value), "&&": not is_truthy(left.value), "??": not nothing}[operator]
            return left if stays else self.known(_field(node, "right"))
        right = self.known(_field(node, "right"))
        if operator == "+":
            return _Known(plus(left.value, right.value), node)
        if operator in {"===", "!==", "==", "!="}:
            same = left.value == right.value and isinstance(left.value, bool) == isinstance(right.value, bool)
            return _Known(same == (operator in {"===", "=="}), node)
        if operator in {"-", "*"} and all(type(one.value) in {int, float} for one in (left, right)):
            return _Known(left.value - right.value if operator == "-" else left.value * right.value, node)
        raise _NotStaticError(node, f"the operator {operator} cannot be read without running it")

    def unary(self, node: Node) -> _Known:
        """`-1`, `!x`, `+text`."""
        operator, inner = self.words(_field(node, "operator")), self.known(_field(node, "argument"))
        if operator == "!":
            return _Known(not is_truthy(inner.value), node)
        if operator in {"-", "+"}:
            number = number_of(inner.value) if isinstance(inner.value, str) else inner.value
            if isinstance(number, int | float):
                return _Known(-number if operator == "-" else number, node)
        raise _NotStaticError(node, f"the operator {operator} cannot be read here")

    def ternary(self, node: Node) -> _Known:
        """`test ? a : b`."""
        chosen = "consequence" if is_truthy(self.known(_field(node, "condition")).value) else "alternative"
        return self.known(_field(node, chosen))

    def parenthesized(self, node: Node) -> _Known:
        """`(a)`."""
        return self.known(next(part for part in node.named_children if part.type != "comment"))

    def call(self, node: Node) -> _Known:
        """`require(...)`, `path.join(...)`, `parseInt(...)`, `Number(...)`, `String(...)`."""
        function = _field(node, "function")
        arguments = [part for part in _field(node, "arguments").named_children if part.type != "comment"]
        name = self.words(function)
        if name == "require" and len(arguments) == 1:
            return self._require(node, str(self.known(arguments[0]).value))
        if function.type == "member_expression":
            owner = _field(function, "object")
            method = self.words(_field(function, "property"))
            if method in {"join", "resolve"} and owner.type in {"identifier", "call_expression"}:
                return self._path(node, owner, method, arguments)
        if name in {"parseInt", "Number", "String"} and arguments:
            value = self.known(arguments[0]).value
            if name == "String":
                return _Known(text_of_primitive(value), node)
            return _Known(number_of(value) if isinstance(value, str) else number_of_value(value), node)
        raise _NotStaticError(node, f"the call of {name} cannot be read without running it")

    def _path(self, node: Node, owner: Node, method: str, arguments: list[Node]) -> _Known:
        if self.known(owner).value is not _PATH:
            raise _NotStaticError(node, f"the call of {self.words(owner)}.{method} cannot be read without running it")
        parts = [text_of(self.known(argument).value) for argument in arguments]
        if method == "join":
            return _Known(os.path.normpath("/".join(part for part in parts if part) or "."), node)
        return _Known(os.path.normpath(os.path.join(str(self.source.path.parent), *parts)), node)  # noqa: PTH118

    def _require(self, node: Node, name: str) -> _Known:
        if name in _MODULES:
            return _Known(_PATH, node)
        if not name.startswith((".", "/")):
            raise _NotStaticError(node, f"the package {name} cannot be read without running it")
        path = Path(os.path.normpath(self.source.path.parent / name))
        candidates = [path] if path.suffix == ".json" else [path.with_name(f"{path.name}.json")]
        file = next((candidate for candidate in candidates if candidate.is_file()), None)
        if file is None:
            raise _NotStaticError(node, f"{name} is no JSON file that can be read here")
        from lbconf.documents.json_reader import read_json
        from lbconf.documents.text import read_text

        source = SourceFile(path=file, shown=str(file), section=self.source.section, layer=self.source.layer)
        text = read_text(source, self.found)
        parsed = None if text is None else read_json(text, source.shown, self.found, markers=False)
        return _known_data(UNDEFINED if parsed is None else parsed.data, node)

    def _point(self, offset: int) -> tuple[int, int]:
        start = self.text.rfind(b"\n", 0, offset) + 1
        return self.text.count(b"\n", 0, offset) + 1, len(self.text[start:offset].decode(errors="replace")) + 1


_EXPRESSIONS: Final[Mapping[str, Callable[[_Script, Node], _Known]]] = {
    "object": _Script.object,
    "array": _Script.array,
    "string": _Script.string,
    "template_string": _Script.template,
    "number": _Script.number,
    "identifier": _Script.identifier,
    "undefined": lambda _, node: _Known(UNDEFINED, node),
    "null": lambda _, node: _Known(None, node),
    "true": lambda _, node: _Known(value=True, node=node),
    "false": lambda _, node: _Known(value=False, node=node),
    "member_expression": _Script.member,
    "subscript_expression": _Script.member,
    "binary_expression": _Script.binary,
    "unary_expression": _Script.unary,
    "ternary_expression": _Script.ternary,
    "parenthesized_expression": _Script.parenthesized,
    "call_expression": _Script.call,
}


def _known_data(value: Any, node: Node) -> _Known:
    """Data of another file: all of it stands where it was asked for."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return _Known(value, node, {str(key): _known_data(item, node) for key, item in items})


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise _NotStaticError(node, f"a {node.type.replace('_', ' ')} without {name} cannot be read")
    return found


def _first_error(node: Node) -> Node | None:
    if not node.has_error:
        return None
    while True:
        inner = next((part for part in node.children if part.has_error or part.is_missing), None)
        if inner is None or node.type == "ERROR":
            return node
        node = inner
