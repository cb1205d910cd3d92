"""SQL expressions after a rename, as servers print them then: they keep what an expression refers to, not its text.

Token by token, so that nothing inside texts or comments of another kind is
touched. Where a word could be read in two ways it is left alone; the worst
that comes of that is a constraint made anew.
"""

from collections.abc import Callable, Mapping
from typing import Final

from lbconf.patterns import pattern
from lbconf.state.structure import QualifiedName

__all__ = ["column_renamer", "counted", "sequence_named", "sequence_renamer", "type_renamer"]

TOKEN: Final = pattern(
    r"'(?:[^']|'')*'"  # text
    r'|"(?:[^"]|"")*"'  # a quoted name
    r"|`(?:[^`]|``)*`"  # a quoted name of MySQL
    r"|[^\W\d]\w*"  # a word
    r"|\d[\w.]*"
    r"|::"
    r"|\s+"
    r"|."
)
NEXT_VALUE: Final = pattern(r"(?i)nextval\s*\(\s*'((?:[^']|'')+)'")
NAME: Final = pattern(r'"((?:[^"]|"")*)"|([^".]+)')
PLAIN: Final = pattern(r"^[a-z_][a-z0-9_]*$")
RESERVED_WORDS: Final = (
    "all and any array as asc both case cast check collate column constraint create current_date current_time "
    "current_timestamp current_user default desc distinct do else end except false fetch for foreign from grant group "
    "having in initially intersect into lateral leading limit localtime localtimestamp not null offset on only or "
    "order primary references returning select session_user some table then to trailing true union unique user using "
    "when where window with "
)
RESERVED: Final = frozenset(RESERVED_WORDS.split())


def column_renamer(renames: Mapping[str, str]) -> Callable[[str], str]:
    """A function that gives an expression with columns renamed, `{old: new}`."""
    if not renames:
        return _same

    def rewritten(expression: str) -> str:
        tokens = TOKEN.findall(expression)
        found: list[str] = []
        for place, token in enumerate(tokens):
            name = _name(token)
            new = None if name is None else renames.get(name)
            found.append(token if new is None or _is_other(tokens, place) else _spelt(new, token))
        return "".join(found)

    return rewritten


def type_renamer(old: str, new: str, values: Mapping[str, str]) -> Callable[[str], str]:
    """A function that gives an expression with an enum type renamed in casts, and its values where they are cast."""

    def rewritten(expression: str) -> str:
        tokens = TOKEN.findall(expression)
        found: list[str] = []
        for place, token in enumerate(tokens):
            value = values.get(token[1:-1].replace("''", "'")) if token.startswith("'") else None
            if value is not None and _cast_to(tokens, place, old):
                found.append("'" + value.replace("'", "''") + "'")
            elif _name(token) == old and _is_cast(tokens, place):
                found.append(_spelt(new, token))
            else:
                found.append(token)
        return "".join(found)

    return rewritten


def sequence_renamer(old: QualifiedName, new: QualifiedName) -> Callable[[str], str]:
    """A function that gives an expression with a sequence renamed where a text before `::regclass` names it."""

    def rewritten(expression: str) -> str:
        tokens = TOKEN.findall(expression)
        found: list[str] = []
        for place, token in enumerate(tokens):
            said = sequence_named(token[1:-1]) if token.startswith("'") else None
            named = said is not None and said.name == old.name and said.namespace in {"", old.namespace}
            if said is not None and named and _cast_to(tokens, place, "regclass"):
                place_of = f"{_spelt(said.namespace, '')}." if said.namespace else ""
                found.append("'" + f"{place_of}{_spelt(new.name, '')}".replace("'", "''") + "'")
            else:
                found.append(token)
        return "".join(found)

    return rewritten


def counted(expression: str) -> frozenset[QualifiedName]:
    """Sequences that a default counts with; without a namespace where the text says none."""
    if "nextval" not in expression.lower():
        return frozenset()
    return frozenset(map(sequence_named, NEXT_VALUE.findall(expression)))


def sequence_named(text: str) -> QualifiedName:
    """The name that the inside of a text before `::regclass` is; without a namespace where it says none."""
    parts = [quoted.replace('""', '"') or plain for quoted, plain in NAME.findall(text.replace("''", "'"))] or [""]
    return QualifiedName(".".join(parts[:-1]), parts[-1])


def _same(expression: str) -> str:
    return expression


def _name(token: str) -> str | None:
    """The name that a token is; None for anything else."""
    if token[0] in '"`':
        return token[1:-1].replace(token[0] * 2, token[0])
    return token if token[0].isalpha() or token[0] == "_" else None


def _is_other(tokens: list[str], place: int) -> bool:
    """Whether the word is no column: a function, a type after a cast, a field of something."""
    quoted = tokens[place][0] in '"`'
    before = _beside(tokens, place, -1)
    after = _beside(tokens, place, 1)
    return before in {"::", "."} or (not quoted and (after == "(" or before.lower() == "as"))


def _beside(tokens: list[str], place: int, step: int) -> str:
    place += step
    while 0 <= place < len(tokens):
        if not tokens[place].isspace():
            return tokens[place]
        place += step
    return ""


def _spelt(name: str, like: str) -> str:
    """The name in quotes where it needs them, or where the old one had MySQL's."""
    if like.startswith("`"):
        return "`" + name.replace("`", "``") + "`"
    if PLAIN.match(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def _is_cast(tokens: list[str], place: int) -> bool:
    """Whether the name is a type after `::`, perhaps with a namespace between."""
    before = _beside(tokens, place, -1)
    return before == "::" or (before == "." and _beside(tokens, place - 2, -1) == "::")


def _cast_to(tokens: list[str], place: int, type_name: str) -> bool:
    """Whether `::type` follows, perhaps with the namespace before it."""
    rest = [token for token in tokens[place + 1 : place + 5] if not token.isspace()]
    if not rest or rest[0] != "::":
        return False
    names = [_name(part) for part in rest[1:4] if part != "."]
    return type_name in names[:2]
