"""Views of the actual state and what stands on columns, from the rows of the catalogue queries."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from lbconf.connectors.postgresql.inspect_columns import Rows
from lbconf.connectors.postgresql.inspect_parts import index, pairs
from lbconf.connectors.postgresql.spelling import name_text, quote
from lbconf.records import dataclass, field
from lbconf.state.structure import Column, Opaque, QualifiedName, View

__all__ = ["Dependents", "dependents", "facts_of", "view"]

Used = tuple[QualifiedName, str]


@dataclass(slots=True)
class Dependents:
    """What depends on relations, columns, functions and types."""

    views: defaultdict[int, list[tuple[Used, str]]] = field(default_factory=lambda: defaultdict(list))
    """By the view's oid: what it uses, and whether that is a `table`, `type`, `function` or an `extension`'s."""
    others: defaultdict[tuple[str, int, str], list[Used]] = field(default_factory=lambda: defaultdict(list))
    """Columns by (`trigger`, `policy`, `rule` or `function`, oid of its relation or 0, name)."""


def dependents(rows: Rows) -> Dependents:
    """From the rows of `DEPENDENTS`."""
    found = Dependents()
    for row in rows:
        used = (QualifiedName(row[5], row[6]), row[7] or "")
        if row[4]:
            found.views[row[2]].append((used, row[8]))
        elif row[8] in {"table", "type"}:
            kind = {"pg_rewrite": "rule", "pg_trigger": "trigger", "pg_policy": "policy"}.get(row[0], "function")
            found.others[kind, row[2], row[3]].append(used)
    return found


def facts_of(relation: int, facts: Rows, found: Dependents) -> Iterator[Opaque]:
    """Triggers, policies, rules and statistics of a relation, from the rows of `TABLE_FACTS`."""
    for fact in facts:
        uses = tuple(found.others.get((fact[1], relation, fact[2]), ()))
        yield Opaque(kind=fact[1], name=fact[2], definition=fact[3], uses=uses)


def view(
    row: tuple[Any, ...], columns: Sequence[Column], indexes: Rows, facts: Sequence[Opaque], found: Dependents
) -> View:
    """A view from its row of `RELATIONS`."""
    name = QualifiedName(row[1], row[2])
    used = found.views.get(row[0], [])
    materialized = row[3] == "m"
    return View(
        name=name,
        columns=tuple(columns),
        materialized=materialized,
        definition=row[12].strip().removesuffix(";"),
        options=pairs(row[7]),
        indexes=tuple(sorted(map(index, indexes), key=lambda part: part.name)),
        comment=row[5],
        opaque=(*facts, *_belongings(name, row[16], materialized=materialized)),
        depends_on=tuple(sorted({one for (one, _), kind in used if kind in {"table", "type"}})),
        depends_on_columns=tuple(sorted(one for one, kind in used if kind == "table" and one[1])),
        depends_on_opaque=any(kind == "function" for _, kind in used),
    )


def _belongings(name: QualifiedName, told: Any, *, materialized: bool) -> Iterator[Opaque]:
    """Owner, privileges, and whether a materialised view holds no rows yet."""
    kind = "MATERIALIZED VIEW" if materialized else "VIEW"
    shown = name_text(name)
    owner = told["owner"]
    yield Opaque(kind="owner", name=owner, definition=f"ALTER {kind} {shown} OWNER TO {quote(owner)}")
    if not told["populated"]:
        yield Opaque(kind="unpopulated", name=name.name, definition="WITH NO DATA")
    for grantee, privilege, grantable, column in told["grants"] or ():
        granted = f"{privilege} ({quote(column)})" if column else privilege
        option = " WITH GRANT OPTION" if grantable else ""
        to = grantee or "PUBLIC"
        yield Opaque(
            kind="privilege",
            name=f"{granted} to {to}",
            definition=f"GRANT {granted} ON {shown} TO {to}{option}",
        )
