"""Row security that models say and tables that are there do not have."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.state.structure import State, Table

__all__ = ["say_unprotected"]


def say_unprotected(desired: State, actual: State) -> Iterator[Diagnostic]:
    """A warning for each table that is there without the row security that its model says: nothing changes that."""
    for table in desired.tables:
        if not table.opaque or not _secured(table):
            continue
        there = actual.table(table.renamed_from or table.name) or actual.table(table.name)
        if there is not None and not _secured(there):
            yield Diagnostic(
                code=Code.ROW_SECURITY_LEFT,
                severity=Severity.WARNING,
                message=f"{table.name} is there without row security, which its model says, and stays so",
                location=table.source,
                hint="lbconf gives it to new tables alone; enable it and make the policies yourself",
            )


def _secured(table: Table) -> bool:
    return any(fact.kind == "row-security" for fact in table.opaque)
