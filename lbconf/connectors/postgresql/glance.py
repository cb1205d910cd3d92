"""The ledger and the actual state of a database without the driver: what a plan with nothing to do asks.

The same queries as `inspect` and `migrate.history` ask. Each comes back as one text that holds all rows, so that the
server hands over a dozen values instead of ten thousand rows.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lbconf.connectors.contract import LedgerEntry, TableSize
from lbconf.connectors.postgresql import catalogue
from lbconf.connectors.postgresql.inspect import state_of
from lbconf.connectors.postgresql.ledger import FIND
from lbconf.connectors.postgresql.libpq import Questions, UnansweredError
from lbconf.connectors.postgresql.parameters import connection_parameters, session_settings
from lbconf.connectors.postgresql.sizes import COUNTED, SIZES
from lbconf.connectors.sql.ledger import ADDED, LEDGER, SHORT, ledger_entry, refuse_strange
from lbconf.state.structure import QualifiedName, State

if TYPE_CHECKING:
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

__all__ = ["KINDS", "Glance", "glancing", "names_of"]

T = TypeVar("T")

KINDS: Final = {
    "RELATIONS": "ittt bt tjbb tttt j bj",
    "COLUMNS": "iittb ttt t t ttt b j",
    "SEQUENCES": "tt iiiii b t i i t t t t t",
    "CONSTRAINTS": "itt bbb tt ttt j j t t bb b j j b b bb j",
    "INDEXES": "itt bb i t b t j j bb",
    "TYPES": "ttt t j",
    "TABLE_FACTS": "ittt",
    "DEPENDENTS": "tiit b t t t t",
    "UNMANAGED": "ttt",
}
"""What each column of a catalogue query is: i(nteger), b(oolean), t(ext), j(son, or an array)."""
ALIKE: Final = frozenset({"COLUMNS"})
"""Queries whose rows often differ only in the two numbers they begin with."""

_CELL, _ROW, _NOTHING = "\x1f", "\x1e", "\x1d"
_TRUTH: Final = {"true": True, "false": False, _NOTHING: None}
_MOMENT: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
_NAMED: Final = "ARRAY(SELECT unnest(ARRAY[{}]::text[])::name)"


class Glance:
    """A connection for questions that a plan asks; each method raises `UnansweredError` where the driver must ask."""

    def __init__(self, settings: "PostgresqlSettings", *, read_only: bool = False) -> None:
        """Connect."""
        parameters = connection_parameters(settings)
        chosen = session_settings(settings, read_only=read_only)
        self._questions = Questions(parameters)
        self._first = "SELECT " + ", ".join(f"set_config('{name}', {_quoted(value)}, false)" for name, value in chosen)

    def history(self) -> tuple[LedgerEntry, ...]:
        """The ledger, as `migrate.history` gives it. Raises `PlanError` too, as that does."""
        find = f"SELECT json_build_array(namespace, columns) FROM ({FIND.format(name=_quoted(LEDGER))}) AS found"
        (homes,) = self._ask([find])
        if not homes:
            return ()
        namespace, columns = json.loads(homes[0] or "")
        refuse_strange(columns)
        table = f"{_identifier(namespace)}.{_identifier(LEDGER)}"
        values = [_identifier(name) if name in columns else ADDED[name] for name in (*SHORT, "state", "documents")]
        values[1], values[2] = _MOMENT.format(values[1]), _MOMENT.format(values[2])
        recent = f"id >= coalesce((SELECT max(id) FROM {table} WHERE result = 'applied'), 0)"
        short, long = self._ask(
            [
                f"SELECT json_build_array({', '.join(values[:-2])}) FROM {table} ORDER BY id",
                f"SELECT unnest(ARRAY[id::text, {values[-2]}, {values[-1]}]) FROM {table} WHERE {recent} ORDER BY id",
            ]
        )
        texts = {int(long[place] or 0): long[place + 1 : place + 3] for place in range(0, len(long), 3)}
        return tuple(_entry(json.loads(row or ""), texts) for row in short)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state, as `inspect.inspect` gives it."""
        version = self._questions.version
        stages = catalogue.queries(version)
        names = names_of(version)
        present = catalogue.NAMESPACES
        if namespaces is not None:
            listed = ", ".join(map(_quoted, namespaces)) or "NULL"
            present = f"SELECT nspname FROM ({present}) AS here WHERE nspname = ANY ({_NAMED.format(listed)})"
        # The list is asked for once, and every query reads it from a setting of this transaction.
        keep = f"SELECT set_config('lbconf.namespaces', ARRAY({present})::text, true)"
        given = "(current_setting('lbconf.namespaces')::name[])"
        asked = [_as_text(names[sql], sql.replace("%(namespaces)s", given).replace("%%", "%")) for sql in stages]
        answers = self._ask(
            ["SELECT set_config('search_path', 'pg_catalog', true)", keep, f"SELECT unnest({given}) ORDER BY 1", *asked]
        )
        next(answers), next(answers)
        found = [name or "" for name in next(answers)]
        rows = _Rows(answers, stages, names)
        state = state_of(rows, version, found)
        rows.finish()
        return state

    def sizes(self, tables: Sequence[QualifiedName]) -> dict[QualifiedName, TableSize]:
        """As `sizes.table_sizes` gives them."""
        listed = (", ".join(_quoted(getattr(table, part)) for table in tables) for part in ("namespace", "name"))
        sql = SIZES.replace("%s", "ARRAY[{}]").format(*listed)
        (rows,) = self._ask([f"SELECT json_build_array(a, b, c, d) FROM ({sql}) AS s (a, b, c, d)"])
        found = {}
        for text in rows:
            namespace, name, count, size = json.loads(text or "")
            if count == 0:
                quoted = f"{_identifier(namespace)}.{_identifier(name)}"
                ((counted,),) = self._ask(
                    [f"SELECT count(*)::text FROM (SELECT FROM {quoted} LIMIT {COUNTED}) AS counted"]
                )
                count = int(counted or 0)
            found[QualifiedName(namespace, name)] = TableSize(rows=count, bytes=size)
        return found

    def close(self) -> None:
        """Close the connection; never fails."""
        self._questions.close()

    def _ask(self, statements: Sequence[str]) -> Iterator[list[str | None]]:
        """The answers; before the first ones the session gets its settings."""
        if not self._first:
            return self._questions.ask(statements)
        answers = self._questions.ask([self._first, *statements])
        self._first = ""
        next(answers)
        return answers


