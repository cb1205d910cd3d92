"""Random SQLite databases as text that a person might have written, with all spellings SQLite takes."""

import re
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from tests.strategies.names import COLUMNS, TABLES

__all__ = ["scripts"]

TYPES: Final = (
    "",
    "INT",
    "integer",
    "INTEGER",
    "BIGINT",
    "UNSIGNED BIG INT",
    "TINYINT(1)",
    "int2",
    "VARCHAR(20)",
    "varchar ( 20 )",
    "NATIVE CHARACTER(70)",
    "NVARCHAR(100)",
    "CHAR(3)",
    "TEXT",
    "text",
    "CLOB",
    "BLOB",
    "REAL",
    "DOUBLE PRECISION",
    "float",
    "FLOAT(3)",
    "NUMERIC",
    "DECIMAL(10,2)",
    "decimal( 10 , 2 )",
    "numeric(5)",
    "DECIMAL(5,0)",
    "DECIMAL(3,5)",
    "DECIMAL(4,-2)",
    "VARCHAR(0)",
    "VARCHAR(-1)",
    "INTEGER UNSIGNED",
    "INTEGER(11)",
    "DECIMAL_TEXT(5,2)",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIME",
    "JSON",
    "JSONB",
    "UUID",
    "MONEY",
    '"quoted type"',
    "[My Type]",
    "POINT",
)
STRICT_TYPES: Final = ("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY")
DEFAULTS: Final = (
    "0",
    "-1",
    "+5",
    "- 7",
    "1.50",
    "1e3",
    ".5",
    "0x10",
    "007",
    "1.0",
    "9223372036854775807",
    "99999999999999999999",
    "'x'",
    "''",
    "'it''s'",
    "'${HOME}'",
    "'$now'",
    "'two\nlines'",
    "' padded '",
    "'back\\slash'",
    "'007'",
    "'true'",
    "NULL",
    "TRUE",
    "false",
    "word",
    '"double"',
    "CURRENT_TIMESTAMP",
    "current_date",
    "CURRENT_TIME",
    "(CURRENT_TIMESTAMP)",
    "(1+2)",
    "(-1)",
    "(1) ",
    "('a' || \"b\" )",
    "(datetime('now','localtime'))",
    "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
    "(lower(hex(randomblob(16))))",
    "(CASE WHEN 1 IN (1,2) THEN 'a' ELSE 'b' END)",
    "x'00ff'",
    "X'AB'",
)
COLLATIONS: Final = ("NOCASE", "nocase", "RTRIM", "BINARY", '"NOCASE"')
ACTIONS: Final = ("NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE")
CONDITIONS: Final = (
    "{} IS NOT NULL",
    "{}>0",
    "( {} > 0 )",
    "({} > 0) OR ({} < -5)",
    "{} in ('a', 'B c', 'd''e')",
    "length({}) BETWEEN 1 AND 10 /* why */",
    "{} LIKE '%x\\%' ESCAPE '\\'",
    "NOT {} = 1 -- so\n",
    "{} <> '${{x}}'",
    "coalesce({}, 1e2) != x'00'",
)
EXPRESSIONS: Final = ("lower({})", "{} || 'x'", "({} + 1)", "abs({})", "substr({}, 1, 3)", "- {}")
BARE: Final = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
KEYWORDS: Final = frozenset({"order", "select", "check", "unique", "constraint", "where", "null", "type", "default"})


@dataclass(frozen=True, slots=True)
class _Written:
    """A table's text and what others may point to."""

    name: str
    text: str
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]


@st.composite
def scripts(draw: st.DrawFn) -> list[str]:
    """Statements that make a database; all of them are legal on their own, so a failure is a fault of the strategy."""
    names = draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=4, unique_by=str.lower))
    tables: list[_Written] = []
    heads = [(name, draw(_columns())) for name in names]
    for name, columns in heads:
        tables.append(draw(_table(name, columns, tables, names)))
    statements = [table.text for table in tables]
    for number, table in enumerate(tables):
        statements += draw(_indexes(table, number))
    if draw(st.integers(0, 3)) == 0:
        table = tables[0]
        chosen = ", ".join(_quoted(column) for column in table.columns[:2])
        statements.append(
            f'CREATE VIEW "{draw(st.sampled_from(["seen", "Big View"]))}" AS SELECT {chosen}, 1 AS "n x" '
            f"FROM {_quoted(table.name)}"
        )
    if draw(st.integers(0, 5)) == 0:
        statements.append(f"CREATE TRIGGER told AFTER DELETE ON {_quoted(tables[0].name)} BEGIN SELECT 1; END")
    return statements


