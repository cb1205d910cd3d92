"""A desired state in the server's words, without asking the server: by what it said before.

Three sources, surest first: what the connector can say by itself; how the
server printed the same words before, in the same surroundings; and that a text
is the one that is there, but for spaces, the case of bare words, and brackets
around the whole. Whatever is left may be equal to what is there without anybody
knowing: it is planned as a change and said to be unproved, never left out.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from lbconf.connectors.contract import Predicted, Unproved
from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.structure import Check, Column, Index, QualifiedName, State, Table

__all__ = ["foreseen", "same_text"]

TOKEN: Final = pattern(
    r"""\w*'(?:[^']|'')*'"""  # text
    r"""|"(?:[^"]|"")*"|`(?:[^`]|``)*`"""  # a name in quotes
    r"""|\w+(?:\.\w+)*|[()\[\],;]|[^\w\s'"`()\[\],;]+"""  # a word or number, a bracket, an operator
)
UNSAFE: Final = ("\\", "--", "/*", "$$", "#")
"""What makes a text mean something else than its tokens do: escapes, comments, other quotes."""
WORD: Final = pattern(r"\w+")


def foreseen(predicted: Predicted, *, actual: State, desired: State, written: State, reported: State) -> Predicted:
    """The prediction with everything in it that is known after all.

    Args:
        predicted: By the connector, from `desired`.
        actual: What was there.
        desired: From the models.
        written: What the models said when the server was asked last.
        reported: The same in the server's words.
    """
    state, left = predicted.state, []
    tables = {table.name: table for table in state.tables}
    for part in predicted.unproved:
        table = tables[part.table]
        found = _known(part, table, _pair(desired, written, reported, part.table))
        if found is None:
            found = _there(part, table, _before(actual, table))
        if found is None:
            left.append(part)
        else:
            tables[part.table] = found
    return Predicted(
        state=replace(
            state,
            tables=tuple(tables[table.name] for table in state.tables),
            views=_whole(state.views, desired.views, written.views, reported.views),
            domains=_whole(state.domains, desired.domains, written.domains, reported.domains),
        ),
        unproved=tuple(left),
    )


def same_text(one: str, two: str) -> bool:
    """Whether two expressions say the same in the same words, but for spaces, case of bare words, and outer brackets.

    False proves nothing.
    """
    return one == two or _canonical(one) == _canonical(two)


def _known(part: Unproved, table: Table, told: tuple[Table, Table, Table] | None) -> Table | None:
    """The table with the part as the server printed the same words before; None where it did not, or might not now."""
    if told is None:
        return None
    desired, written, reported = told
    wanted, before, answer = (_part(found, part) for found in (desired, written, reported))
    if wanted is None or wanted != before or answer is None:
        return None
    words = set(WORD.findall(" ".join(_texts(wanted))))
    one = {(c.name, c.type, c.collation) for c in desired.columns if _mentioned(c.name, words)}
    two = {(c.name, c.type, c.collation) for c in written.columns if _mentioned(c.name, words)}
    return _with(table, answer) if one == two else None


def _there(part: Unproved, table: Table, actual: Table | None) -> Table | None:
    """The table with the part as it is there, where both say the same of columns of the same types."""
    if actual is None:
        return None
    wanted, found = _part(table, part), _part(actual, part)
    if wanted is None or found is None:
        return None
    worded = _worded(wanted, found)
    if worded is None:
        return None
    words = set(WORD.findall(" ".join(_texts(wanted))))
    one, two = ({(c.name, c.type) for c in side.columns if _mentioned(c.name, words)} for side in (table, actual))
    return _with(table, worded) if one == two else None


def _worded(wanted: Column | Check | Index, found: Column | Check | Index) -> Column | Check | Index | None:
    """The wanted part in the words of the one that is there; None where their texts differ."""
    if _shape(wanted) != _shape(found) or not all(map(same_text, _texts(wanted), _texts(found))):
        return None
    match wanted, found:
        case Column(), Column() if wanted.type == found.type:
            return replace(wanted, default=found.default, generated=found.generated)
        case Check(), Check():
            return replace(wanted, expression=found.expression)
        case Index(), Index():
            pairs = zip(wanted.parts, found.parts, strict=True)
            parts = tuple(replace(one, expression=two.expression) for one, two in pairs)
            return replace(wanted, parts=parts, where=found.where)
        case _:
            return None


