"""Queries that tell which rows would make a step fail, by the names and types that are there now.

Where a change speaks of what an earlier change of the same plan makes, there is
no such query: nobody can ask before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from lbconf.connectors.sql.checks import widened_checks
from lbconf.patterns import pattern
from lbconf.records import dataclass, replace
from lbconf.state import changes as c
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import DataCheck, Step
from lbconf.state.structure import Column, QualifiedName, State, Table

__all__ = ["CheckDialect", "with_checks"]

WORD: Final = pattern(r"\w+")
NUMBERS: Final = frozenset(
    {"smallint", "int", "integer", "bigint", "numeric", "decimal", "real", "float", "double", "double precision"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDialect:
    """How a server says it."""

    quote: Callable[[str], str]
    """An identifier."""
    name: Callable[[QualifiedName], str]
    """A table."""
    literal: Callable[[str], str]
    """A text."""
    shown: Callable[[str], str]
    """An expression's value as a text that is not too long; never NULL."""
    joined: Callable[[Sequence[str]], str]
    """Texts one after the other."""
    converted: Callable[[Column, Column], str | None]
    """For a column and what it becomes: what is true of values that cannot become it; None where that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Rows that fail."""

    count: str
    sample: str
    """One text column, without a limit."""


def with_checks(
    steps: Sequence[Step], changes: Sequence[c.Change], actual: State, dialect: CheckDialect
) -> tuple[Step, ...]:
    """The steps, those that may fail on data with the queries that tell, where there are some.

    A query that a step brings stays where nothing here tells as much of all its changes.
    """
    names = _Names(changes, actual)
    return tuple(_checked(step, changes, names, dialect) if _may_fail(step) else step for step in steps)


def _may_fail(step: Step) -> bool:
    return any(hazard.kind is HazardKind.MAY_FAIL_ON_DATA for hazard in step.hazards)


def _checked(step: Step, changes: Sequence[c.Change], names: "_Names", dialect: CheckDialect) -> Step:
    asked = [_Asking(names, dialect).of(changes[place]) for place in step.covers]
    found = [one for one in asked if isinstance(one, _Found)]
    whole = not any(one is _UNKNOWN for one in asked)
    if not found or (step.check is not None and not whole):
        return step
    count = found[0].count if len(found) == 1 else f"SELECT {' + '.join(f'({one.count})' for one in found)}"
    parts = " UNION ALL ".join(f"SELECT * FROM ({one.sample} LIMIT 3) AS part{n}" for n, one in enumerate(found))
    sample = f"{found[0].sample} LIMIT 3" if len(found) == 1 else f"SELECT * FROM ({parts}) AS examples LIMIT 3"
    return replace(step, check=DataCheck(count=count, sample=sample, whole=whole))


class _Unknown:
    """It may fail, and nobody can ask."""


_UNKNOWN = _Unknown()


class _Names:
    """Tables and columns by the names that they have now."""

    def __init__(self, changes: Sequence[c.Change], actual: State) -> None:
        self.actual = actual
        self._tables: Mapping[QualifiedName, QualifiedName] = {
            ch.after.name: ch.before.name for ch in changes if isinstance(ch, c.RenameTable)
        }
        self._renamed = {(ch.table, ch.after.name): ch.before.name for ch in changes if isinstance(ch, c.RenameColumn)}
        self._new = {(ch.table, ch.after.name) for ch in changes if isinstance(ch, c.AddColumn)}
        self._altered = {
            (ch.table, ch.after.name)
            for ch in changes
            if isinstance(ch, c.AlterColumn) and not _comparable(ch.before, ch.after)
        }
        self._gone = {name for ch in changes if isinstance(ch, c.DropTable) for name in (ch.before.name,)}
        self.widened = widened_checks(changes)

    def table(self, name: QualifiedName) -> Table | None:
        """The table as it is now; None for one that comes with the plan."""
        before = self._tables.get(name, name)
        return None if before in self._gone else self.actual.table(before)

    def column(self, table: QualifiedName, name: str) -> str | None:
        """The column as it is called now; None where the plan makes it, or makes something else of it."""
        if (table, name) in self._altered:
            return None
        before = self._renamed.get((table, name))
        if before is not None:
            return before
        return None if (table, name) in self._new else name

    def fresh(self, table: QualifiedName, text: str) -> bool:
        """Whether an expression may speak of a column that is not there under this name with this type."""
        words = {word.lower() for word in WORD.findall(text)}
        touched = {*self._new, *self._renamed, *self._altered}
        return any(owner == table and name.lower() in words for owner, name in touched)


def _comparable(before: Column, after: Column) -> bool:
    """Whether the values mean the same to a comparison before and after a change."""
    numbers = {before.type.name.lower(), after.type.name.lower()} <= NUMBERS
    return after.backfill is None and (before.type == after.type or numbers)