@st.composite
def _columns(draw: st.DrawFn) -> list[str]:
    return draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=5, unique_by=str.lower))


@st.composite
def _name(draw: st.DrawFn, name: str) -> str:
    ways = [_quoted(name)]
    if "]" not in name:
        ways.append(f"[{name}]")
    ways.append("`" + name.replace("`", "``") + "`")
    if BARE.match(name) and name.lower() not in KEYWORDS:
        ways += [name, name]
    return draw(st.sampled_from(ways))


@st.composite
def _table(  # noqa: C901, PLR0912 - one choice a line, as in the manual's diagram
    draw: st.DrawFn, name: str, columns: list[str], before: list[_Written], names: list[str]
) -> _Written:
    strict = draw(st.integers(0, 5)) == 0
    form = draw(st.sampled_from(["none", "rowid", "counted", "inline", "table", "table rowid", "composite"]))
    if form == "composite" and len(columns) < 2:
        form = "table"
    without_rowid = form in {"inline", "table", "composite"} and draw(st.integers(0, 3)) == 0
    key = {"none": (), "composite": tuple(columns[1::-1])}.get(form, (columns[0],))
    keys = [tuple(key)] if key else []
    lines: list[str] = []
    tail: list[str] = []
    for place, column in enumerate(columns):
        inline_key = form in {"rowid", "counted", "inline"} and place == 0
        kind = draw(st.sampled_from(STRICT_TYPES if strict else TYPES))
        if place == 0 and form in {"rowid", "counted", "table rowid"}:
            kind = draw(st.sampled_from(["INTEGER", "integer"]))
        words = [draw(_name(column)), kind]
        generated = place > 1 and column not in key and draw(st.integers(0, 6)) == 0
        if inline_key:
            words.append(draw(st.sampled_from(["PRIMARY KEY", "CONSTRAINT pk PRIMARY KEY", "primary key asc"])))
            if form == "counted":
                words.append("AUTOINCREMENT")
        elif generated:
            made = draw(st.sampled_from(["GENERATED ALWAYS AS ({})", "AS ({})"]))
            words.append(made.format(f"{_quoted(columns[0])} || 'x'"))
            words.append(draw(st.sampled_from(["", "STORED", "VIRTUAL"])))
        if draw(st.booleans()) and not generated:
            words.append(
                draw(st.sampled_from(["NOT NULL", "not null on conflict ignore", "CONSTRAINT nn NOT NULL", "NULL"]))
            )
        if draw(st.booleans()) and not generated and not (inline_key and form != "inline"):
            words.append(f"DEFAULT {draw(st.sampled_from(DEFAULTS))}")
        if draw(st.integers(0, 4)) == 0 and not (inline_key and form != "inline"):
            words.append(f"COLLATE {draw(st.sampled_from(COLLATIONS))}")
        if draw(st.integers(0, 5)) == 0 and not inline_key:
            words.append(
                draw(
                    st.sampled_from(
                        ["UNIQUE", "UNIQUE ON CONFLICT REPLACE", f"CONSTRAINT {_quoted(column + ' u')} UNIQUE"]
                    )
                )
            )
            keys.append((column,))
        if draw(st.integers(0, 4)) == 0:
            words.append(draw(st.sampled_from(["", "CONSTRAINT positive "])) + f"CHECK ({draw(_condition(column))})")
        if draw(st.integers(0, 4)) == 0 and not generated:
            words.append(draw(_reference(before, names, 1, own=(name, tuple(keys)))))
        lines.append(" ".join(word for word in words if word))
    if form in {"table", "table rowid", "composite"}:
        tail.append(draw(st.sampled_from(["", 'CONSTRAINT "the key" '])) + f"PRIMARY KEY ({_list(key)})")
    if len(columns) > 1 and draw(st.integers(0, 3)) == 0:
        named = draw(st.sampled_from(["", "CONSTRAINT both ", "CONSTRAINT [both of] "]))
        collated = draw(st.sampled_from(["", "", " COLLATE RTRIM", " DESC"]))
        tail.append(f"{named}UNIQUE ({_list((columns[0], columns[1]))}{collated})")
        keys.append((columns[0], columns[1]))
    if draw(st.integers(0, 3)) == 0:
        named = draw(st.sampled_from(["", "CONSTRAINT ok ", "CONSTRAINT positive "]))
        tail.append(f"{named}CHECK ({draw(_condition(columns[-1]))})")
    if len(columns) > 1 and draw(st.integers(0, 2)) == 0:
        named = draw(st.sampled_from(["", "CONSTRAINT fk ", "CONSTRAINT `f k` "]))
        wide = draw(st.sampled_from([1, 2]))
        reference = draw(_reference(before, names, wide, own=(name, tuple(keys))))
        tail.append(f"{named}FOREIGN KEY ({_list(tuple(columns[:wide]))}) {reference}")
    options = ", ".join(word for word, on in (("STRICT", strict), ("WITHOUT ROWID", without_rowid)) if on)
    separator = draw(st.sampled_from([", ", ",\n  ", ", -- (next),\n"]))
    text = f"CREATE TABLE {draw(_name(name))} ({separator.join([*lines, *tail])}) {options}".rstrip()
    return _Written(name, text, tuple(columns), tuple(keys))


