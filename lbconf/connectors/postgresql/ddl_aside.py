"""What stands on a column or a type and has to step aside while that changes: dropped before, made again after.

Views with all that belongs to them, rules, triggers and policies. What
cannot be made again (functions whose body the server follows) is refused.

Source: PostgreSQL manual, page ALTER TABLE (`SET DATA TYPE`) and section 5.15 (dependency tracking).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from lbconf.connectors.postgresql.ddl_options import column_options
from lbconf.connectors.postgresql.reprint import reprinted
from lbconf.connectors.postgresql.spelling import comment_literal, index_statements, name_text, parameters, quote
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.records import dataclass
from lbconf.state.structure import Opaque, QualifiedName, State, View

__all__ = ["Aside", "create_view", "drop_view", "refuse_drop", "standing_on", "with_dependents"]

Used = tuple[QualifiedName, str]

MADE_AGAIN: Final = frozenset({"trigger", "policy", "rule"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Statements around a change."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What steps aside, for people: `view public.v`."""


def standing_on(
    used: Collection[Used], state: State, *, types: Collection[QualifiedName] = (), gone: Collection[QualifiedName] = ()
) -> Aside:
    """What has to step aside so that these columns and types can change.

    Args:
        used: Columns, as (table, column).
        state: The actual state.
        types: Types that are made anew.
        gone: Views that are not there at that moment.

    Raises:
        PlanError: Something stands on them that cannot be made again.
    """
    wanted = frozenset(used)
    first = [
        view
        for view in state.views
        if view.name not in gone
        and (not wanted.isdisjoint(view.depends_on_columns) or any(name in view.depends_on for name in types))
    ]
    views = [view for view in with_dependents(first, state.views) if view.name not in gone]
    before: list[str] = []
    after: list[str] = []
    names: list[str] = []
    named = frozenset((name, "") for name in types)
    for table in state.tables:
        for fact in table.opaque:
            if not _stands(fact, wanted, named):
                continue
            kind = fact.kind.removeprefix("partition-")
            if kind not in MADE_AGAIN:
                continue
            owner, name = (table.name, fact.name) if kind == fact.kind else _split(fact.name)
            before.append(f"DROP {kind.upper()} {quote(name)} ON {name_text(owner)}")
            after.extend(_statements(fact.definition))
            names.append(f"{kind} {name} of {owner}")
    for fact in state.opaque:
        if fact.kind in {"function", "procedure"} and _stands(fact, wanted, frozenset()):
            raise _refused(f"{fact.kind} {fact.name} stands on a column that would change its type")
        if fact.kind in {"function", "procedure"} and _stands(fact, frozenset(), named):
            raise _refused(f"{fact.kind} {fact.name} uses a type that would have to be made anew")
    before.extend(map(drop_view, reversed(views)))
    for view in views:
        after.extend(create_view(view))
    names.extend(f"view {view.name}" for view in views)
    # What a view's rules and triggers need is there again before them.
    return Aside(before=tuple(before), after=tuple(after), names=tuple(names))


def refuse_drop(used: Collection[Used], state: State, *, gone: Collection[QualifiedName], what: str) -> None:
    """Raise `PlanError` where a view, a policy, a trigger or a function needs what would be dropped.

    Args:
        used: Columns that go, or (table, "") for a whole table.
        state: The actual state.
        gone: Tables and views that are not there any more when it happens.
        what: For the message: `column public.t.a`.
    """
    tables = {table for table, column in used if not column}

    def needs(columns: Iterable[Used]) -> bool:
        return any(one in used or one[0] in tables for one in columns)

    for view in state.views:
        if view.name not in gone and (needs(view.depends_on_columns) or not tables.isdisjoint(view.depends_on)):
            raise _refused(f"view {view.name} needs {what}, which would go")
    for table in state.tables:
        for fact in table.opaque:
            kind = fact.kind.removeprefix("partition-")
            own = table.name in tables or table.name in gone
            if kind in MADE_AGAIN and not own and needs(one for one in fact.uses if one[1] or one[0] != table.name):
                raise _refused(f"{kind} {fact.name} of {table.name} needs {what}, which would go")
    for fact in state.opaque:
        if fact.kind in {"function", "procedure"} and needs(fact.uses):
            raise _refused(f"{fact.kind} {fact.name} needs {what}, which would go")


def with_dependents(first: Iterable[View], views: Sequence[View]) -> list[View]:
    """These views and all that read them, each after those it reads."""
    wanted = {view.name for view in first}
    while True:
        more = {view.name for view in views if view.name not in wanted and not wanted.isdisjoint(view.depends_on)}
        if not more:
            break
        wanted |= more
    left = {view.name: view for view in views if view.name in wanted}
    found: list[View] = []
    while left:
        ready = [view for view in left.values() if left.keys().isdisjoint(set(view.depends_on) - {view.name})]
        for view in sorted(ready or left.values(), key=lambda view: view.name):
            found.append(view)
            del left[view.name]
    return found


def drop_view(view: View) -> str:
    """The statement that drops a view, and nothing with it."""
    return f"DROP {'MATERIALIZED ' if view.materialized else ''}VIEW {name_text(view.name)}"


def create_view(view: View) -> list[str]:
    """Statements that make a view and everything that belongs to it."""
    kind = "MATERIALIZED VIEW" if view.materialized else "VIEW"
    name = name_text(view.name)
    options = f" WITH ({parameters(view.options)})" if view.options else ""
    empty = " WITH NO DATA" if any(fact.kind == "unpopulated" for fact in view.opaque) else ""
    found = [f"CREATE {kind} {name}{options} AS {reprinted(view.definition.strip().removesuffix(';'))}{empty}"]
    if view.comment is not None:
        found.append(f"COMMENT ON {kind} {name} IS {comment_literal(view.comment)}")
    for column in view.columns:
        where = f"{name}.{quote(column.name)}"
        if column.comment is not None:
            found.append(f"COMMENT ON COLUMN {where} IS {comment_literal(column.comment)}")
        if column.default is not None and not view.materialized:
            default = column.default.expression
            found.append(f"ALTER VIEW {name} ALTER COLUMN {quote(column.name)} SET DEFAULT {default}")
        if view.materialized:
            found.extend(column_options(view.name, column, (), column.options, kind=kind))
    for index in view.indexes:
        found.extend(index_statements(view.name, index))
    for fact in view.opaque:
        if fact.kind in {"rule", "trigger", "privilege", "owner"}:
            found.extend(_statements(fact.definition))
    return found


def _stands(fact: Opaque, columns: frozenset[Used], types: frozenset[Used]) -> bool:
    return any(one in columns or one in types for one in fact.uses)


def _split(name: str) -> tuple[QualifiedName, str]:
    """A partition's name and its fact's: `public.p1.name`."""
    namespace, table, rest = name.split(".", 2)
    return QualifiedName(namespace, table), rest


def _statements(definition: str) -> list[str]:
    """A definition of one statement, or of a trigger's and one that sets when it fires."""
    head, mark, tail = reprinted(definition).partition("; ALTER TABLE ")
    return [head.strip().removesuffix(";"), f"ALTER TABLE {tail}"] if mark else [head.strip().removesuffix(";")]


def _refused(message: str) -> PlanError:
    return PlanError(
        Diagnostic(
            code=Code.CHANGE_IMPOSSIBLE,
            message=message,
            hint="change or drop it yourself first; lbconf does not know how to make it again",
        )
    )
