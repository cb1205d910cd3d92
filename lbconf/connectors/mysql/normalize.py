"""A desired state in the words in which this server will report it.

What can be said without asking is (`predicted`). Where a text then still
differs from the one that is there, the server itself is asked: temporary
tables with the columns and checks in question are made and read back (`ask`).
No table of the user is read or changed, and nothing is asked when nothing
differs.
"""

from collections.abc import Iterable, Mapping

from lbconf.connectors.mysql.defaults import canonical_default, instant, is_literal
from lbconf.connectors.mysql.implied import implied_indexes, plain_columns, serves, without_implied
from lbconf.connectors.mysql.inspect import Defaults, charset_of, unique_parts
from lbconf.connectors.mysql.probe import Answer, Question, ask
from lbconf.connectors.mysql.session import Session
from lbconf.records import replace
from lbconf.state.structure import (
    Column,
    Default,
    ForeignKey,
    Index,
    IndexPart,
    Options,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["collation_defaults", "defaults_of", "normalize", "predicted", "questions"]

SAME_ACTION = frozenset({"NO ACTION", "RESTRICT"})
"""Two words for one thing in these servers."""
TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
PLAIN_TEXTS = frozenset({"char", "varchar", "enum", "set"})
ZERO_MOMENT = "0000-00-00 00:00:00"
"""The default that the servers give a moment that must be there and moves by itself."""
SURE = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"})


def normalize(desired: State, *, actual: State, session: Session) -> State:
    """The desired state as the server will report it.

    Args:
        desired: From the models.
        actual: What is there now; texts that agree with it are not asked about.
        session: For the questions that are left.
    """
    defaults, charsets = _facts(session, desired)
    state = predicted(desired, actual, defaults, charsets)
    asked = questions(state, actual)
    if not asked:
        return state
    answers = ask(session, asked)
    tables = tuple(_answered(table, answers[table.name]) if table.name in answers else table for table in state.tables)
    return replace(state, tables=tables)


def collation_defaults(session: Session) -> Mapping[str, str]:
    """The collation of each character set that says none."""
    rows = session.rows("SELECT character_set_name, default_collate_name FROM information_schema.character_sets")
    return {_utf8(charset): _utf8(collation) for charset, collation in rows}


def predicted(desired: State, actual: State, defaults: Defaults, charsets: Mapping[str, str]) -> State:
    """What needs no server: spelling, defaults, keys that the server names itself, indexes of foreign keys."""
    tables = []
    for table in desired.tables:
        there = _before(table, actual)
        owned = table.name.namespace in desired.owns
        tables.append(_table(table, there, defaults, charsets, owned=owned))
    return replace(desired, tables=tuple(tables))


def questions(state: State, actual: State) -> dict[QualifiedName, Question]:
    """What of a predicted state the server has to be asked about, by table."""
    found = {}
    for table in state.tables:
        question = _question(table, _before(table, actual))
        if question is not None:
            found[table.name] = question
    return found


def defaults_of(session: Session, namespaces: Iterable[str]) -> Defaults:
    """What tables of the own database and of these others are like that do not say otherwise."""
    ((own,),) = session.rows("SELECT database()")
    names = sorted({own, *filter(None, namespaces)})
    places = ", ".join(f"%(p{number})s" for number in range(1, len(names) + 1))
    rows = session.rows(
        "SELECT schema_name, default_collation_name, @@default_storage_engine FROM information_schema.schemata"
        f" WHERE schema_name IN ({places})",
        names,
    )
    return Defaults(
        database=own,
        engine=str(rows[0][2]) if rows else "InnoDB",
        collations=tuple(("" if row[0] == own else row[0], _utf8(row[1])) for row in rows),
    )


def _facts(session: Session, desired: State) -> tuple[Defaults, Mapping[str, str]]:
    """What tables are like that do not say otherwise; character sets only where somebody names one."""
    defaults = defaults_of(session, (table.name.namespace for table in desired.tables))
    named = any(
        dict(table.options).get("charset")
        or dict(table.options).get("collation")
        or any(c.charset for c in table.columns)
        for table in desired.tables
    )
    return defaults, collation_defaults(session) if named else {}


def _utf8(name: str | None) -> str:
    found = name or ""
    return "utf8mb3" + found[4:] if found == "utf8" or found.startswith("utf8_") else found


def _before(table: Table, actual: State) -> Table | None:
    return actual.table(table.name) or (actual.table(table.renamed_from) if table.renamed_from else None)


def _table(table: Table, there: Table | None, defaults: Defaults, charsets: Mapping[str, str], *, owned: bool) -> Table:
    key = set(table.primary_key.columns) if table.primary_key else set()
    options = _options(table, defaults, charsets)
    collation = dict(options).get("collation") or defaults.collation(table.name.namespace)
    before = {column.name: column for column in there.columns} if there else {}
    columns = tuple(
        _with_width(_column(column, collation, charsets, in_key=column.name in key), _old(column, before))
        for column in table.columns
    )
    found = replace(
        table,
        columns=columns,
        options=options,
        primary_key=None if table.primary_key is None else replace(table.primary_key, name=None),
        indexes=tuple(_index(index) for index in table.indexes),
        foreign_keys=tuple(_foreign_key(key, None if owned else there) for key in table.foreign_keys),
        comment=table.comment or None,
    )
    found = _told_apart(found)
    if there is not None and not owned:
        found = _with_indexes_of_keys(found, there)
    return without_implied(found)


def _options(table: Table, defaults: Defaults, charsets: Mapping[str, str]) -> Options:
    """Only what is not usual."""
    found = dict(table.options)
    usual = defaults.collation(table.name.namespace)
    collation = _utf8(found.pop("collation", None))
    charset = _utf8(found.pop("charset", None)) or charset_of(collation)
    if charset and not collation:
        collation = charsets.get(charset, "") if charset != charset_of(usual) else usual
    if collation and collation != usual:
        found["charset"], found["collation"] = charset_of(collation), collation
    if found.get("engine", "").lower() == defaults.engine.lower():
        found.pop("engine", None)
    return tuple(sorted(found.items()))


def _column(column: Column, table_collation: str, charsets: Mapping[str, str], *, in_key: bool) -> Column:
    kind = column.type
    charset, collation = _utf8(column.charset) or None, _utf8(column.collation) or None
    if kind.name not in TEXTS:
        charset = collation = None
    if charset is not None and collation is None:
        collation = charsets.get(charset)
    if collation is not None:
        charset = charset_of(collation)
    collation = None if collation == table_collation else collation
    charset = None if charset == charset_of(table_collation) else charset
    default = None if column.default is None else canonical_default(column.default.expression, kind)
    nullable = column.nullable and not in_key and column.identity is None
    if column.identity is not None or column.generated is not None:
        default = None
    elif default is None and column.on_update is not None and not nullable:
        digits = kind.arguments[0] if kind.arguments else 0
        default = Default(f"'{ZERO_MOMENT}{'.' + '0' * digits if digits else ''}'")
    return replace(
        column,
        charset=charset,
        collation=collation,
        default=default,
        nullable=nullable,
        on_update=None if column.on_update is None else instant(column.on_update) or column.on_update,
        comment=column.comment or None,
    )


def _with_width(column: Column, other: Column | None) -> Column:
    """How many digits of a number some clients show means nothing: it stays as it is where nobody says it."""
    width = None if other is None or other.type != column.type else dict(other.options).get("width")
    if width is None or "width" in dict(column.options):
        return column
    return replace(column, options=tuple(sorted((*column.options, ("width", width)))))


def _index(index: Index) -> Index:
    method = index.method.lower()
    method = method if method in {"fulltext", "spatial", "hash"} else "btree"
    unusual = method in {"fulltext", "spatial"}
    parts = tuple(
        replace(
            part,
            nulls_first=None,
            collation=None,
            operator_class=None,
            descending=part.descending and not unusual,
            length=None if unusual else part.length,
        )
        for part in index.parts
    )
    return replace(index, method=method, parts=parts, comment=index.comment or None)


def _foreign_key(key: ForeignKey, there: Table | None) -> ForeignKey:
    """In the server's word for what means the same, and without what it has not."""
    found = replace(key, match="SIMPLE", deferrable=None, valid=True, set_columns=())
    same = [other for other in (there.foreign_keys if there else ()) if other.columns == key.columns]
    for other in same:
        if {found.on_delete, other.on_delete} <= SAME_ACTION:
            found = replace(found, on_delete=other.on_delete)
        if {found.on_update, other.on_update} <= SAME_ACTION:
            found = replace(found, on_update=other.on_update)
    return found


def _told_apart(table: Table) -> Table:
    """Unique indexes that are nothing more are `Unique`s, as inspection tells them."""
    uniques = list(table.uniques)
    indexes = []
    for index in table.indexes:
        columns = unique_parts(index)
        if columns is None:
            indexes.append(index)
        elif not any(unique.name == index.name for unique in uniques):
            uniques.append(
                Unique(name=index.name, columns=columns, renamed_from=index.renamed_from, source=index.source)
            )
    bare: list[Unique] = [replace(unique, nulls_not_distinct=False, include=(), deferrable=None) for unique in uniques]
    return replace(table, uniques=tuple(sorted(bare, key=lambda unique: unique.name)), indexes=tuple(indexes))


def _with_indexes_of_keys(wanted: Table, there: Table) -> Table:
    """An index that serves a foreign key is there for it, whatever its name, where the models say no other."""
    missing = implied_indexes(wanted)
    known = {index.name for index in wanted.indexes} | {unique.name for unique in wanted.uniques}
    kept: list[Index] = []
    for implied in missing:
        columns = plain_columns(implied) or ()
        key = ForeignKey(name="", columns=columns, target=wanted.name, target_columns=columns)
        for index in there.indexes:
            own = plain_columns(index)
            if own is not None and len(own) == len(columns) and serves(own, key) and index.name not in known:
                kept.append(index)
                known.add(index.name)
                break
    if not kept:
        return wanted
    return replace(wanted, indexes=tuple(sorted((*wanted.indexes, *kept), key=lambda index: index.name)))


def _question(table: Table, there: Table | None) -> Question | None:
    """What has to be asked about a table; None where nothing has."""
    found = {column.name: column for column in there.columns} if there else {}
    columns = tuple(column for column in table.columns if _is_open(column, _old(column, found)))
    known = {check.expression for check in there.checks} if there else set()
    checks = tuple(check for check in table.checks if check.expression not in known)
    expressions = {p.expression for i in (there.indexes if there else ()) for p in i.parts if p.expression}
    indexes = tuple(
        index
        for index in table.indexes
        if any(part.expression and part.expression not in expressions for part in index.parts)
    )
    if not (columns or checks or indexes):
        return None
    return Question(table=table, columns=columns, checks=checks, indexes=indexes)


def _old(column: Column, there: Mapping[str, Column]) -> Column | None:
    return there.get(column.name) or (there.get(column.renamed_from) if column.renamed_from else None)


def _is_open(column: Column, other: Column | None) -> bool:
    check = dict(column.options).get("check")
    if check is not None and (other is None or dict(other.options).get("check") != check):
        return True
    if column.generated is not None:
        return other is None or column.generated != other.generated
    if column.default is None:
        return False
    if other is not None and (other.type, other.default) == (column.type, column.default):
        return False
    text = column.default.expression
    if instant(text) is not None:
        return False
    if not is_literal(text):
        return True
    if text.startswith("'"):
        return column.type.name not in PLAIN_TEXTS or "\\" in text
    return column.type.name not in SURE


def _answered(table: Table, answer: Answer) -> Table:
    """The table with the server's words where it gave any."""
    columns = []
    for column in table.columns:
        told = answer.columns.get(column.name)
        if told is None:
            columns.append(column)
            continue
        options = dict(column.options)
        if told.check is not None and "check" in options:
            options["check"] = told.check
        default: Default | None = column.default
        if default is not None and told.default is not None:
            default = canonical_default(told.default, column.type)
        columns.append(
            replace(
                column,
                default=default,
                generated=told.generated if column.generated is not None and told.generated else column.generated,
                options=tuple(sorted(options.items())),
            )
        )
    return replace(
        table,
        columns=tuple(columns),
        checks=tuple(
            replace(check, expression=answer.checks.get(check.name, check.expression)) for check in table.checks
        ),
        indexes=tuple(_with_expressions(index, answer.expressions) for index in table.indexes),
    )


def _with_expressions(index: Index, told: Mapping[tuple[str, int], str]) -> Index:
    if not any(part.expression for part in index.parts):
        return index
    parts: Iterable[IndexPart] = (
        replace(part, expression=told.get((index.name, place), part.expression)) if part.expression else part
        for place, part in enumerate(index.parts)
    )
    return replace(index, parts=tuple(parts))
