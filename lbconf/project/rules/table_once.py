"""One table keeps one model."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Related, Severity
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["table_once"]


def table_once(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every model that says the table of another in the same data source.

    Views may be read by several models. Names that models only fold to the same table are the planner's business.
    """
    taken: dict[tuple[str, str, str], Model] = {}
    for model, _ in facts.written():
        source = facts.data_sources.get(model.data_source or "")
        if source is None or not model.persisted or model.read_only:
            continue
        section = model.section(source.connector, f"{source.connector}3")
        table = section.get("table") or section.get("tableName")
        if not isinstance(table, str):
            continue
        namespace = section.get("schema") or section.get("schemaName") or ""
        first = taken.setdefault((source.name, str(namespace), table), model)
        if first is model:
            continue
        yield facts.found(
            Code.TABLE_DUPLICATE,
            f"models {first.name} and {model.name} are both kept in table {table} of {source.name}",
            model.location,
            "give each model a table of its own",
            related=(Related(message=f"{first.name} is here", location=first.location),) if first.location else (),
            severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
        )
