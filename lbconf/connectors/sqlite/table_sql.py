"""What only the text of a CREATE statement tells: names of constraints, checks, collations, expressions.

SQLite keeps the statement as it was written and its pragmas leave these out.
Source: sqlite.org/lang_createtable.html, sqlite.org/lang_createindex.html.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from lbconf.records import dataclass, field

__all__ = [
    "TOKEN",
    "IndexText",
    "TableText",
    "Token",
    "canonical_default",
    "canonical_expression",
    "cast_to_numbers",
    "index_text",
    "replace_names",
    "table_text",
    "tokens",
]

TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<string>[xX]?'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<symbol>->>|->|\|\||<<|>>|<=|>=|<>|!=|==|.)""",
    re.VERBOSE | re.DOTALL,
)
CONSTRAINT_WORDS: Final = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
CONSTANT_WORDS: Final = frozenset({"NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"})
NO_SPACE_BEFORE: Final = frozenset({",", ")", ".", ";"})
NO_SPACE_AFTER: Final = frozenset({"(", "."})


@dataclass(frozen=True, slots=True)
class Token:
    """One token; space and comments are no tokens."""

    kind: str
    """`string`, `quoted`, `number`, `word` or `symbol`."""
    text: str

    @property
    def keyword(self) -> str:
        """The word in upper case; empty for everything that is no bare word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The identifier without its quotes."""
        if self.kind != "quoted":
            return self.text
        inner = self.text[1:-1]
        return inner if self.text[0] == "[" else inner.replace(self.text[0] * 2, self.text[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """What the text of a CREATE TABLE says beside the pragmas."""

    checks: tuple[tuple[str | None, str], ...] = ()
    """(name, expression), as written."""
    foreign_keys: tuple[tuple[str | None, str | None], ...] = ()
    """(name, deferrable) in the order written."""
    uniques: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Names of unique constraints by their columns, in lower case."""
    collations: Mapping[str, str] = field(default_factory=dict)
    """By column in lower case."""
    generated: Mapping[str, str] = field(default_factory=dict)
    """Expressions of generated columns by column in lower case."""
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """`ON CONFLICT` actions by what they belong to: `PRIMARY KEY`, `NOT NULL a`, `UNIQUE a, b`; names in lower case."""
    autoincrement: bool = False
    without_rowid: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexText:
    """What the text of a CREATE INDEX says beside the pragmas."""

    parts: tuple[str, ...]
    """Each indexed expression or column, without collation and direction."""
    where: str | None


def tokens(sql: str) -> list[Token]:
    """Tokens of a statement in order."""
    found: list[Token] = []
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup or "symbol"
        if kind != "space":
            found.append(Token(kind, match.group()))
    return found


def canonical_expression(sql: str) -> str:
    """An expression in one spelling: single spaces, no comments, no parentheses around the whole."""
    return _text(_bare(tokens(sql)))


def canonical_default(sql: str) -> str:
    """A default in one spelling; SQLite takes a lone name, quoted or not, for a text."""
    found = _bare(tokens(sql))
    lone = found[0] if len(found) == 1 else None
    if lone is not None and (lone.kind == "quoted" or (lone.kind == "word" and lone.keyword not in CONSTANT_WORDS)):
        return "'" + lone.name.replace("'", "''") + "'"
    if len(found) == 2 and found[0].text in {"+", "-"} and found[1].kind == "number":  # noqa: PLR2004 - sign, number
        return found[0].text + found[1].text
    return _text(found)


def replace_names(sql: str, names: Mapping[str, str]) -> str:
    """The same text with these identifiers (in lower case) replaced by others, strings and comments left alone."""
    pieces: list[str] = []
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup or "symbol"
        name = Token(kind, match.group()).name.lower() if kind in {"word", "quoted"} else None
        new = names.get(name) if name is not None else None
        pieces.append(match.group() if new is None else '"' + new.replace('"', '""') + '"')
    return "".join(pieces)


def cast_to_numbers(sql: str, names: Collection[str]) -> str:
    """The expression with these columns (lower case) as `CAST("name" AS NUMERIC)`; those cast already stay."""
    pieces: list[str] = []
    before = ("", "")
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup or "symbol"
        text = match.group()
        token = Token(kind, text)
        named = kind in {"word", "quoted"} and token.name.lower() in names
        if named and before[1] != "." and before != ("CAST", "("):
            quoted = token.name.replace('"', '""')
            pieces.append(f'CAST("{quoted}" AS NUMERIC)')
        else:
            pieces.append(text)
        if kind != "space":
            before = (before[1], text.upper())
    return "".join(pieces)


def table_text(sql: str) -> TableText:
    """Read a CREATE TABLE as SQLite keeps it."""
    found = tokens(sql)
    start = next((place for place, token in enumerate(found) if token.text == "("), None)
    if start is None:
        return TableText()
    end = _closing(found, start)
    reading = _TableReading()
    for definition in _split(found[start + 1 : end]):
        reading.read(definition)
    options = {token.keyword for token in found[end + 1 :]}
    return TableText(
        checks=tuple(reading.checks),
        foreign_keys=tuple(reading.foreign_keys),
        uniques=reading.uniques,
        collations=reading.collations,
        generated=reading.generated,
        conflicts=reading.conflicts,
        autoincrement=reading.autoincrement,
        without_rowid="ROWID" in options,
        strict="STRICT" in options,
    )


def index_text(sql: str) -> IndexText:
    """Read a CREATE INDEX as SQLite keeps it."""
    found = tokens(sql)
    on = next(place for place, token in enumerate(found) if token.keyword == "ON")
    start = next(place for place in range(on, len(found)) if found[place].text == "(")
    end = _closing(found, start)
    rest = found[end + 1 :]
    where = _text(_bare(rest[1:])) if rest and rest[0].keyword == "WHERE" else None
    return IndexText(
        parts=tuple(_text(_bare(_undirected(part))) for part in _split(found[start + 1 : end])), where=where
    )


class _TableReading:
    """Gathers what the definitions inside the parentheses say."""

    def __init__(self) -> None:
        self.checks: list[tuple[str | None, str]] = []
        self.foreign_keys: list[tuple[str | None, str | None]] = []
        self.uniques: dict[tuple[str, ...], str] = {}
        self.collations: dict[str, str] = {}
        self.generated: dict[str, str] = {}
        self.conflicts: dict[str, str] = {}
        self._owner = ""
        self.autoincrement = False

    def read(self, definition: Sequence[Token]) -> None:
        if not definition:
            return
        of_table = definition[0].keyword in CONSTRAINT_WORDS
        column = None if of_table else definition[0].name.lower()
        name: str | None = None
        place = 0 if of_table else 1
        while place < len(definition):
            word = definition[place].keyword
            if word == "CONSTRAINT":
                name = definition[place + 1].name
                place += 2
                continue
            self._conflict(word, definition, place, column)
            place = self._clause(word, definition, place, column, name)
            if word in {"CHECK", "UNIQUE", "REFERENCES", "KEY", "NULL"}:
                name = None if word != "KEY" or self._next(definition, place) != "(" else name

    def _clause(self, word: str, definition: Sequence[Token], place: int, column: str | None, name: str | None) -> int:
        """Read the clause at `place`; the place after it."""
        following = self._next(definition, place + 1)
        if word == "CHECK" and following == "(":
            end = _closing(definition, place + 1)
            self.checks.append((name, _text(_bare(definition[place + 2 : end]))))
            return end + 1
        if word == "UNIQUE":
            end = _closing(definition, place + 1) if following == "(" else place
            inside = [_undirected(part)[0].name.lower() for part in _split(definition[place + 2 : end])]
            columns = (column,) if column is not None else tuple(inside)
            self._owner = f"UNIQUE {', '.join(columns)}"
            if name is not None:
                self.uniques[columns] = name
            return end + 1
        if word == "REFERENCES":
            self.foreign_keys.append((name, _deferrable(definition[place:])))
        elif word == "COLLATE" and column is not None:
            self.collations[column] = definition[place + 1].name
        elif word == "AUTOINCREMENT":
            self.autoincrement = True
        elif word == "AS" and following == "(" and column is not None:
            end = _closing(definition, place + 1)
            self.generated[column] = _text(_bare(definition[place + 2 : end]))
            return end + 1
        elif definition[place].text == "(":
            return _closing(definition, place) + 1
        return place + 1

    def _conflict(self, word: str, definition: Sequence[Token], place: int, column: str | None) -> None:
        """Keep an `ON CONFLICT` with the constraint that was read last."""
        if word == "ON" and self._owner and self._next(definition, place + 1).upper() == "CONFLICT":
            self.conflicts[self._owner] = definition[place + 2].keyword
        elif word in {"CHECK", "REFERENCES", "FOREIGN"}:
            self._owner = ""
        elif word in {"PRIMARY", "NULL"}:
            self._owner = "PRIMARY KEY" if word == "PRIMARY" else f"NOT NULL {column}"

    @staticmethod
    def _next(definition: Sequence[Token], place: int) -> str:
        return definition[place].text if place < len(definition) else ""


def _deferrable(clause: Sequence[Token]) -> str | None:
    words = [token.keyword for token in clause]
    if "REFERENCES" in words[1:]:
        del words[words.index("REFERENCES", 1) :]
    if "DEFERRABLE" not in words or words[words.index("DEFERRABLE") - 1] == "NOT":
        return None
    return "deferred" if "DEFERRED" in words else "immediate"


def _closing(found: Sequence[Token], start: int) -> int:
    """Place of the parenthesis that closes the one at `start`."""
    depth = 0
    for place in range(start, len(found)):
        depth += {"(": 1, ")": -1}.get(found[place].text, 0)
        if depth == 0:
            return place
    return len(found) - 1


def _split(found: Sequence[Token]) -> list[list[Token]]:
    """Parts between commas outside parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _undirected(part: Sequence[Token]) -> list[Token]:
    found = list(part)
    if found and found[-1].keyword in {"ASC", "DESC"}:
        found.pop()
    if len(found) > 2 and found[-2].keyword == "COLLATE":  # noqa: PLR2004 - expression, COLLATE, name
        del found[-2:]
    return found


def _bare(found: Sequence[Token]) -> Sequence[Token]:
    while found and found[0].text == "(" and _closing(found, 0) == len(found) - 1:
        found = found[1:-1]
    return found


def _text(found: Sequence[Token]) -> str:
    text = ""
    before: Token | None = None
    for token in found:
        call = token.text == "(" and before is not None and before.kind in {"word", "quoted"} and _is_call(before)
        glued = before is None or token.text in NO_SPACE_BEFORE or before.text in NO_SPACE_AFTER or call
        text += token.text if glued else f" {token.text}"
        before = token
    return text


def _is_call(token: Token) -> bool:
    return token.keyword not in {
        "IN",
        "AND",
        "OR",
        "NOT",
        "LIKE",
        "GLOB",
        "BETWEEN",
        "IS",
        "WHEN",
        "THEN",
        "ELSE",
        "CASE",
    }
