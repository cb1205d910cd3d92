"""What is in databases, as text for a person."""

from collections.abc import Iterator

from lbconf.cli.output import paint
from lbconf.cli.views.plan_words import size_words
from lbconf.operations.inspect import InspectReport
from lbconf.plan.managed import last_managed
from lbconf.plan.snapshot import SourceSnapshot

__all__ = ["inspect_text"]


def inspect_text(report: InspectReport, *, color: bool) -> str:
    """One block a data source: the server, its tables with their sizes, and what else there is."""
    if not report.sources:
        return "No data source has structure to inspect."
    return "\n\n".join("\n".join(_lines(source, color=color)) for source in report.sources)


def _lines(source: SourceSnapshot, *, color: bool) -> Iterator[str]:
    server = f"{source.server.product} {source.server.version}".strip()
    yield paint(f"{source.data_source} ({source.connector}): {server}", "bold", color=color)
    managed = last_managed(source.ledger).tables
    sizes = {size.table: size for size in source.sizes}
    for table in source.actual.tables:
        size = sizes.get(table.name)
        facts = [_counted(len(table.columns), "column")]
        if size is not None:
            facts.append(size_words(size.rows, size.bytes))
        facts.append("managed" if table.name in managed else "not managed by lbconf")
        name = "".join(char if char.isprintable() else "?" for char in str(table.name))
        yield f"  {name}  " + paint(f"({', '.join(facts)})", "dim", color=color)
    if not source.actual.tables:
        yield "  no tables"
    state = source.actual
    others = [
        _counted(len(found), word)
        for found, word in (
            (state.views, "view"),
            (state.enumerations, "enum type"),
            (state.domains, "domain"),
            (state.composites, "composite type"),
            (state.sequences, "sequence"),
        )
        if found
    ]
    if others:
        yield f"  and {', '.join(others)}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
