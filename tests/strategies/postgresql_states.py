"""Random states of PostgreSQL, in the words of the server's definition language, and changes that keep rows."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    Enumeration,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["changed_states", "states", "value_of"]

MOOD = QualifiedName("public", "Mood of day")
NAMES = ["id", "a", "b", "Select", "mixed Case", 'quo"te', "größe", "order"]
TABLES = ["plain", "User", "with space", "order"]

TYPES: list[tuple[ColumnType, list[str]]] = [
    (ColumnType("integer"), ["5", "0", "-1", "1 + 2"]),
    (ColumnType("bigint"), ["7", "'12'::bigint"]),
    (ColumnType("smallint"), ["3"]),
    (ColumnType("text"), ["'x'", "''", "'it''s'", "upper('y')", r"'back\slash'"]),
    (ColumnType("character varying", (20,)), ["'v'", "'v'::character varying"]),
    (ColumnType("character", (3,)), ["'abc'"]),
    (ColumnType("numeric", (10, 2)), ["1.50", "0"]),
    (ColumnType("numeric"), ["3.25"]),
    (ColumnType("boolean"), ["true", "false", "TRUE"]),
    (ColumnType("double precision"), ["1.5", "0"]),
    (ColumnType("real"), ["2"]),
    (ColumnType("timestamp with time zone"), ["now()", "CURRENT_TIMESTAMP", "'2020-01-01 00:00:00+00'"]),
    (ColumnType("timestamp without time zone", (3,)), ["now()", "localtimestamp"]),
    (ColumnType("date"), ["CURRENT_DATE", "'2020-02-03'"]),
    (ColumnType("time without time zone"), ["'10:11:12'"]),
    (ColumnType("uuid"), ["gen_random_uuid()"]),
    (ColumnType("jsonb"), ["'{}'", "'[1]'::jsonb"]),
    (ColumnType("bytea"), []),
    (ColumnType("text", (), 1), ["'{}'", "ARRAY['a']"]),
    (ColumnType("inet"), ["'127.0.0.1'"]),
    (ColumnType("interval"), ["'1 day'"]),
    (ColumnType("Mood of day", (), 0, MOOD), ["'ok'"]),
]
COMPARABLE = {"integer", "bigint", "smallint", "text", "character varying", "numeric", "date", "uuid"}
VALUES: dict[str, Any] = {
    "integer": [1, 2, 3],
    "bigint": [10, 20, 30],
    "smallint": [1, 2, 3],
    "text": ["a", "b", "c"],
    "character varying": ["d", "e", "f"],
    "character": ["abc", "def", "ghi"],
    "numeric": ["1.25", "2.50", "3.75"],
    "boolean": [True, False, True],
    "double precision": [1.5, 2.5, 3.5],
    "real": [1.5, 2.5, 3.5],
    "timestamp with time zone": ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"],
    "timestamp without time zone": ["2020-01-01T00:00:00", "2021-01-01T00:00:00", "2022-01-01T00:00:00"],
    "date": ["2020-01-01", "2021-01-01", "2022-01-01"],
    "time without time zone": ["10:00:00", "11:00:00", "12:00:00"],
    "uuid": [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)],
    "jsonb": ["{}", "[]", "1"],
    "bytea": [b"a", b"b", b"c"],
    "inet": ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
    "interval": ["1 day", "2 days", "3 days"],
    "Mood of day": ["ok", "sad", "ok"],
}
WIDER = {
    "integer": [ColumnType("bigint"), ColumnType("numeric"), ColumnType("text")],
    "smallint": [ColumnType("integer"), ColumnType("bigint")],
    "character varying": [ColumnType("character varying", (40,)), ColumnType("text")],
    "numeric": [ColumnType("numeric"), ColumnType("text")],
    "date": [ColumnType("timestamp with time zone"), ColumnType("text")],
    "real": [ColumnType("double precision")],
    "boolean": [ColumnType("text")],
    "uuid": [ColumnType("text")],
    "Mood of day": [ColumnType("text")],
    "text": [ColumnType("character varying", (30,))],
}


def value_of(column: Column, number: int) -> Any:
    """The value of row 0, 1 or 2, as text PostgreSQL takes."""
    found = VALUES[column.type.name][number]
    return [found] if column.type.dimensions else found


@st.composite
def columns(draw: st.DrawFn, name: str, key: bool = False) -> Column:  # noqa: FBT001, FBT002 - mypy knows no keywords of composites
    """A column; the counted ones only as a key."""
    kinds = [pair for pair in TYPES if pair[0].name in COMPARABLE and not pair[0].dimensions] if key else TYPES
    kind, defaults = draw(st.sampled_from(kinds))
    identity = None
    if key and kind.name in {"integer", "bigint", "smallint"}:
        word = draw(st.sampled_from([None, "identity-always", "identity-by-default", "serial"]))
        start = draw(st.sampled_from([None, 100])) if word else None
        identity = Identity(kind=word, start=start) if word else None
        if identity is not None and draw(st.booleans()):
            identity = replace(identity, maximum=1000, increment=5, cache=10, cycle=draw(st.booleans()))
    default = draw(st.sampled_from([None, *defaults])) if identity is None else None
    return Column(
        name=name,
        type=kind,
        nullable=not key and identity is None and draw(st.booleans()),
        default=Default(default) if default is not None else None,
        identity=identity,
        comment=draw(st.sampled_from([None, None, "it's a \\ comment"])),
        collation='"C"' if kind.name == "text" and not kind.dimensions and draw(st.booleans()) else None,
    )


@st.composite
def tables(draw: st.DrawFn, name: str) -> Table:
    """A table with a key, columns, and parts over those that can have them."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    first, *rest = chosen
    found = [draw(columns(first, bool(first))), *(draw(columns(other)) for other in rest)]
    comparable = [c for c in found if c.type.name in COMPARABLE and not c.type.dimensions]
    texts = [c for c in found if c.type == ColumnType("text")]
    numbers = [c for c in found if c.type.name in {"integer", "bigint", "numeric"}]
    uniques = tuple(
        Unique(name=f"{name}_{number}_key", columns=(column.name,), nulls_not_distinct=draw(st.booleans()))
        for number, column in enumerate(comparable[1:2])
        if draw(st.booleans())
    )
    indexes: list[Index] = []
    if draw(st.booleans()):
        part = IndexPart(
            column=comparable[0].name,
            descending=draw(st.booleans()),
            nulls_first=draw(st.sampled_from([None, True, False])),
        )
        where = draw(st.sampled_from([None, f"{quoted(comparable[0].name)} IS NOT NULL"]))
        include = (found[-1].name,) if len(found) > 1 and draw(st.booleans()) else ()
        indexes.append(Index(name=f"{name} idx", parts=(part,), where=where, include=include))
    if bool(texts) and draw(st.booleans()):
        expression = draw(st.sampled_from(["lower({})", "{} || 'x'"])).format(quoted(texts[0].name))
        indexes.append(Index(name=f"{name}_lower", parts=(IndexPart(expression=expression),)))
    if bool(texts) and draw(st.booleans()):
        part = IndexPart(column=texts[0].name, operator_class="text_pattern_ops")
        indexes.append(Index(name=f"{name}_pattern", parts=(part,), comment="by prefix"))
    checks = []
    if bool(numbers) and draw(st.booleans()):
        text = draw(
            st.sampled_from(["{} > 0", "{} between 0 and 1000", "{} in (1, 2, 3, 10, 20, 30, 1.25, 2.5, 3.75)"])
        )
        checks.append(Check(name=f"{name}_check", expression=text.format(quoted(numbers[0].name))))
    key = PrimaryKey(name=f"{name}_pkey", columns=(found[0].name,)) if draw(st.booleans()) else None
    return Table(
        name=QualifiedName(draw(st.sampled_from(["public", "public", "other space"])), name),
        columns=tuple(found),
        primary_key=key,
        uniques=uniques,
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
        checks=tuple(checks),
        comment=draw(st.sampled_from([None, "about it"])),
    )


