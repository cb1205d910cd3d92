"""Storage facts of tables and columns: parameters, logging, replica identity, statistics, compression.

Source: PostgreSQL manual, pages CREATE TABLE (storage parameters) and ALTER TABLE.
"""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.postgresql.spelling import name_text, parameters, quote
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, Options, QualifiedName

__all__ = ["column_options", "late_options", "names_index", "set_options", "set_parameters", "storage_clause"]

OWN_WORDS: Final = frozenset({"unlogged", "replica_identity", "clustered"})
"""Options that are no storage parameters."""
COLUMN_WORDS: Final = ("storage", "compression", "statistics")
UNSET: Final = {"compression": "COMPRESSION default", "statistics": "STATISTICS -1"}
STORED_MAIN: Final = frozenset({"numeric", "inet", "cidr"})
"""The server's own types that are kept in the row if at all possible; all others of changing length are `extended`."""


def storage_clause(options: Options) -> str:
    """` WITH (...)` of CREATE TABLE, or nothing."""
    stored = [(name, value) for name, value in options if name not in OWN_WORDS]
    return f" WITH ({parameters(stored)})" if stored else ""


def names_index(option: tuple[str, str]) -> bool:
    """Whether an option's value is the name of an index."""
    name, value = option
    return name == "clustered" or (name == "replica_identity" and value not in {"full", "nothing"})


def late_options(table: QualifiedName, options: Options) -> list[str]:
    """Statements for what names an index, or has no place in CREATE TABLE: after the indexes."""
    return _own_words(table, (), tuple(pair for pair in options if pair[0] != "unlogged"))


def set_options(table: QualifiedName, before: Options, after: Options) -> Step:
    """One step from some options to others."""
    statements = _statements(table, before, after)
    hazards: list[Hazard] = []
    rewritten = dict(before).get("unlogged") != dict(after).get("unlogged")
    if rewritten:
        hazards.append(Hazard(kind=HazardKind.REWRITES_TABLE, message=f"{table} is rewritten"))
        hazards.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while it is rewritten"))
    strong = rewritten or any("REPLICA" in sql for sql in statements)
    return Step(
        summary=f"set options of table {table}",
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in _statements(table, after, before)),
        table=table,
        lock="ACCESS EXCLUSIVE" if strong else "SHARE UPDATE EXCLUSIVE",
        hazards=tuple(hazards),
        rewrites=rewritten,
    )


def column_options(
    table: QualifiedName, column: Column, before: Options, after: Options, *, kind: str = "TABLE"
) -> list[str]:
    """Statements from some options of a column to others."""
    alter = f"ALTER {kind} {name_text(table)} ALTER COLUMN {quote(column.name)}"
    one, two = dict(before), dict(after)
    found = []
    for word in COLUMN_WORDS:
        if one.get(word) != two.get(word):
            value = two.get(word)
            said = _unset(word, column) if value is None else f"{word.upper()} {value}"
            found.append(f"{alter} SET {said}")
    return [*found, *set_parameters(alter, _without(one, COLUMN_WORDS), _without(two, COLUMN_WORDS))]


def _unset(word: str, column: Column) -> str:
    """What brings the type's own back. `STORAGE DEFAULT` is known to version 16 and later only."""
    if word != "storage":
        return UNSET[word]
    kind = column.type
    return f"STORAGE {'MAIN' if kind.name in STORED_MAIN and not kind.dimensions else 'EXTENDED'}"


def _statements(table: QualifiedName, before: Options, after: Options) -> list[str]:
    alter = f"ALTER TABLE {name_text(table)}"
    stored = set_parameters(alter, _without(dict(before), OWN_WORDS), _without(dict(after), OWN_WORDS))
    return [*stored, *_own_words(table, before, after)]


def _own_words(table: QualifiedName, before: Options, after: Options) -> list[str]:
    alter = f"ALTER TABLE {name_text(table)}"
    one, two = dict(before), dict(after)
    found = []
    if one.get("unlogged") != two.get("unlogged"):
        found.append(f"{alter} SET {'UNLOGGED' if two.get('unlogged') == 'true' else 'LOGGED'}")
    if one.get("replica_identity") != two.get("replica_identity"):
        found.append(f"{alter} REPLICA IDENTITY {_identity(two.get('replica_identity'))}")
    if one.get("clustered") != two.get("clustered"):
        name = two.get("clustered")
        found.append(f"{alter} SET WITHOUT CLUSTER" if name is None else f"{alter} CLUSTER ON {quote(name)}")
    return found


def _identity(value: str | None) -> str:
    if value is None:
        return "DEFAULT"
    return value.upper() if value in {"full", "nothing"} else f"USING INDEX {quote(value)}"


def set_parameters(alter: str, one: dict[str, str], two: dict[str, str]) -> list[str]:
    """Statements from some storage parameters to others; they end in the order of `two`."""
    changed = [(name, value) for name, value in two.items() if one.get(name) != value]
    stays = [name for name, value in one.items() if two.get(name) == value]
    if changed and [*stays, *dict(changed)] != list(two):
        changed = list(two.items())  # the server puts what is set at the end
    gone = sorted(one.keys() - two.keys())
    found = [f"{alter} SET ({parameters(changed)})"] if changed else []
    return [*found, f"{alter} RESET ({', '.join(gone)})"] if gone else found


def _without(options: dict[str, str], names: Sequence[str] | frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name not in names}