@st.composite
def _condition(draw: st.DrawFn, column: str) -> str:
    return draw(st.sampled_from(CONDITIONS)).replace("{}", _quoted(column)).replace("{{", "{").replace("}}", "}")


@st.composite
def _reference(
    draw: st.DrawFn,
    before: list[_Written],
    names: list[str],
    width: int,
    own: tuple[str, tuple[tuple[str, ...], ...]],
) -> str:
    """To a key of a table that is there, of this one, or (in words only) to one that comes later or never."""
    known = [(table.name, key) for table in before for key in table.keys if len(key) == width]
    known += [(own[0], key) for key in own[1] if len(key) == width]
    loose = [(name, None) for name in names] + [("nowhere", None)] if width == 1 else []
    choices = [*known, *loose[: 1 + (draw(st.integers(0, 5)) == 0)]]
    if not choices:
        choices = [("nowhere", ("p", "q")[:width])]
    target, key = draw(st.sampled_from(choices))
    text = f"REFERENCES {draw(_name(target))}" + (f" ({_list(key)})" if key is not None else "")
    for event in ("DELETE", "UPDATE"):
        if draw(st.booleans()):
            text += f" ON {event} {draw(st.sampled_from(ACTIONS))}"
    return text + draw(
        st.sampled_from(["", "", " DEFERRABLE INITIALLY DEFERRED", " deferrable", " NOT DEFERRABLE", " MATCH FULL"])
    )


@st.composite
def _indexes(draw: st.DrawFn, table: _Written, number: int) -> list[str]:
    found = []
    for place in range(draw(st.integers(0, 2))):
        parts = []
        for column in draw(st.lists(st.sampled_from(table.columns), min_size=1, max_size=2, unique=True)):
            text = _quoted(column)
            if draw(st.integers(0, 3)) == 0:
                text = draw(st.sampled_from(EXPRESSIONS)).replace("{}", text)
            if draw(st.integers(0, 4)) == 0:
                text += f" COLLATE {draw(st.sampled_from(COLLATIONS))}"
            parts.append(text + draw(st.sampled_from(["", "", " DESC", " asc"])))
        where = f" WHERE {draw(_condition(table.columns[0]))}" if draw(st.integers(0, 3)) == 0 else ""
        name = draw(
            st.sampled_from([f"idx{number}{place}", f"Odd Idx {number}{place}", f"{table.name}{number}{place}_key"])
        )
        unique = draw(st.sampled_from(["", "", "UNIQUE "]))
        found.append(
            f"CREATE {unique}INDEX {draw(_name(name))} ON {draw(_name(table.name))} ({', '.join(parts)}){where}"
        )
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(_quoted(name) for name in names)
