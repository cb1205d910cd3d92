"""What the data source of the Python API knows of earlier applies: history, drift, adopting, the way back."""

from collections.abc import Sequence

from lbconf.connectors.contract import Connector, LedgerEntry, Migrator
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.operations.adopt import Adopted, adopt_connector
from lbconf.operations.data_checks import checked_steps
from lbconf.operations.drift import SourceDrift, drift_of
from lbconf.operations.history import missing_entry
from lbconf.operations.plan_back import plan_back_connector, refuse_unfinished
from lbconf.plan.plan import Plan
from lbconf.plan.report import CheckedStep
from lbconf.project.resolved import DataSource, Project

__all__ = ["Remembering"]


class Remembering:
    """The verbs that ask the ledger. Every method raises `ConnectorError` where the server fails."""

    @property
    def connector(self) -> Connector:
        """The open connector."""
        raise NotImplementedError

    @property
    def _source(self) -> tuple[Project, DataSource]:
        """The project, and the data source in it."""
        raise NotImplementedError

    def history(self) -> tuple[LedgerEntry, ...]:
        """What was applied, newest first; `state` and `documents` of older entries are empty: see `history_entry`."""
        return tuple(reversed(self._ledger().history()))

    def history_entry(self, number: int) -> LedgerEntry:
        """One apply with everything. Raises `PlanError` where there is none of that number."""
        ledger = self._ledger()
        entry = ledger.entry(number)
        if entry is None:
            raise missing_entry(number, {self._source[1].name: ledger.history()})
        return entry

    def drift(self) -> SourceDrift:
        """What somebody changed in the database since the last apply; reads only. Raises `PlanError`."""
        return drift_of(*self._source, self.connector)

    def adopt(self, models: Sequence[str] = (), *, lock_timeout: float = 30.0) -> Adopted:
        """Put the tables of these models (all by default) that exist under lbconf's management, as they stand.

        Args:
            models: Only the tables of these.
            lock_timeout: Seconds to wait for an apply that runs.

        Raises:
            PlanError: the models cannot be kept here.
        """
        return adopt_connector(*self._source, self.connector, models=tuple(models), lock_timeout=lock_timeout)

    def check_data(self, plan: Plan, *, examples: bool = True) -> tuple[CheckedStep, ...]:
        """Which rows would make steps of a plan fail: an answer for each step that may fail on data.

        Args:
            plan: What `plan` gave.
            examples: Whether up to three rows are shown for each; they are data of whoever is in the database.
        """
        return checked_steps(plan, self.connector, examples=examples)

    def _back(self, number: int) -> Plan:
        project, source = self._source
        entry = self.history_entry(number)
        refuse_unfinished(source, entry)
        return plan_back_connector(project, source, self.connector, entry)

    def _ledger(self) -> Migrator:
        connector = self.connector
        if isinstance(connector, Migrator):
            return connector
        _, source = self._source
        message = f"data source {source.name} ({source.connector}) keeps no history"
        raise PlanError(Diagnostic(code=Code.DATA_SOURCE_NOT_PLANNED, message=message, location=source.location))