def glancing(glance: Glance, ask: "Callable[[Glance], T]", otherwise: "Callable[[], T]") -> T:
    """What is asked of a glance; where that cannot tell, what the driver is asked."""
    try:
        return ask(glance)
    except (UnansweredError, ValueError, LookupError, StopIteration):
        return otherwise()


class _Rows:
    """Rows of the catalogue queries, in the order in which they were asked."""

    def __init__(self, answers: Iterator[list[str | None]], asked: Sequence[str], names: dict[str, str]) -> None:
        self._answers, self._asked, self._names = answers, list(asked), names
        self._here: dict[str, str | None] = {}

    def __call__(self, sql: str) -> list[tuple[Any, ...]]:
        while sql not in self._here:
            self._here[self._asked.pop(0)] = next(self._answers)[0]
        return _rows(self._names[sql], self._here.pop(sql))

    def finish(self) -> None:
        """Look whether it all ended well."""
        for _ in self._answers:
            raise UnansweredError


def names_of(version: int) -> dict[str, str]:
    """Names in `KINDS` by query."""
    return {
        catalogue.RELATIONS: "RELATIONS",
        catalogue.columns_query(version): "COLUMNS",
        catalogue.SEQUENCES: "SEQUENCES",
        catalogue.constraints_query(version): "CONSTRAINTS",
        catalogue.indexes_query(version): "INDEXES",
        catalogue.TYPES: "TYPES",
        catalogue.TABLE_FACTS: "TABLE_FACTS",
        catalogue.DEPENDENTS: "DEPENDENTS",
        catalogue.UNMANAGED: "UNMANAGED",
    }


def _as_text(name: str, sql: str) -> str:
    """A query for all rows of another as one text."""
    kinds = KINDS[name].replace(" ", "")
    columns = [f"c{number}" for number in range(len(kinds))]
    texts = [f"to_json({c})" if kind == "j" else c for c, kind in zip(columns, kinds, strict=True)]
    cells = [f"coalesce({text}::text, E'\\x1d')" for text in texts]
    return (
        f"SELECT string_agg(concat_ws(E'\\x1f', {', '.join(cells)}), E'\\x1e') FROM ({sql}) AS t ({', '.join(columns)})"
    )


def _rows(name: str, text: str | None) -> list[tuple[Any, ...]]:
    """The rows in a text. Raises `UnansweredError` where a value holds what tells values apart."""
    if text is None:
        return []
    kinds = KINDS[name].replace(" ", "")
    lines = text.split(_ROW)
    if name not in ALIKE:
        return _read([line.split(_CELL) for line in lines], kinds)
    known: dict[str, tuple[Any, ...]] = {}
    rows = []
    for line in lines:
        relation, number, said = line.split(_CELL, 2)
        read = known.get(said)
        if read is None:
            read = known[said] = _read([said.split(_CELL)], kinds[2:])[0]
        rows.append((int(relation), int(number), *read))
    return rows


def _read(lines: list[list[str]], kinds: str) -> list[tuple[Any, ...]]:
    if any(len(line) != len(kinds) for line in lines):
        raise UnansweredError
    return list(
        zip(*(_column(kind, column) for kind, column in zip(kinds, zip(*lines, strict=True), strict=True)), strict=True)
    )


def _column(kind: str, cells: tuple[str, ...]) -> Sequence[Any]:
    """The values of a column, worked out together."""
    match kind:
        case "t":
            return [None if cell == _NOTHING else cell for cell in cells] if _NOTHING in cells else cells
        case "i" if _NOTHING not in cells:
            return [*map(int, cells)]
        case "i":
            return [None if cell == _NOTHING else int(cell) for cell in cells]
        case "b":
            return [_TRUTH[cell] for cell in cells]
        case _:
            found: list[Any] = json.loads(f"[{','.join(cells).replace(_NOTHING, 'null')}]")
            return found


def _entry(row: list[Any], texts: dict[int, list[str | None]]) -> LedgerEntry:
    named = dict(zip(SHORT, row, strict=True))
    state, documents = texts.get(int(named["id"]), ("", ""))
    for name in ("started_at", "finished_at"):
        if named[name] is not None:
            named[name] = named[name].removesuffix(".000000") + "Z"
    return ledger_entry({**named, "state": state or "", "documents": documents or ""})


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
