"""YAML 1.2 into plain data: the core schema's scalars, string keys, no duplicates, bounded aliases."""

from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lbconf.diagnostics import Code, Collector, Location, Related
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.pointer import child
from lbconf.documents.scalars import NOT_TEXT, scalar
from lbconf.documents.spans import Parsed, Place, SpanIndex

__all__ = ["MAX_DEPTH", "MAX_VALUES", "read_yaml", "scalar", "yaml_places"]

MAX_DEPTH: Final = 100
"""Levels of nesting."""
MAX_VALUES: Final = 500_000
"""Values of one document, aliases written out."""

_CHARACTER: Final = "take the character out, or write it as an escape in double quotes"
_PLAIN: Final = "plain"
_TEXT: Final = "text"
_STANDARD: Final = "tag:yaml.org,2002:"
_QUOTED: Final = frozenset("'\"|>")


def read_yaml(text: str, file: str, found: Collector) -> Parsed | None:
    """The document's data and the places of its values, or None where findings say why not.

    An empty document is `None` data. Tags `!unset` and `!replace` become the markers.
    Source: YAML 1.2.2 chapters 7.1 (aliases) and 10.3 (core schema).
    """
    if _suspicious(text) and not _shallow(text):
        found.error(
            Code.DOCUMENT_TOO_LARGE,
            f"the document is nested more than {MAX_DEPTH} levels deep",
            Location(file=file),
            hint="split the document, or write it flatter",
        )
        return None
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(error, text, file, found)
        return None
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        found.error(
            Code.SYNTAX, f"not YAML: {error.reason}", Location(file=file, line=line, column=column), hint=_CHARACTER
        )
        return None
    builder = _Builder(file, found)
    try:
        data = None if node is None else builder.build(node, 0)
    except _RefusedError:
        return None
    if builder.refused:
        return None
    # Places are rarely asked for: composing the text again then is cheaper than keeping the nodes of a thousand files.
    return Parsed(data, SpanIndex(file, lambda: yaml_places(text)), has_markers=builder.marked)


def yaml_places(text: str) -> tuple[dict[str, Place], dict[str, Place]]:
    """Pointer to place of the values and of the keys of a text that was read."""
    return _places(_compose(text))


class _Loader(CParser):
    """libyaml's parser and composer; only tells plain scalars from quoted ones, which spares the resolvers."""

    def __init__(self, stream: str) -> None:
        CParser.__init__(self, stream)

    def resolve(self, _kind: type[Node], _value: Any, implicit: Any) -> str:
        return _PLAIN if implicit is True or (isinstance(implicit, tuple) and implicit[0]) else _TEXT

    def descend_resolver(self, _parent: Any, _index: Any) -> None:
        """Nothing: tags do not depend on the path."""

    def ascend_resolver(self) -> None:
        """Nothing: tags do not depend on the path."""


class _RefusedError(Exception):
    """The document cannot be built; findings say why."""


class _Builder:
    """Turns nodes into plain data, counting what it makes."""

    def __init__(self, file: str, found: Collector) -> None:
        self.file = file
        self.found = found
        self.values = 0
        self.refused = False
        self.marked = False

    def build(self, node: Node, depth: int) -> Any:
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            self._too_large(node)
        tag = node.tag
        if tag in {_PLAIN, _TEXT}:
            return self._untagged(node, depth)
        self.marked = self.marked or tag in {"!unset", "!replace"}
        if tag == "!unset":
            return Unset(self._untagged(node, depth))
        if tag == "!replace":
            return Replace(self._untagged(node, depth))
        return self._tagged(node, depth)

    def _untagged(self, node: Node, depth: int) -> Any:
        if isinstance(node, ScalarNode):
            if node.tag == _TEXT or node.style in _QUOTED:
                return node.value
            text: str = node.value
            if text and text[0] not in NOT_TEXT:
                return text
            try:
                return scalar(text)
            except ValueError as error:
                return self._refuse(node, str(error))
        if isinstance(node, SequenceNode):
            return [self.build(item, depth + 1) for item in node.value]
        return self._mapping(node, depth) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, "a key must be a text, not a list or a mapping")
                continue
            key: str = key_node.value
            if key == "<<" and key_node.tag == _PLAIN:
                merged.append(value_node)
                continue
            if key in built:
                self._duplicate(node, key, key_node)
                continue
            built[key] = self.build(value_node, depth + 1)
        for source in merged:
            for key, value in self._merge_key(source, depth).items():
                built.setdefault(key, value)
        return built

    def _merge_key(self, node: Node, depth: int) -> dict[str, Any]:
        sources = node.value if isinstance(node, SequenceNode) else [node]
        built: dict[str, Any] = {}
        for source in sources:
            if not isinstance(source, MappingNode):
                self._refuse(source, "`<<` takes a mapping or a list of mappings")
                continue
            for key, value in self.build(source, depth + 1).items():
                built.setdefault(key, value)
        return built

    def _tagged(self, node: Node, depth: int) -> Any:
        name = node.tag.removeprefix(_STANDARD)
        if isinstance(node, ScalarNode) and name in {"str", "int", "float", "bool", "null"}:
            if name == "str":
                return node.value
            try:
                value = scalar(node.value)
            except ValueError as error:
                return self._refuse(node, str(error))
            if name == "float" and type(value) is int:
                return float(value)
            if {int: "int", float: "float", bool: "bool", type(None): "null"}.get(type(value)) == name:
                return value
            return self._refuse(node, f"the value is no {name}, as its tag says")
        if (isinstance(node, MappingNode) and name == "map") or (isinstance(node, SequenceNode) and name == "seq"):
            return self._untagged(node, depth)
        return self._refuse(
            node, f"unknown tag {node.tag.replace(_STANDARD, '!!')}", "known tags are !unset and !replace"
        )

    def _refuse(self, node: Node, message: str, hint: str = "write a plain value here, or quote it") -> None:
        self.refused = True
        self.found.error(Code.SYNTAX, message, self._at(node), hint=hint)

    def _duplicate(self, node: MappingNode, key: str, again: Node) -> None:
        self.refused = True
        first = next(k for k, _ in node.value if isinstance(k, ScalarNode) and k.value == key)
        self.found.error(
            Code.DUPLICATE_KEY,
            f"the key {key!r} stands twice in one mapping",
            self._at(again),
            hint="keep one of the two; a parser that takes the last would hide the first",
            related=(Related(message="first here", location=self._at(first)),),
        )

    def _too_large(self, node: Node) -> None:
        deep = self.values <= MAX_VALUES
        self.found.error(
            Code.DOCUMENT_TOO_LARGE,
            f"the document is nested more than {MAX_DEPTH} levels deep, or an alias contains itself"
            if deep
            else f"the document has more than {MAX_VALUES} values once its aliases are written out",
            self._at(node),
            hint="write it flatter" if deep else "use fewer aliases, or split the document",
        )
        raise _RefusedError

    def _at(self, node: Node) -> Location:
        line, column, end_line, end_column = _place(node)
        return Location(file=self.file, line=line, column=column, end_line=end_line, end_column=end_column)


