"""The named parts of a connector section, each as the state has it. Part of `exact`, which tells the keys."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.diagnostics import Location
from lbconf.state.structure import Check, Exclusion, Index, IndexPart, Opaque, Options, Partition, QualifiedName, Unique

__all__ = [
    "checks",
    "entries",
    "exclusions",
    "indexes",
    "joined",
    "options",
    "partitions",
    "row_security",
    "text",
    "texts",
    "timing",
    "uniques",
    "whole",
]

FLAGS: Final = frozenset({"strict", "without_rowid", "unlogged", "invisible", "clustered"})
"""Options that are there or not: `false` is the same as saying nothing."""


def joined(portable: Sequence[Any], exact: Iterator[Any]) -> tuple[Any, ...]:
    """Both, by name; the exact one wins."""
    found = {part.name: part for part in portable}
    found.update({part.name: part for part in exact})
    return tuple(found[name] for name in sorted(found))


def uniques(section: Mapping[str, Any], place: Location | None) -> Iterator[Unique]:
    """`uniques`: columns, or what is exact about the constraint."""
    for name, entry in entries(section, "uniques", short="columns"):
        columns = texts(entry.get("columns"))
        if columns:
            yield Unique(
                name=name,
                columns=columns,
                nulls_not_distinct=entry.get("nullsNotDistinct") is True,
                include=texts(entry.get("include")),
                deferrable=timing(entry),
                renamed_from=text(entry.get("renamedFrom")),
                source=place,
            )


def indexes(section: Mapping[str, Any], place: Location | None) -> Iterator[Index]:
    """`indexes`: parts and what is exact about them."""
    for name, entry in entries(section, "indexes", short="parts"):
        parts = tuple(_parts(entry.get("parts")))
        if parts:
            yield Index(
                name=name,
                parts=parts,
                unique=entry.get("unique") is True,
                method=str(entry.get("method") or "btree"),
                where=text(entry.get("where")),
                include=texts(entry.get("include")),
                nulls_not_distinct=entry.get("nullsNotDistinct") is True,
                valid=entry.get("valid") is not False,
                comment=text(entry.get("comment")),
                options=options(entry),
                renamed_from=text(entry.get("renamedFrom")),
                source=place,
            )


def checks(section: Mapping[str, Any], place: Location | None) -> Iterator[Check]:
    """`checks`: the expression, or what is exact about the constraint."""
    for name, entry in entries(section, "checks", short="expression"):
        expression = text(entry.get("expression"))
        if expression is not None:
            yield Check(
                name=name,
                expression=expression,
                valid=entry.get("valid") is not False,
                no_inherit=entry.get("noInherit") is True,
                enforced=entry.get("enforced") is not False,
                renamed_from=text(entry.get("renamedFrom")),
                source=place,
            )


def exclusions(section: Mapping[str, Any], place: Location | None) -> Iterator[Exclusion]:
    """`exclusions`: the definition as the server prints it."""
    for name, entry in entries(section, "exclusions", short="definition"):
        definition = text(entry.get("definition"))
        if definition is not None:
            renamed = text(entry.get("renamedFrom"))
            yield Exclusion(name=name, definition=definition, renamed_from=renamed, source=place)


def partitions(section: Mapping[str, Any], namespace: str) -> tuple[Partition, ...]:
    """`partitions` by name, each perhaps divided itself."""
    found = []
    for name, entry in entries(section, "partitions", short="bound"):
        bound = entry.get("bound")
        if isinstance(bound, str):
            # Empty: divided by hash, so that nothing is said of what it holds.
            own = text(entry.get("schema")) or namespace
            inner = partitions(entry, own)
            by = text(entry.get("by"))
            found.append(Partition(name=QualifiedName(own, name), bound=bound.strip(), by=by, partitions=inner))
    return tuple(sorted(found, key=lambda partition: partition.name))


def options(section: Mapping[str, Any]) -> Options:
    """`options`: numbers and truth values as text, null and absent flags left out."""
    written = section.get("options")
    found = []
    for name, value in written.items() if isinstance(written, Mapping) else ():
        if value is None or (value is False and name in FLAGS):
            continue
        if isinstance(value, str | int | float):
            found.append((str(name), str(value).lower() if isinstance(value, bool) else str(value)))
    return tuple(found)


def row_security(section: Mapping[str, Any], table: str) -> tuple[Opaque, ...]:
    """`rowSecurity`, for a table that comes: whether it is on, and the policies without their heads."""
    written = section.get("rowSecurity")
    if not isinstance(written, Mapping):
        return ()
    policies = written.get("policies")
    said = policies.items() if isinstance(policies, Mapping) else ()
    found = [Opaque(kind="policy", name=str(name), definition=str(policy)) for name, policy in said]
    if written.get("enabled") is not False:
        force = written.get("force") is True
        found.append(Opaque(kind="row-security", name=table, definition="FORCE" if force else "ENABLE"))
    return tuple(sorted(found, key=lambda fact: (fact.kind, fact.name)))


def entries(
    section: Mapping[str, Any], key: str, *, short: str | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each named part in its long form; `short` is the key that a part written as one value stands for."""
    written = section.get(key)
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        if isinstance(entry, Mapping):
            yield str(name), entry
        elif short is not None and entry is not None:
            yield str(name), {short: entry}


def text(written: Any) -> str | None:
    """Text without blanks around it; None where there is none."""
    return written.strip() or None if isinstance(written, str) else None


def texts(written: Any) -> tuple[str, ...]:
    """Names: one alone, or a list of them."""
    if isinstance(written, str):
        return (written,)
    return tuple(str(part) for part in written) if isinstance(written, list | tuple) else ()


def timing(entry: Mapping[str, Any]) -> str | None:
    """`deferrable` where it says something."""
    found = entry.get("deferrable")
    return str(found) if found in {"immediate", "deferred"} else None


def whole(written: Any) -> int | None:
    """A whole number; None for anything else."""
    return written if isinstance(written, int) and not isinstance(written, bool) else None


def _parts(written: Any) -> Iterator[IndexPart]:
    for part in written if isinstance(written, list | tuple) else ():
        said = {"column": part} if isinstance(part, str) else part
        if isinstance(said, Mapping) and (said.get("column") or said.get("expression")):
            nulls = said.get("nulls")
            yield IndexPart(
                column=said.get("column"),
                expression=said.get("expression"),
                descending=said.get("descending") is True,
                nulls_first=None if nulls not in {"first", "last"} else nulls == "first",
                collation=said.get("collation"),
                operator_class=said.get("operatorClass"),
                length=whole(said.get("length")),
            )