@dataclass(frozen=True, slots=True)
class _Asking:
    names: _Names
    dialect: CheckDialect

    def of(self, change: c.Change) -> _Found | _Unknown | None:  # noqa: C901, PLR0912 - one case a change
        """The rows that stop a change; None where rows cannot."""
        match change:
            case c.AddColumn(table=name, after=column):
                if column.nullable or column.default or column.identity or column.generated or column.backfill:
                    return None
                return self._rows(name, "", ())
            case c.AlterColumn():
                return self._altered(change)
            case c.AddUnique(table=name, after=unique):
                return self._equal(name, unique.columns, nulls=unique.nulls_not_distinct)
            case c.AddPrimaryKey(table=name, after=key):
                return self._equal(name, key.columns, nulls=True, missing=True)
            case c.AddIndex(table=name, after=index) if index.unique:
                if any(part.column is None for part in index.parts) or (
                    index.where and self.names.fresh(name, index.where)
                ):
                    return _UNKNOWN
                columns = [part.column for part in index.parts if part.column is not None]
                return self._equal(name, columns, nulls=index.nulls_not_distinct, where=index.where)
            case c.AddForeignKey():
                return self._dangling(change)
            case c.AddCheck(table=name, after=check):
                if (name, check.name) in self.names.widened or not check.enforced:
                    return None
                if self.names.fresh(name, check.expression):
                    return _UNKNOWN
                return self._rows(name, f"NOT ({check.expression})", self._mentioned(name, check.expression))
            case c.AddExclusion() | c.RebuildEnumeration() | c.AddPartition() | c.AlterDomain() | c.AlterComposite():
                return _UNKNOWN
            case _:
                return None

    def _altered(self, change: c.AlterColumn) -> _Found | _Unknown | None:
        before, after = change.before, change.after
        conditions = []
        if before.type != after.type:
            found = self.dialect.converted(before, after)
            if found is None:
                return _UNKNOWN
            conditions.append(found)
        if before.nullable and not after.nullable and after.backfill is None:
            conditions.append(f"{self.dialect.quote(before.name)} IS NULL")
        conditions = [condition for condition in conditions if condition]
        return self._rows(change.table, " OR ".join(conditions), [before.name]) if conditions else None

    def _rows(self, name: QualifiedName, condition: str, columns: Sequence[str]) -> _Found | None:
        """Rows of which something is true; None where the table comes with the plan."""
        table = self.names.table(name)
        if table is None:
            return None
        where = f" WHERE {condition}" if condition else ""
        place = f"{self.dialect.name(table.name)} AS t{where}"
        return _Found(
            count=f"SELECT count(*) FROM {place}", sample=f"SELECT {self._example(table, columns)} FROM {place}"
        )

    def _equal(
        self,
        name: QualifiedName,
        columns: Sequence[str],
        *,
        nulls: bool,
        missing: bool = False,
        where: str | None = None,
    ) -> _Found | _Unknown | None:
        """Rows that are equal in these columns, and with `missing` those that have none."""
        table = self.names.table(name)
        if table is None:
            return None
        own = [self.names.column(name, column) for column in columns]
        if any(column is None for column in own):
            return _UNKNOWN
        quoted = [self.dialect.quote(column) for column in own if column is not None]
        conditions = [] if nulls else [f"{column} IS NOT NULL" for column in quoted]
        conditions += [f"({where})"] if where else []
        chosen = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        listed = ", ".join(quoted)
        having = "count(*) > 1"
        if missing:
            having += "".join(f" OR count({column}) < count(*)" for column in quoted)
        groups = (
            f"SELECT {listed}, count(*) AS lbconf_rows FROM {self.dialect.name(table.name)} AS t{chosen} "
            f"GROUP BY {listed} HAVING {having}"
        )
        text = self._texts([column for column in own if column is not None])
        times = [self.dialect.literal(" in "), self.dialect.shown("lbconf_rows"), self.dialect.literal(" rows")]
        example = self.dialect.joined([*text, *times])
        return _Found(
            count=f"SELECT coalesce(sum(lbconf_rows), 0) FROM ({groups}) AS alike",
            sample=f"SELECT {example} AS example FROM ({groups}) AS alike ORDER BY 1",
        )

    def _dangling(self, change: c.AddForeignKey) -> _Found | _Unknown | None:
        """Rows that point at rows that are not there."""
        key, table = change.after, self.names.table(change.table)
        if table is None or not key.valid:
            return None
        own = [self.names.column(change.table, column) for column in key.columns]
        target = self.names.table(key.target)
        theirs = [self.names.column(key.target, column) for column in key.target_columns]
        if any(column is None for column in own):
            # A column that comes with the plan points nowhere yet.
            return None if all(column is None for column in own) else _UNKNOWN
        quoted = [self.dialect.quote(column) for column in own if column is not None]
        set_ = " AND ".join(f"t.{column} IS NOT NULL" for column in quoted)
        condition = set_
        if target is not None:
            if any(column is None for column in theirs):
                return _UNKNOWN
            pairs = zip((self.dialect.quote(column or "") for column in theirs), quoted, strict=True)
            same = " AND ".join(f"p.{one} = t.{two}" for one, two in pairs)
            condition += f" AND NOT EXISTS (SELECT 1 FROM {self.dialect.name(target.name)} AS p WHERE {same})"
        return self._rows(change.table, condition, [column for column in own if column is not None])

    def _mentioned(self, name: QualifiedName, text: str) -> list[str]:
        table = self.names.table(name)
        words = {word.lower() for word in WORD.findall(text)}
        return [] if table is None else [column.name for column in table.columns if column.name.lower() in words]

    def _example(self, table: Table, columns: Sequence[str]) -> str:
        """A row as text: its key, and these columns."""
        key = table.primary_key.columns if table.primary_key is not None else ()
        shown = list(dict.fromkeys((*key, *columns)))
        return f"{self.dialect.joined(list(self._texts(shown)))} AS example" if shown else "'' AS example"

    def _texts(self, columns: Sequence[str]) -> Iterator[str]:
        for number, column in enumerate(columns):
            yield self.dialect.literal(f"{', ' if number else ''}{column}=")
            yield self.dialect.shown(self.dialect.quote(column))