def _shape(part: Column | Check | Index) -> tuple[bool, ...]:
    """Which texts there are."""
    match part:
        case Column():
            return (part.default is None, part.generated is None)
        case Check():
            return ()
        case Index():
            return (part.where is None, *(found.expression is None for found in part.parts))


def _mentioned(name: str, words: set[str]) -> bool:
    """Whether words may speak of a column, whatever the case; names that are several words always may."""
    return name.lower() in {word.lower() for word in words} or not name.isidentifier()


def _pair(desired: State, written: State, reported: State, name: QualifiedName) -> tuple[Table, Table, Table] | None:
    one, two, three = desired.table(name), written.table(name), reported.table(name)
    return None if one is None or two is None or three is None else (one, two, three)


def _before(actual: State, table: Table) -> Table | None:
    return actual.table(table.name) or (actual.table(table.renamed_from) if table.renamed_from else None)


def _part(table: Table, part: Unproved) -> Column | Check | Index | None:
    parts: Sequence[Column | Check | Index]
    match part.kind:
        case "column":
            parts = table.columns
        case "check":
            parts = table.checks
        case _:
            parts = table.indexes
    return next((found for found in parts if found.name == part.name), None)


def _texts(part: Column | Check | Index) -> list[str]:
    """The expressions of a part, always as many for the same shape."""
    match part:
        case Column():
            return [part.default.expression if part.default else "", part.generated or ""]
        case Check():
            return [part.expression]
        case Index():
            return [part.where or "", *(found.expression or found.column or "" for found in part.parts)]


def _with(table: Table, answer: Column | Check | Index) -> Table:
    """The table with the server's words for one part."""
    match answer:
        case Column():
            columns = tuple(
                replace(
                    found,
                    type=answer.type,
                    default=None if found.identity is not None else answer.default,
                    generated=answer.generated,
                    collation=answer.collation,
                )
                if found.name == answer.name
                else found
                for found in table.columns
            )
            return replace(table, columns=columns)
        case Check():
            checks = tuple(
                replace(found, expression=answer.expression) if found.name == answer.name else found
                for found in table.checks
            )
            return replace(table, checks=checks)
        case Index():
            indexes = tuple(
                replace(found, parts=answer.parts, where=answer.where) if found.name == answer.name else found
                for found in table.indexes
            )
            return replace(table, indexes=indexes)


def _whole(state: tuple[Any, ...], *told: Sequence[Any]) -> tuple[Any, ...]:
    """Objects that say what they said before, as the server printed them then."""
    desired, written, reported = ({found.name: found for found in side} for side in told)
    return tuple(
        _kept(found, reported[found.name])
        if found.name in reported and desired.get(found.name) == written.get(found.name)
        else found
        for found in state
    )


def _kept(wanted: Any, answer: Any) -> Any:
    """The server's words with what only the models say."""
    return replace(answer, **{name: getattr(wanted, name) for name in _said(type(wanted))})


def _said(kind: Any) -> tuple[str, ...]:
    return tuple(found.name for found in fields(kind) if not found.compare)


def _canonical(text: str) -> tuple[str, ...]:
    if any(sign in text for sign in UNSAFE):
        return (text.strip(),)
    if TOKEN.sub("", text).strip():
        return (text.strip(),)
    tokens = [token if token[-1:] in {"'", '"', "`"} else token.lower() for token in TOKEN.findall(text)]
    while len(tokens) > 2 and _closes(tokens) == len(tokens) - 1:  # noqa: PLR2004 - a pair of brackets around something
        tokens = tokens[1:-1]
    return tuple(tokens)


def _closes(tokens: Sequence[str]) -> int | None:
    """Where the bracket closes that the first token opens."""
    depth = 0
    if tokens[0] != "(":
        return None
    for place, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")  # noqa: S105 - brackets
        if depth == 0:
            return place
    return None
