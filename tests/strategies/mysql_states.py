"""Random states of MySQL and MariaDB, in the words of the server's definition language, and changes that keep rows."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
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

__all__ = ["changed_states", "quoted", "states", "value_of"]

NAMES = ["id", "a", "b", "Select", "mixed Case", "quo`te", "größe", "order"]
TABLES = ["plain", "User", "with space", "order"]
MOOD = ColumnType("enum", values=("sad", "o'k"))

TYPES: list[tuple[ColumnType, list[str]]] = [
    (ColumnType("int"), ["5", "'0'", "-1", "(1 + 2)"]),
    (ColumnType("bigint"), ["7"]),
    (ColumnType("bigint", unsigned=True), ["7"]),
    (ColumnType("smallint"), ["3"]),
    (ColumnType("int", (6,), unsigned=True, zerofill=True), ["3"]),
    (ColumnType("tinyint", (1,)), ["1", "true", "FALSE"]),
    (ColumnType("varchar", (20,)), ["'x'", "''", "'it''s'", "(upper('y'))", r"'back\\slash'"]),
    (ColumnType("char", (3,)), ["'abc'"]),
    (ColumnType("text"), ["('long')"]),
    (ColumnType("longtext"), []),
    (ColumnType("decimal", (10, 2)), ["1.5", "0", "'2.50'"]),
    (ColumnType("double"), ["1.5", "0"]),
    (ColumnType("float"), ["2"]),
    (ColumnType("datetime", (3,)), ["CURRENT_TIMESTAMP(3)", "now(3)", "'2020-01-01'"]),
    (ColumnType("timestamp"), ["current_timestamp()", "NOW()", "'2020-01-02 03:04:05'"]),
    (ColumnType("date"), ["(curdate())", "'2020-02-03'"]),
    (ColumnType("time", (6,)), ["'10:11:12'"]),
    (ColumnType("year"), ["2000"]),
    (ColumnType("json"), ["('{}')"]),
    (ColumnType("longblob"), []),
    (ColumnType("binary", (3,)), []),
    (ColumnType("bit", (3,)), ["b'101'"]),
    (MOOD, ["'sad'", "'o''k'"]),
    (ColumnType("set", values=("a", "b")), ["'a,b'"]),
]
KEYS = {"int", "bigint", "smallint", "varchar", "decimal", "date"}
COUNTED = {"int", "bigint", "smallint"}
VALUES: dict[str, list[Any]] = {
    "int": [1, 2, 3],
    "bigint": [10, 20, 30],
    "smallint": [1, 2, 3],
    "tinyint": [0, 1, 1],
    "varchar": ["d", "e", "f"],
    "char": ["abc", "def", "ghi"],
    "text": ["a", "b", "c"],
    "longtext": ["a", "b", "c"],
    "decimal": ["1.25", "2.50", "3.75"],
    "double": [1.5, 2.5, 3.5],
    "float": [1.5, 2.5, 3.5],
    "datetime": ["2020-01-01 00:00:00", "2021-01-01 00:00:00", "2022-01-01 00:00:00"],
    "timestamp": ["2020-01-01 00:00:00", "2021-01-01 00:00:00", "2022-01-01 00:00:00"],
    "date": ["2020-01-01", "2021-01-01", "2022-01-01"],
    "time": ["10:00:00", "11:00:00", "12:00:00"],
    "year": [2000, 2001, 2002],
    "json": ["{}", "[]", "1"],
    "longblob": [b"a", b"b", b"c"],
    "binary": [b"abc", b"def", b"ghi"],
    "bit": [1, 2, 3],
    "enum": ["sad", "o'k", "sad"],
    "set": ["a", "b", "a,b"],
}
WIDER = {
    "int": [ColumnType("bigint"), ColumnType("decimal", (12, 0)), ColumnType("varchar", (20,))],
    "smallint": [ColumnType("int"), ColumnType("bigint")],
    "varchar": [
        ColumnType("varchar", (40,)),
        ColumnType("varchar", (300,)),
        ColumnType("text"),
        ColumnType("longtext"),
    ],
    "decimal": [ColumnType("decimal", (12, 2)), ColumnType("double")],
    "date": [ColumnType("datetime")],
    "float": [ColumnType("double")],
    "enum": [ColumnType("enum", values=("sad", "o'k", "great")), ColumnType("varchar", (10,))],
    "set": [ColumnType("set", values=("a", "b", "c"))],
    "text": [ColumnType("longtext")],
    "tinyint": [ColumnType("int")],
    "datetime": [ColumnType("datetime", (6,))],
    "char": [ColumnType("varchar", (30,))],
}
OPTIONS = [
    (),
    (),
    (("charset", "latin1"), ("collation", "latin1_swedish_ci")),
    (("row_format", "COMPACT"),),
    (("row_format", "COMPRESSED"),),
]


def value_of(column: Column, number: int) -> Any:
    """The value of row 0, 1 or 2."""
    return VALUES[column.type.name][number]


@st.composite
def columns(draw: st.DrawFn, name: str, key: bool = False) -> Column:  # noqa: FBT001, FBT002 - mypy knows no keywords of composites
    """A column; the counted ones only as a key."""
    kinds = [pair for pair in TYPES if pair[0].name in KEYS] if key else TYPES
    kind, defaults = draw(st.sampled_from(kinds))
    counted = key and kind.name in COUNTED and not kind.zerofill and draw(st.booleans())
    default = draw(st.sampled_from([None, *defaults])) if not counted else None
    moving = kind.name in {"datetime", "timestamp"} and draw(st.booleans())
    digits = f"({kind.arguments[0]})" if kind.arguments else ""
    collated = kind.name in {"varchar", "text", "enum"} and not key and draw(st.booleans())
    options = [("invisible", "true")] if default is not None and not key and draw(st.booleans()) else []
    return Column(
        name=name,
        type=kind,
        nullable=not key and draw(st.booleans()),
        default=Default(default) if default is not None else None,
        identity=Identity(kind="autoincrement") if counted else None,
        on_update=f"current_timestamp{digits}" if moving else None,
        comment=draw(st.sampled_from([None, None, "it's a \\ comment"])),
        collation="utf8mb4_bin" if collated else None,
        options=tuple(options),
    )


@st.composite
def tables(draw: st.DrawFn, name: str) -> Table:
    """A table with a key, columns, and parts over those that can have them."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    first, *rest = chosen
    found = [draw(columns(first, bool(first))), *(draw(columns(other)) for other in rest)]
    comparable = [c for c in found if c.type.name in KEYS]
    texts = [c for c in found if c.type.name in {"varchar", "text"}]
    numbers = [c for c in found if c.type.name in {"int", "bigint", "decimal"} and c.identity is None]
    uniques = tuple(
        Unique(name=f"{name}_{number}_key", columns=(column.name,))
        for number, column in enumerate(comparable[1:2])
        if draw(st.booleans())
    )
    indexes: list[Index] = []
    if draw(st.booleans()):
        part = IndexPart(column=comparable[0].name, descending=draw(st.booleans()))
        hidden = (("invisible", "true"),) if draw(st.booleans()) and found[0].identity is None else ()
        comment = draw(st.sampled_from([None, "why"]))
        indexes.append(Index(name=f"{name} idx", parts=(part,), comment=comment, options=hidden))
    if bool(texts) and texts[0] is not found[0] and draw(st.booleans()):
        part = IndexPart(column=texts[0].name, length=5)
        indexes.append(Index(name=f"{name}_short", parts=(part, IndexPart(column=found[0].name))))
    if bool(texts) and draw(st.booleans()):
        indexes.append(Index(name=f"{name}_words", parts=(IndexPart(column=texts[0].name),), method="fulltext"))
    checks = []
    if bool(numbers) and draw(st.booleans()):
        text = draw(
            st.sampled_from(["{} > 0", "{} between 0 and 1000", "{} in (1, 2, 3, 10, 20, 30, 1.25, 2.5, 3.75)"])
        )
        checks.append(Check(name=f"{name}_check", expression=text.format(quoted(numbers[0].name))))
    if bool(numbers) and draw(st.booleans()):
        virtual = draw(st.booleans())
        expression = f"{quoted(numbers[0].name)}+1"
        found.append(Column(name="computed", type=ColumnType("bigint"), generated=expression, virtual=virtual))
    counted = found[0].identity is not None
    key = PrimaryKey(name=None, columns=(found[0].name,)) if counted or draw(st.booleans()) else None
    return Table(
        name=QualifiedName("", name),
        columns=tuple(found),
        primary_key=key,
        uniques=uniques,
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
        checks=tuple(checks),
        comment=draw(st.sampled_from([None, "about 'it'"])),
        options=draw(st.sampled_from(OPTIONS)),
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
        wanted = target.column(target.primary_key.columns[0]) if target.primary_key else None
        # Texts of two character sets cannot point at each other.
        if wanted is not None and wanted.type.name != "varchar" and draw(st.booleans()):
            column = Column(name="link", type=wanted.type)
            key = ForeignKey(
                name=f"{table.name.name}_link_fkey",
                columns=("link",),
                target=target.name,
                target_columns=target.primary_key.columns if target.primary_key else (),
                on_delete=draw(st.sampled_from(["NO ACTION", "CASCADE", "SET NULL", "RESTRICT"])),
                on_update=draw(st.sampled_from(["NO ACTION", "CASCADE"])),
            )
            indexes = table.indexes
            if draw(st.booleans()):
                parts = (IndexPart(column="link"), IndexPart(column=table.columns[0].name))
                if table.columns[0].name != "link":
                    indexes = (*indexes, Index(name="z_link", parts=parts[: draw(st.integers(1, 2))]))
            table = replace(table, columns=(*table.columns, column), indexes=indexes)  # noqa: PLW2901 - with a link
            keys = (key,)
        linked.append(replace(table, foreign_keys=keys))
    return State(tables=tuple(sorted(linked, key=lambda table: table.name)))


@st.composite
def changed_states(draw: st.DrawFn, before: State) -> State:
    """Another state that every row of the first fits: what its models may become next."""
    return replace(before, tables=tuple(draw(_changed_table(table)) for table in before.tables))


@st.composite
def _changed_table(draw: st.DrawFn, table: Table) -> Table:
    used = {name for key in table.foreign_keys for name in key.columns}
    if table.primary_key:
        used |= set(table.primary_key.columns)
    spoken = {name for unique in table.uniques for name in unique.columns}
    indexed = {part.column for index in table.indexes for part in index.parts}
    kept: list[Column] = []
    computed = table.column("computed") is not None
    for column in table.columns:
        # The first one is visible: a table of none but invisible columns is none.
        fixed = (
            column.name in used
            or column is table.columns[0]
            or column.name == "computed"
            or (computed and column.type.name in KEYS)
        )
        actions = ["keep", "drop", "widen", "nullable", "default", "rename", "comment"]
        actions = actions if not column.options else ["keep", "comment", "rename"]
        action = "keep" if fixed else draw(st.sampled_from(actions))
        if action == "drop" and len(table.columns) - len(spoken | used) > 1:
            continue
        if action == "widen" and column.type.name in WIDER and not column.type.zerofill and column.name not in indexed:
            wider = draw(st.sampled_from(WIDER[column.type.name]))
            column = replace(column, type=wider, default=None, collation=None, on_update=None, options=())  # noqa: PLW2901 - the changed column
        if action == "nullable":
            column = replace(column, nullable=not column.nullable, options=())  # noqa: PLW2901 - as above
        if action == "default":
            column = replace(column, default=None, options=())  # noqa: PLW2901 - as above
        if action == "comment":
            column = replace(column, comment="new", collation=None)  # noqa: PLW2901 - as above
        if action == "rename":
            column = replace(column, name=f"{column.name} 2", renamed_from=column.name)  # noqa: PLW2901 - as above
        kept.append(column)
    added = draw(st.lists(st.sampled_from(["new one", "Newer"]), max_size=2, unique=True))
    kept.extend(replace(draw(columns(name)), nullable=True) for name in added)
    names = {column.name for column in kept}
    other = draw(tables(table.name.name))
    kinds = {column.name: column.type.name for column in kept}
    return replace(
        table,
        columns=tuple(kept),
        uniques=tuple(
            u
            for u in table.uniques
            if set(u.columns) <= names and all(kinds[name] in KEYS for name in u.columns) and draw(st.booleans())
        ),
        indexes=tuple(
            i
            for i in table.indexes
            if {p.column for p in i.parts if p.column} <= names
            and (i.name == "z_link" or i.name.endswith("idx") or draw(st.booleans()))
        ),
        checks=(),
        foreign_keys=table.foreign_keys if draw(st.booleans()) else (),
        comment=other.comment,
        options=draw(st.sampled_from([table.options, other.options])),
    )


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"
