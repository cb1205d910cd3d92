"""Names that SQLite can keep: it does not tell `ID` from `id`, and `sqlite_` is its own.

Source: sqlite.org/lang_createtable.html section 2 ("internal use"), sqlite.org/lang_keywords.html.
"""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Related
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["sqlite_names"]


def sqlite_names(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every table and column of a SQLite data source that could not be made."""
    for model, _ in facts.written():
        source = facts.data_sources.get(model.data_source or "")
        if source is not None and source.connector == "sqlite" and model.persisted and not model.read_only:
            yield from _table(facts, model)
            yield from _columns(facts, model)


def _table(facts: Facts, model: Model) -> Iterator[Diagnostic]:
    section = model.section("sqlite", "sqlite3")
    table = section.get("table") or section.get("tableName") or model.name
    if str(table).lower().startswith("sqlite_"):
        yield facts.found(
            Code.NAME_RESERVED,
            f"model {model.name} is kept in table {table}, and SQLite keeps names with sqlite_ for itself",
            model.location,
            "choose another name, or say another `table` in the section `sqlite`",
        )


def _columns(facts: Facts, model: Model) -> Iterator[Diagnostic]:
    taken: dict[str, tuple[str, Related | None]] = {}
    for prop in model.properties.values():
        column = str(prop.section("sqlite", "sqlite3").get("columnName") or prop.name)
        there = Related(message=f"{prop.name} is here", location=prop.location) if prop.location else None
        first, place = taken.setdefault(column.lower(), (prop.name, there))
        if first != prop.name:
            yield facts.found(
                Code.COLUMN_DECLARED_TWICE,
                f"properties {first} and {prop.name} of model {model.name} would be one column: "
                "SQLite does not tell their letters apart",
                prop.location,
                "rename one of them, or give it another columnName in the section `sqlite`",
                related=(place,) if place else (),
            )
