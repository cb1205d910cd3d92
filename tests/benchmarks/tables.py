"""A large schema for the benchmarks: as a project's model files, and as SQLAlchemy's metadata."""

from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["write_changed", "write_metadata", "write_project"]

DATA_SOURCES = "db:\n  connector: postgresql\n  url: ${DATABASE_URL}\n"
KINDS = (
    ("code", "type: string\n    length: 40\n    required: true", "String(40)", False),
    ("title", "type: string\n    required: true", "Text", False),
    ("amount", "type: decimal\n    precision: 12\n    scale: 2\n    required: true", "Numeric(12, 2)", False),
    ("level", "type: integer\n    default: 0", "Integer", True),
    ("active", "type: boolean\n    required: true\n    default: true", "Boolean", False),
    ("created", "type: date\n    required: true\n    defaultFn: now", "DateTime(timezone=True)", False),
    ("day", "type: dateonly", "Date", True),
    ("token", "type: uuid", "Uuid", True),
    ("facts", "type: json", "JSONB", True),
    ("ratio", "type: number", "Double", True),
    ("notes", "type: text", "Text", True),
)
"""Name, YAML of the property, type in SQLAlchemy, whether it may be null: of all but the key and the foreign keys."""
DEFAULTS = {"level": "text('0')", "active": "text('true')", "created": "text('CURRENT_TIMESTAMP')"}
SUBJECTS = ("account", "article", "batch", "contract", "document", "invoice", "letter", "order", "payment", "ticket")


def write_project(root: Path, count: int) -> None:
    """Write a native project of `count` models, each a table of twelve columns."""
    models = _models_folder(root)
    for number in range(count):
        (models / f"{_file(number)}.yaml").write_text(_model(number))


def write_changed(root: Path, count: int, changes: int) -> None:
    """The same project with one change in each of `changes` models, spread over all of them."""
    models = _models_folder(root)
    every = count // changes
    for number in range(count):
        place, left = divmod(number, every)
        text = _model(number)
        if left == 0 and place < changes:
            text = _changed(text, place)
        (models / f"{_file(number)}.yaml").write_text(text)


def write_metadata(root: Path, count: int) -> Path:
    """A script that compares the database of DATABASE_URL with the metadata of the same tables; ends well if equal."""
    lines = [
        "import os",
        "from alembic.autogenerate import compare_metadata",
        "from alembic.migration import MigrationContext",
        "from sqlalchemy import (Boolean, BigInteger, Column, Date, DateTime, Double, ForeignKeyConstraint, Identity,",
        "    Index, Integer, MetaData, Numeric, PrimaryKeyConstraint, String, Table, Text, Uuid, create_engine, text)",
        "from sqlalchemy.dialects.postgresql import JSONB",
        "metadata = MetaData()",
    ]
    for number in range(count):
        lines.extend(_table(number))
    lines += [
        "url = os.environ['DATABASE_URL'].replace('postgresql://', 'postgresql+psycopg://')",
        "mine = lambda name, kind, parents: not (name or '').startswith('_lbconf_')",
        "with create_engine(url).connect() as connection:",
        "    context = MigrationContext.configure(connection, opts={'include_name': mine})",
        "    found = compare_metadata(context, metadata)",
        "assert not found, found[:5]",
    ]
    path = root / "metadata_of_tables.py"
    path.write_text("\n".join(lines) + "\n")
    return path


def _models_folder(root: Path) -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(DATA_SOURCES)
    return base / "models"


def _name(number: int) -> str:
    return f"{SUBJECTS[number % len(SUBJECTS)].title()}{number}"


def _file(number: int) -> str:
    return f"{SUBJECTS[number % len(SUBJECTS)]}{number}"


def _columns(number: int) -> Sequence[tuple[str, str, str, bool]]:
    """The columns that are neither key nor foreign key; tables differ in their order."""
    wanted = 11 - len(_targets(number))
    turn = number % len(KINDS)
    return (*KINDS[turn:], *KINDS[:turn])[:wanted]


def _targets(number: int) -> Sequence[tuple[str, int]]:
    """Relations to tables before: one, and in every second table another."""
    if number == 0:
        return ()
    first = ("previous", number - 1)
    return (first, ("parent", number // 2)) if number % 2 else (first,)


def _indexes(number: int) -> Iterator[tuple[str, str, bool, Sequence[str]]]:
    """Name of the index, its YAML, whether it is unique, its columns (`-` before one that descends)."""
    names = [name for name, *_ in _columns(number) if name != "facts"]
    table = _name(number)
    yield f"{table}_1_idx", "", False, (names[0],)
    yield f"{table}_2_idx", "", True, (names[1], names[2])
    if number % 2:
        yield f"{table}_3_idx", "", False, (f"-{names[3]}", names[4])


def _model(number: int) -> str:
    lines = [f"name: {_name(number)}", "dataSource: db", "properties:"]
    lines += ["  id:\n    type: bigint\n    id: true\n    generated: true"]
    lines += [f"  {name}:\n    {said}" for name, said, _, _ in _columns(number)]
    if targets := _targets(number):
        lines.append("relations:")
        for name, target in targets:
            lines.append(f"  {name}:\n    type: belongsTo\n    model: {_name(target)}\n    foreignKey: {name}Id")
    lines.append("indexes:")
    for name, _, unique, columns in _indexes(number):
        keys = ", ".join(f"{column.removeprefix('-')}: {-1 if column.startswith('-') else 1}" for column in columns)
        lines.append(f"  {name}:\n    keys: {{{keys}}}" + ("\n    options: {unique: true}" if unique else ""))
    return "\n".join(lines) + "\n"


def _changed(text: str, place: int) -> str:
    """One change of the model: a column, an index, a comment, a default or a required column in turn."""
    match place % 5:
        case 0:
            return text.replace("properties:\n", "properties:\n  added:\n    type: string\n    length: 20\n", 1)
        case 1:
            return text.replace("_1_idx:", "_4_idx:", 1)
        case 2:
            return f"description: Changed by hand\n{text}"
        case 3:
            return text.replace("indexes:\n", f"indexes:\n  added_{place}_idx:\n    keys: {{id: -1}}\n", 1)
        case _:
            return text.replace("scale: 2", "scale: 3", 1).replace("length: 40", "length: 60", 1)


def _table(number: int) -> Iterator[str]:
    table = _name(number)
    yield f"Table({table!r}, metadata,"
    yield "  Column('id', BigInteger, Identity(), nullable=False),"
    for name, _, kind, nullable in _columns(number):
        default = f", server_default={DEFAULTS[name]}" if name in DEFAULTS else ""
        yield f"  Column({name!r}, {kind}, nullable={nullable}{default}),"
    for name, _ in _targets(number):
        yield f"  Column('{name}Id', BigInteger),"
    yield f"  PrimaryKeyConstraint('id', name='{table}_pkey'),"
    for name, target in _targets(number):
        other = _name(target)
        yield f"  ForeignKeyConstraint(['{name}Id'], ['{other}.id'], name='{table}_{name}Id_fkey'),"
    for name, _, unique, columns in _indexes(number):
        parts = ", ".join(
            f"text('{column[1:]!s} DESC')" if column.startswith("-") else repr(column) for column in columns
        )
        yield f"  Index({name!r}, {parts}, unique={unique}),"
    yield ")"
