"""How the server prints expressions: it is asked, with temporary tables that nobody else sees.

Source: MariaDB documentation, CREATE TABLE (TEMPORARY), SHOW CREATE TABLE; MySQL 8.0 Reference Manual, 15.1.20.2.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pymysql

from lbconf.connectors.mysql.inspect import PRINTING_MODE, STRUCTURE_MODE, speaking
from lbconf.connectors.mysql.session import Session
from lbconf.connectors.mysql.spelling import check_clause, column_clause, index_clause, quote
from lbconf.records import dataclass, field, replace
from lbconf.state.structure import Check, Column, Index, QualifiedName, Table

__all__ = ["Answer", "Printed", "Question", "ask", "items_of", "printed_column"]

SCRATCH: Final = "_lbconf_normalize"
NAMED: Final = re.compile(r"^`(?P<name>(?:[^`]|``)+)` ")
CONSTRAINT: Final = re.compile(r"^CONSTRAINT `(?P<name>(?:[^`]|``)+)` CHECK ", re.IGNORECASE)
KEY: Final = re.compile(r"^(?:UNIQUE )?KEY `(?P<name>(?:[^`]|``)+)` ", re.IGNORECASE)
MARKS: Final = re.compile(r"/\*!\d+|\*/")
CLAUSES: Final = re.compile(r"(?P<word>GENERATED ALWAYS AS|DEFAULT|CHECK|ON UPDATE|COMMENT|INVISIBLE)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A table, and what of it is to be printed."""

    table: Table
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    indexes: tuple[Index, ...] = ()
    """With expressions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A column's expressions, as printed; None for those it has not."""

    default: str | None = None
    generated: str | None = None
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server printed."""

    columns: Mapping[str, Printed] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    expressions: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """By index and the place of its part."""


def ask(session: Session, questions: Mapping[QualifiedName, Question]) -> Mapping[QualifiedName, Answer]:
    """An answer for each table that the server can make; the others are told when they are applied."""
    found: dict[QualifiedName, Answer] = {}
    with speaking(session, STRUCTURE_MODE):
        for name, question in questions.items():
            try:
                session.execute(f"CREATE TEMPORARY TABLE {quote(SCRATCH)} ({_body(question, session)})")
            except pymysql.Error:
                if session.broken:
                    raise
                continue
            try:
                session.execute(f"SET SESSION sql_mode = '{PRINTING_MODE}'")
                ((_, text),) = session.rows(f"SHOW CREATE TABLE {quote(SCRATCH)}")
                found[name] = _read(str(text), question)
            finally:
                session.execute(f"DROP TEMPORARY TABLE {quote(SCRATCH)}")
                session.execute(f"SET SESSION sql_mode = '{STRUCTURE_MODE}'")
    return found


def _body(question: Question, session: Session) -> str:
    """Every column, for expressions may name any; only those in question with what makes them special."""
    asked = {column.name for column in question.columns}
    clauses = []
    for column in question.table.columns:
        bare = replace(column, identity=None, nullable=True, comment=None, on_update=None)
        if column.name not in asked:
            other = tuple(option for option in column.options if option[0] == "compressed")
            generated = column.generated if column.virtual or column.generated is None else None
            bare = replace(bare, default=None, generated=generated, options=other)
        clauses.append(column_clause(replace(bare, virtual=bare.virtual), session.server))
    clauses.extend(
        check_clause(replace(check, name=f"_lbconf_{number}"), session.server)
        for number, check in enumerate(question.checks)
    )
    clauses.extend(index_clause(index, session.server) for index in question.indexes)
    return ", ".join(clauses)


def _read(text: str, question: Question) -> Answer:
    asked = {column.name for column in question.columns}
    names = {f"_lbconf_{number}": check.name for number, check in enumerate(question.checks)}
    columns: dict[str, Printed] = {}
    checks: dict[str, str] = {}
    expressions: dict[tuple[str, int], str] = {}
    for item in items_of(text):
        column, constraint, key = NAMED.match(item), CONSTRAINT.match(item), KEY.match(item)
        if constraint is not None:
            told = _parenthesised(item[constraint.end() :])
            own = names.get(_unquoted(constraint["name"]))
            if told is not None and own is not None:
                checks[own] = told
        elif key is not None:
            parts = _split(_parenthesised(item[key.end() :]) or "")
            for place, part in enumerate(parts):
                inside = _parenthesised(part)
                if inside is not None:
                    expressions[_unquoted(key["name"]), place] = inside
        elif column is not None and _unquoted(column["name"]) in asked:
            columns[_unquoted(column["name"])] = printed_column(item[column.end() :])
    return Answer(columns=columns, checks=checks, expressions=expressions)


def items_of(text: str) -> Iterator[str]:
    """The columns, keys and constraints of a printed CREATE TABLE."""
    start = text.index("(")
    yield from _split(_parenthesised(text[start:]) or "")


def printed_column(text: str) -> Printed:
    """The expressions in what follows a column's name."""
    found: dict[str, str] = {}
    place = 0
    text = _without_marks(text)
    masked = _masked(text)
    while True:
        clause = CLAUSES.search(masked, place)
        if clause is None:
            generated = found.get("GENERATED ALWAYS AS")
            return Printed(default=found.get("DEFAULT"), generated=generated, check=found.get("CHECK"))
        word, rest = clause["word"].upper(), text[clause.end() :]
        if word in {"GENERATED ALWAYS AS", "CHECK"}:
            inside = _parenthesised(rest)
            if inside is not None:
                found[word] = inside
        elif word == "DEFAULT":
            following = CLAUSES.search(masked, clause.end())
            found[word] = text[clause.end() : following.start() if following else len(text)].strip()
        place = clause.end()


def _without_marks(text: str) -> str:
    """The same with blanks for the marks around what older servers are to pass over: `/*!80023 INVISIBLE */`."""
    for mark in reversed([*MARKS.finditer(_masked(text))]):
        text = text[: mark.start()] + " " * len(mark[0]) + text[mark.end() :]
    return text


def _masked(text: str) -> str:
    """The text with everything in quotes and parentheses blanked, so that words in it mean nothing."""
    shown, depth = [], 0
    for char, quoted in _scanned(text):
        if not quoted and char == ")":
            depth -= 1
        shown.append(" " if quoted or depth > 0 or char in "()" else char)
        if not quoted and char == "(":
            depth += 1
    return "".join(shown)


def _parenthesised(text: str) -> str | None:
    """What is in the parentheses that the text begins with."""
    text = text.lstrip()
    if not text.startswith("("):
        return None
    depth = 0
    for place, (char, quoted) in enumerate(_scanned(text)):
        if quoted:
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return text[1:place].strip()
    return None


def _split(text: str) -> list[str]:
    """Parts between commas outside quotes and parentheses."""
    found, depth, start = [], 0, 0
    for place, (char, quoted) in enumerate(_scanned(text)):
        if quoted:
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def _scanned(text: str) -> Iterator[tuple[str, bool]]:
    """Each character, and whether it stands in quotes (the quotes themselves too)."""
    quote_, escaped = "", False
    for char in text:
        if escaped:
            escaped = False
            yield char, True
        elif quote_:
            if char == "\\" and quote_ != "`":
                escaped = True
            elif char == quote_:
                quote_ = ""
            yield char, True
        else:
            if char in "'\"`":
                quote_ = char
            yield char, bool(quote_)


def _unquoted(name: str) -> str:
    return name.replace("``", "`")