@st.composite
def states(draw: st.DrawFn) -> State:
    """A few tables, some pointing to others, themselves included."""
    names = draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=3, unique=True))
    found = [draw(tables(name)) for name in names]
    linked = []
    for table in found:
        target = draw(st.sampled_from(found))
        keys: tuple[ForeignKey, ...] = ()
        if target.primary_key is not None and draw(st.booleans()):
            wanted = target.column(target.primary_key.columns[0])
            assert wanted is not None
            collation = wanted.collation
            column = Column(name="link", type=wanted.type, collation=collation)
            key = ForeignKey(
                name=f"{table.name.name}_link_fkey",
                columns=("link",),
                target=target.name,
                target_columns=target.primary_key.columns,
                on_delete=draw(st.sampled_from(["NO ACTION", "CASCADE", "SET NULL", "RESTRICT"])),
                on_update=draw(st.sampled_from(["NO ACTION", "CASCADE"])),
                deferrable=draw(st.sampled_from([None, "immediate", "deferred"])),
            )
            table = replace(table, columns=(*table.columns, column))  # noqa: PLW2901 - the same table with a link
            keys = (key,)
        linked.append(replace(table, foreign_keys=keys))
    return State(
        namespaces=("other space", "public"),
        tables=tuple(sorted(linked, key=lambda table: table.name)),
        enumerations=(Enumeration(name=MOOD, values=("sad", "ok")),),
    )


