"""Steps for domains, composite types, extensions, and for types that have to be made anew under columns.

Source: PostgreSQL manual, pages CREATE DOMAIN, ALTER DOMAIN, ALTER TYPE, CREATE EXTENSION.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

from lbconf.connectors.postgresql.ddl_aside import standing_on
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    comment_literal,
    exclusion_clause,
    index_statements,
    name_text,
    quote,
    type_text,
)
from lbconf.connectors.sql.mapping import shortened
from lbconf.diagnostics import Location
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import (
    Column,
    ColumnType,
    Composite,
    Default,
    Domain,
    Extension,
    QualifiedName,
    State,
    Table,
)

__all__ = ["Later", "TypeChange", "create_composite", "create_domain", "create_extension", "made_anew", "type_step"]

TypeChange: TypeAlias = (
    c.CreateDomain
    | c.AlterDomain
    | c.DropDomain
    | c.CreateComposite
    | c.AlterComposite
    | c.DropComposite
    | c.CreateExtension
)
Later: TypeAlias = Mapping[tuple[QualifiedName, str], Default | None]
NAME_LIMIT: Final = 63
SHARE: Final = "SHARE"


def type_step(change: TypeChange, actual: State, later: Later = MappingProxyType({})) -> Step:
    """The step of one change."""
    match change:
        case c.CreateDomain(after=domain):
            made, gone = create_domain(domain), f"DROP DOMAIN {name_text(domain.name)}"
            return _step(f"create domain {domain.name}", [made], [gone], source=domain.source)
        case c.DropDomain(before=domain):
            gone, made = f"DROP DOMAIN {name_text(domain.name)}", create_domain(domain)
            return _step(f"drop domain {domain.name}", [gone], [made])
        case c.AlterDomain(before=before, after=after):
            return _alter_domain(before, after, actual, later)
        case c.CreateComposite(after=found):
            gone = f"DROP TYPE {name_text(found.name)}"
            return _step(f"create type {found.name}", [create_composite(found)], [gone], source=found.source)
        case c.DropComposite(before=found):
            gone = f"DROP TYPE {name_text(found.name)}"
            return _step(f"drop type {found.name}", [gone], [create_composite(found)])
        case c.AlterComposite(before=before, after=after):
            return _alter_composite(before, after, actual, later)
        case c.CreateExtension(after=extension):
            made, undo = create_extension(extension), f"DROP EXTENSION {quote(extension.name)}"
            return _step(f"create extension {extension.name}", [made], [undo], source=extension.source)
        case _:
            assert_never(change)


def made_anew(
    name: QualifiedName,
    created: Sequence[str],
    actual: State,
    value: Callable[[Column], str],
    later: Later = MappingProxyType({}),
) -> tuple[list[str], list[Hazard]]:
    """Statements that make a type anew under its name and convert every column of it, and what that costs.

    Args:
        name: The type's.
        created: Statements that make the new type.
        actual: The actual state.
        value: The expression of a column's value in the new type.
        later: Defaults that columns get later in the plan anyway; theirs may be none of the new type.

    Raises:
        PlanError: Something that cannot be made again stands on it.
    """
    old = QualifiedName(name.namespace, shortened(name.name, "before", NAME_LIMIT))
    used = [(t, column) for t in actual.tables for column in t.columns if column.type.enumeration == name]
    aside = standing_on([(t.name, column.name) for t, column in used], actual, types=[name])
    before: list[str] = [*aside.before]
    converted: list[str] = []
    after: list[str] = []
    hazards: list[Hazard] = []
    for table in actual.tables:
        parts = _mentioning(table, name)
        before += [forth for forth, _ in parts]
        after += [sql for _, back in parts for sql in back]
        for column in table.columns:
            alter = f"ALTER TABLE {name_text(table.name)} ALTER COLUMN {quote(column.name)}"
            mentioned = column.default is not None and _mentions(column.default.expression, name)
            if column.type.enumeration != name and not mentioned:
                continue
            if column.default is not None:
                before.append(f"{alter} DROP DEFAULT")
                default = later.get((table.name, column.name), column.default)
                if default is not None:
                    after.insert(0, f"{alter} SET DEFAULT {default.expression}")
            if column.type.enumeration == name:
                wanted = type_text(ColumnType(name.name, (), column.type.dimensions, name))
                converted.append(f"{alter} TYPE {wanted} USING {value(column)}")
                where = f"{table.name}.{column.name}"
                rewritten = f"{table.name} is rewritten for {where}"
                hazards.append(Hazard(kind=HazardKind.REWRITES_TABLE, message=rewritten))
                hazards.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table.name} is locked meanwhile"))
    for domain in actual.domains:
        if domain.type.enumeration == name:
            inner, more = made_anew(domain.name, [create_domain(domain)], actual, value, later)
            converted += inner
            hazards += more
    for found in actual.composites:
        for column in found.columns:
            if column.type.enumeration == name:
                shown = type_text(column.type)
                altered = f"ALTER TYPE {name_text(found.name)} ALTER ATTRIBUTE {quote(column.name)} TYPE {shown}"
                converted.append(altered)
    kind = "DOMAIN" if any(domain.name == name for domain in actual.domains) else "TYPE"
    renamed = f"ALTER {kind} {name_text(name)} RENAME TO {quote(old.name)}"
    dropped = f"DROP {kind} {name_text(old)}"
    return [*before, renamed, *created, *converted, dropped, *after, *aside.after], hazards


def _mentioning(table: Table, name: QualifiedName) -> list[tuple[str, list[str]]]:
    """Parts of a table whose expressions name the type: how each is dropped, and made again."""
    alter = f"ALTER TABLE {name_text(table.name)}"
    found: list[tuple[str, list[str]]] = []
    constraints = [(check.name, check.expression, check_clause(check)) for check in table.checks]
    constraints += [(part.name, part.definition, exclusion_clause(part)) for part in table.exclusions]
    found += [
        (f"{alter} DROP CONSTRAINT {quote(own)}", [f"{alter} ADD {clause}"])
        for own, text, clause in constraints
        if _mentions(text, name)
    ]
    for index in table.indexes:
        texts = [index.where or "", *(part.expression or "" for part in index.parts)]
        if any(_mentions(text, name) for text in texts):
            shown = name_text(QualifiedName(table.name.namespace, index.name))
            found.append((f"DROP INDEX {shown}", index_statements(table.name, index)))
    for column in table.columns:
        if column.generated is not None and _mentions(column.generated, name):
            made = [f"{alter} ADD COLUMN {column_clause(column)}"]
            if column.comment is not None:
                where = f"{name_text(table.name)}.{quote(column.name)}"
                made.append(f"COMMENT ON COLUMN {where} IS {comment_literal(column.comment)}")
            found.append((f"{alter} DROP COLUMN {quote(column.name)}", made))
    return found


def _mentions(text: str, name: QualifiedName) -> bool:
    """Whether an expression, as the server prints it, names the type."""
    shown = "".join(
        rf'(?:{re.escape(part)}|"{re.escape(part)}"){dot}'
        for part, dot in zip((name.namespace, name.name), (r"\.", ""), strict=True)
    )
    return re.search(rf'(?<![\w"]){shown}(?![\w"])', text) is not None


def create_extension(extension: Extension) -> str:
    """The statement that makes an extension, where it is not there."""
    place = f" SCHEMA {quote(extension.namespace)}" if extension.namespace else ""
    return f"CREATE EXTENSION IF NOT EXISTS {quote(extension.name)}{place}"


def create_domain(domain: Domain) -> str:
    """The statement that makes a domain."""
    words = [f"CREATE DOMAIN {name_text(domain.name)} AS {type_text(domain.type)}"]
    if domain.collation:
        words.append(f"COLLATE {domain.collation}")
    if domain.default is not None:
        words.append(f"DEFAULT {domain.default.expression}")
    if not domain.nullable:
        words.append("NOT NULL")
    words.extend(check_clause(check) for check in domain.checks if check.valid)
    return " ".join(words)


def _alter_domain(before: Domain, after: Domain, actual: State, later: Later) -> Step:
    summary = f"alter domain {after.name}"
    if (before.type, before.collation) != (after.type, after.collation):
        base = type_text(after.type)
        through = "text" + "[]" * after.type.dimensions

        def value(column: Column) -> str:
            array = "[]" * column.type.dimensions
            return f"{quote(column.name)}::{through}{array}::{base}{array}::{name_text(after.name)}{array}"

        statements, hazards = made_anew(after.name, [create_domain(after)], actual, value, later)
        message = f"values that do not fit {base} stop it"
        hazards.append(Hazard(kind=HazardKind.CHANGES_TYPE, message=f"domain {after.name} becomes {base}"))
        hazards.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
        return _step(summary, statements, [], lock="ACCESS EXCLUSIVE", hazards=hazards, source=after.source)
    hazards = []
    strict = (before.nullable and not after.nullable) or any(k not in before.checks and k.valid for k in after.checks)
    if strict:
        hazards.append(
            Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=f"values of {after.name} that break it stop it")
        )
        hazards.append(
            Hazard(kind=HazardKind.BLOCKS_WRITES, message="tables with it are locked while they are checked")
        )
    forth, back = _domain_differences(before, after), _domain_differences(after, before)
    return _step(summary, forth, back, lock=SHARE if strict else None, hazards=hazards, source=after.source)


def _domain_differences(before: Domain, after: Domain) -> list[str]:
    alter = f"ALTER DOMAIN {name_text(after.name)}"
    found = []
    if before.default != after.default:
        found.append(
            f"{alter} DROP DEFAULT" if after.default is None else f"{alter} SET DEFAULT {after.default.expression}"
        )
    if before.nullable != after.nullable:
        found.append(f"{alter} {'DROP' if after.nullable else 'SET'} NOT NULL")
    found += [f"{alter} DROP CONSTRAINT {quote(part.name)}" for part in before.checks if part not in after.checks]
    found += [f"{alter} ADD {check_clause(part)}" for part in after.checks if part not in before.checks]
    return found


def create_composite(found: Composite) -> str:
    """The statement that makes a composite type."""
    parts = [f"{quote(column.name)} {_attribute(column)}" for column in found.columns]
    return f"CREATE TYPE {name_text(found.name)} AS ({', '.join(parts)})"


def _attribute(column: Column) -> str:
    return type_text(column.type) + (f" COLLATE {column.collation}" if column.collation else "")


def _alter_composite(before: Composite, after: Composite, actual: State, later: Later) -> Step:
    summary = f"alter type {after.name}"
    there = {column.name: column for column in before.columns}
    asked = {column.name: column for column in after.columns}
    kept = [column for column in before.columns if column.name in asked]
    used = any(column.type.enumeration == after.name for table in actual.tables for column in table.columns)
    lost = [column.name for column in before.columns if column.name not in asked]
    hazards = []
    if used and lost:
        message = f"values of {', '.join(lost)} in columns of type {after.name} are deleted"
        hazards.append(Hazard(kind=HazardKind.DELETES_DATA, message=message))
    appended = [*(column.name for column in kept), *(name for name in asked if name not in there)]
    alike = all((column.type, column.collation) == _kind(asked[column.name]) for column in kept)
    if appended == list(asked) and (alike or not used):
        alter = f"ALTER TYPE {name_text(after.name)}"
        statements = [f"{alter} DROP ATTRIBUTE {quote(name)}" for name in lost]
        statements += [
            f"{alter} ALTER ATTRIBUTE {quote(column.name)} TYPE {_attribute(asked[column.name])}"
            for column in kept
            if (column.type, column.collation) != _kind(asked[column.name])
        ]
        statements += [
            f"{alter} ADD ATTRIBUTE {quote(name)} {_attribute(column)}"
            for name, column in asked.items()
            if name not in there
        ]
        return _step(summary, statements, [], lock="ACCESS EXCLUSIVE", hazards=hazards, source=after.source)

    def value(column: Column) -> str:
        own = quote(column.name)
        fields = [
            f"({own}).{quote(name)}::{_attribute(part)}" if name in there else "NULL" for name, part in asked.items()
        ]
        return f"CASE WHEN {own} IS NULL THEN NULL ELSE ROW({', '.join(fields)})::{name_text(after.name)} END"

    statements, costs = made_anew(after.name, [create_composite(after)], actual, value, later)
    return _step(summary, statements, [], lock="ACCESS EXCLUSIVE", hazards=[*hazards, *costs], source=after.source)


def _kind(column: Column) -> tuple[ColumnType, str | None]:
    return column.type, column.collation


def _step(
    summary: str,
    statements: Sequence[str],
    undo: Sequence[str],
    *,
    lock: str | None = None,
    hazards: Sequence[Hazard] = (),
    source: Location | None = None,
) -> Step:
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in undo),
        lock=lock,
        hazards=tuple(hazards),
        source=source,
    )