def _compose(text: str) -> Node | None:
    loader = _Loader(text)
    try:
        node: Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node


def _suspicious(text: str) -> bool:
    """Whether the text could nest so deeply that the composer, which is recursive, would run out of stack."""
    return text.count("[") + text.count("{") + text.count("- ") + text.count("? ") + text.count(": ") > 5_000  # noqa: PLR2004 - far from the stack's end


def _shallow(text: str) -> bool:
    depth = 0
    loader = yaml.CLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    return False
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return True
    finally:
        loader.dispose()
    return True


def _refuse_syntax(error: yaml.MarkedYAMLError, text: str, file: str, found: Collector) -> None:
    mark = error.problem_mark or error.context_mark
    place = Location(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Location(file=file)
    related: tuple[Related, ...] = ()
    if error.context and error.context_mark:
        start = Location(file=file, line=error.context_mark.line + 1, column=error.context_mark.column + 1)
        related = (Related(message=error.context, location=start),)
    hint = "check the indentation, and quote texts that hold `: `, ` #` or start with a special character"
    if error.problem and "\\t" in error.problem:
        hint = "indent with blanks, not tabs"
    elif mark and "expected ','" in (error.problem or "") and "${" in "".join(text.splitlines()[mark.line :][:1]):
        hint = "put quotes around a value that holds `${...}` inside `{ }` or `[ ]`"
    elif error.context and "single document" in error.context:
        hint = "one file holds one document: take the `---` out"
    found.error(Code.SYNTAX, f"not YAML: {error.problem}", place, hint=hint, related=related)


def _place(node: Node) -> Place:
    start, end = node.start_mark, node.end_mark
    return Place(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _places(root: Node | None) -> tuple[dict[str, Place], dict[str, Place]]:
    values: dict[str, Place] = {}
    keys: dict[str, Place] = {}
    if root is not None:
        _walk(root, "", values, keys)
    return values, keys


def _walk(node: Node, pointer: str, values: dict[str, Place], keys: dict[str, Place]) -> None:
    values[pointer] = _place(node)
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, f"{pointer}/{index}", values, keys)
    elif isinstance(node, MappingNode):
        merged: list[Node] = []
        own: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value == "<<" and key_node.tag == _PLAIN:
                merged.extend(value_node.value if isinstance(value_node, SequenceNode) else [value_node])
                continue
            inner = child(pointer, key_node.value)
            own.add(inner)
            keys[inner] = _place(key_node)
            _walk(value_node, inner, values, keys)
        for source in merged:
            own |= _add_merged(source, pointer, own, values, keys)


def _add_merged(node: Node, pointer: str, own: set[str], values: dict[str, Place], keys: dict[str, Place]) -> set[str]:
    """Add the places of what a merge key brings in: where they are written, unless the mapping has its `own`.

    Returns the pointers of the keys it brought.
    """
    source_values: dict[str, Place] = {}
    source_keys: dict[str, Place] = {}
    _walk(node, pointer, source_values, source_keys)
    depth = pointer.count("/") + 2
    brought: set[str] = set()
    for places, target in ((source_values, values), (source_keys, keys)):
        for inner, place in places.items():
            top = "/".join(inner.split("/", depth)[:depth])
            if inner != pointer and top not in own:
                target.setdefault(inner, place)
                brought.add(top)
    return brought