@st.composite
def changed_states(draw: st.DrawFn, before: State) -> State:
    """Another state that every row of the first fits: what its models may become next."""
    found = tuple(draw(_changed_table(table)) for table in before.tables)
    values = draw(st.sampled_from([("sad", "ok"), ("sad", "meh", "ok", "great")]))
    return replace(before, tables=found, enumerations=(Enumeration(name=MOOD, values=values),))


@st.composite
def _changed_table(draw: st.DrawFn, table: Table) -> Table:
    used = {name for key in table.foreign_keys for name in key.columns}
    if table.primary_key:
        used |= set(table.primary_key.columns)
    spoken = {name for unique in table.uniques for name in unique.columns}
    kept: list[Column] = []
    for column in table.columns:
        fixed = column.name in used
        action = "keep" if fixed else draw(st.sampled_from(["keep", "drop", "widen", "nullable", "default", "rename"]))
        if action == "drop" and len(table.columns) - len(spoken | used) > 1:
            continue
        if action == "widen" and not column.type.dimensions and column.type.name in WIDER and column.identity is None:
            wider = draw(st.sampled_from(WIDER[column.type.name]))
            column = replace(column, type=wider, default=None, collation=None)  # noqa: PLW2901 - the changed column
        if action == "nullable" and column.identity is None:
            column = replace(column, nullable=not column.nullable)  # noqa: PLW2901 - as above
        if action == "default" and column.identity is None:
            column = replace(column, default=None)  # noqa: PLW2901 - as above
        if action == "rename":
            column = replace(column, name=f"{column.name} 2", renamed_from=column.name)  # noqa: PLW2901 - as above
        kept.append(column)
    added = draw(st.lists(st.sampled_from(["new one", "Newer"]), max_size=2, unique=True))
    kept.extend(replace(draw(columns(name)), nullable=True) for name in added)
    names = {column.name for column in kept}
    other = draw(tables(table.name.name))
    return replace(
        table,
        columns=tuple(kept),
        uniques=tuple(u for u in table.uniques if set(u.columns) <= names and draw(st.booleans())),
        indexes=tuple(
            i
            for i in table.indexes
            if {p.column for p in i.parts if p.column} | set(i.include) <= names
            and not any(p.expression or p.operator_class for p in i.parts)
            and i.where is None
        ),
        checks=(),
        foreign_keys=table.foreign_keys if draw(st.booleans()) else (),
        comment=other.comment,
    )


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'
