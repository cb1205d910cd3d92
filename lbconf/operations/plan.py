"""`lbconf plan`: what would change in every data source, and how dangerous it is. Reads, never writes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Final, TypeAlias

from lbconf.connectors.contract import Connector, Inspector, Migrator, ModelMapping
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Diagnostic, Severity, nearest
from lbconf.errors import LbconfError, PlanError
from lbconf.operations import own_process
from lbconf.operations.asking import Agrees, Answers, Seen, owns_everything, seen
from lbconf.operations.collection import collection_paused
from lbconf.operations.data_sources import create_connector, named_data_source, with_url
from lbconf.operations.meanwhile import meanwhile
from lbconf.operations.neighbours import asked_by_neighbours
from lbconf.operations.surface import Offers, with_offers
from lbconf.plan.desired import Desired, desired_state, planned_models
from lbconf.plan.desired_structure import unsupported_structure
from lbconf.plan.estimates import estimated
from lbconf.plan.managed import Managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.plan.report import CheckedStep, PlanPart
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass, replace
from lbconf.state.changes import DropTable
from lbconf.state.fingerprint import within
from lbconf.state.structure import QualifiedName, State
from lbconf.state.unneeded import NOTHING_MADE

__all__ = ["Failure", "PlanReport", "plan_connector", "plan_project", "selected_data_sources"]

Attempted: TypeAlias = tuple[Plan, tuple[CheckedStep, ...]]
"""A plan, and what the rows say of it."""
Checker: TypeAlias = Callable[[Plan, Connector], tuple[CheckedStep, ...]]

SHOWN: Final = 5
"""Names that a message has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A data source that could not be planned or changed."""

    data_source: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """The plans of all data sources that could be planned."""

    environment: str
    plans: tuple[Plan, ...]
    failures: tuple[Failure, ...] = ()
    checked: tuple[CheckedStep, ...] = ()
    """What the rows say of steps that may fail on them, where that was asked; plans do not hold it."""
    parts: tuple[PlanPart, ...] = ()
    """`api` and `access`: what the configuration changes for those who use the REST API."""

    @property
    def empty(self) -> bool:
        """Whether no plan has anything to do."""
        return all(plan.empty for plan in self.plans)

    def counts(self) -> Mapping[str, int]:
        """Changes of all plans by action: `add`, `change`, `destroy`."""
        counted = [plan.counts() for plan in self.plans]
        return {action: sum(counts[action] for counts in counted) for action in ("add", "change", "destroy")}


def plan_project(  # noqa: PLR0913 - one argument for each thing that can be asked
    project: Project,
    *,
    data_sources: Sequence[str] = (),
    models: Sequence[str] = (),
    url: str | None = None,
    recreate: Sequence[str] = (),
    online: bool = True,
    early: Answers | None = None,
    check_data: bool = False,
    examples: bool = True,
    noted: bool = True,
) -> PlanReport:
    """Plan every data source side by side; one that fails does not stop the others.

    Args:
        project: The resolved project.
        data_sources: Only these.
        models: Only the tables of these, and the tables they point at.
        url: Stands in for the one data source's own settings.
        recreate: Models whose tables are dropped and made again.
        online: Whether steps hold up readers and writers as little as the server allows.
        early: What was asked before.
        check_data: Ask which rows would make steps fail that may fail on data.
        examples: Show up to three of those rows each.
        noted: Whether a plan may be applied or written to a file; else it does without what only the ledger is told.

    Raises:
        LbconfError: A name is unknown, or the URL could mean several data sources.
    """
    _refuse_unknown_models(project, (*models, *recreate))
    chosen = selected_data_sources(project, data_sources, url)
    if not chosen:
        return PlanReport(environment=project.environment, plans=())
    with collection_paused():
        check = _checker(examples=examples) if check_data else None
        offers = Offers(project, noted=noted)
        attempt = partial(_attempt, project, models, recreate, early, check, online=online, offers=offers)
        results = _side_by_side(attempt, chosen)
    planned = [result for result in results if not isinstance(result, Failure)]
    return PlanReport(
        environment=project.environment,
        plans=tuple(plan for plan, _ in planned),
        failures=tuple(result for result in results if isinstance(result, Failure)),
        checked=tuple(found for _, checked in planned for found in checked),
        parts=next((plan.parts for plan, _ in planned if plan.parts), ()),
    )


def plan_connector(
    project: Project,
    data_source: DataSource,
    connector: Connector,
    *,
    models: Sequence[str] = (),
    recreate: Sequence[str] = (),
    online: bool = True,
    asked: Callable[[], Seen] | None = None,
    offers: Offers | None = None,
) -> Plan:
    """The plan for one data source over an open connector, which may have been asked before.

    Raises `PlanError` or `ConnectorError`.
    """
    mapping = _mapping(data_source)
    if mapping is None or not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        raise _not_planned(data_source)
    everything = owns_everything(data_source)
    named = {mapping.table_name(model).namespace for model in planned_models(project, data_source.name)} - {""}
    likely = None if everything else named
    with meanwhile(lambda: seen(connector, connector, likely)) if asked is None else nullcontext(asked) as answer:
        desired = desired_state(project, data_source, mapping)
    refused = unsupported_structure(data_source, connector.capabilities.state)
    if refused:
        raise PlanError(refused)
    offers = offers or Offers(project)
    if not models:
        offers.prepare()  # while the server works
    found = answer()
    managed, actual = found.managed, found.actual
    selected = _selected_tables(project, data_source, mapping, models, desired.state)
    wanted = desired.state if selected is None else within(desired.state, selected)
    namespaces = frozenset[str]() if everything else frozenset((*wanted.namespaces, *wanted.owns, *managed.namespaces))
    if namespaces != found.namespaces:
        actual = connector.inspect(sorted(namespaces) or None)
    # After inspection: some servers normalise expressions by what they saw.
    state = connector.normalize(wanted)
    orphans = managed.tables - {table.name for table in state.tables}
    others = asked_by_neighbours(project, data_source) if len(project.data_sources) > 1 else frozenset()
    droppable = orphans - others if selected is None else frozenset()
    left = orphans & others if selected is None else orphans
    given = PlanInput(
        data_source=data_source.name,
        connector=data_source.connector,
        environment=project.environment,
        actual=actual,
        desired=state,
        managed=managed.tables,
        managed_state=managed.state,
        made=managed.made if selected is None else NOTHING_MADE,
        owned={entry.name: entry.location for entry in data_source.structure.owns if entry.location is not None},
        droppable=droppable & {table.name for table in actual.tables},
        recreate=_tables_of(project, data_source, mapping, recreate),
        kept=managed.kept(left, others if selected is None else None),
        others=others,
        online=online,
        on_remove=managed.on_remove,
        on_remove_otherwise=data_source.structure.on_remove,
        agreed=connector.agreed if isinstance(connector, Agrees) else frozenset(),
        only_shown=not offers.noted,
    )
    own_process.keep(found, given, desired)
    plan = make_plan(given, connector, connector.sizes)
    plan = replace(plan, documents=managed.documents) if models else with_offers(plan, offers, managed.documents)
    foreign = _of_others(plan, managed) if orphans == managed.tables and state.tables else ()
    return _with_warnings(estimated(plan), desired, foreign)


def selected_data_sources(project: Project, names: Sequence[str], url: str | None) -> tuple[DataSource, ...]:
    """The data sources a command is about. Raises `LbconfError` for unknown names and an ambiguous URL."""
    if names:
        chosen = [named_data_source(project, name) for name in names]
        for source in chosen:
            if _mapping(source) is None and url is None:
                raise _not_planned(source)
    else:
        chosen = [source for source in project.data_sources.values() if _plannable(project, source, url)]
    if url is None:
        return tuple(chosen)
    if not chosen and len(project.data_sources) == 1:
        chosen = list(project.data_sources.values())
    if len(chosen) != 1:
        known = ", ".join(source.name for source in chosen) or "none that has models"
        raise PlanError(
            Diagnostic(
                code=Code.DATA_SOURCE_NOT_PLANNED,
                message=f"--url stands for one data source, and the project has {known}",
                hint="say which one with --data-source NAME",
            )
        )
    return (with_url(chosen[0], url),)


def _side_by_side(
    attempt: Callable[[DataSource], Attempted | Failure], chosen: Sequence[DataSource]
) -> list[Attempted | Failure]:
    if len(chosen) == 1:
        return [attempt(chosen[0])]
    from concurrent.futures import ThreadPoolExecutor  # here, for it brings logging with it

    with ThreadPoolExecutor(max_workers=min(8, len(chosen))) as pool:
        return list(pool.map(attempt, chosen))


def _attempt(
    project: Project,
    models: Sequence[str],
    recreate: Sequence[str],
    early: Answers | None,
    check: Checker | None,
    data_source: DataSource,
    *,
    online: bool,
    offers: Offers,
) -> Attempted | Failure:
    try:
        before = None if early is None else early.take(data_source)
        connector = create_connector(data_source, project.root) if before is None else before.connector
        asked = None if before is None else before.seen
        try:
            plan = plan_connector(
                project,
                data_source,
                connector,
                models=models,
                recreate=recreate,
                online=online,
                asked=asked,
                offers=offers,
            )
            return plan, () if check is None else check(plan, connector)
        finally:
            connector.close()
    except LbconfError as error:
        return Failure(data_source=data_source.name, diagnostics=error.diagnostics)


def _checker(*, examples: bool) -> Checker:
    from lbconf.operations.data_checks import checked_steps  # here, for most plans ask nothing

    return lambda plan, connector: checked_steps(plan, connector, examples=examples)


def _plannable(project: Project, source: DataSource, url: str | None) -> bool:
    """Whether it has structure of its own; one of a connector that lbconf does not have only with a URL."""
    if url is not None:
        return bool(planned_models(project, source.name))
    return _mapping(source) is not None


def _mapping(source: DataSource) -> ModelMapping | None:
    kind = connector_type(source.connector)
    return None if kind is None else kind.mapping(source)


def _not_planned(source: DataSource) -> PlanError:
    return PlanError(
        Diagnostic(
            code=Code.DATA_SOURCE_NOT_PLANNED,
            message=f"data source {source.name} ({source.connector}) has no structure to plan",
            location=source.location,
        )
    )


def _refuse_unknown_models(project: Project, names: Iterable[str]) -> None:
    found: list[Diagnostic] = []
    for name in names:
        model = project.models.get(name)
        if model is None:
            near = nearest(name, project.models)
            hint = f"did you mean {near}?" if near else f"the project has {', '.join(project.models) or 'no model'}"
            message = f"there is no model {name}"
            found.append(Diagnostic(code=Code.MODEL_NOT_PLANNED, message=message, hint=hint))
        elif not model.persisted or model.read_only or model.data_source is None:
            message = f"model {name} has no table of its own, so there is nothing to plan for it"
            found.append(Diagnostic(code=Code.MODEL_NOT_PLANNED, message=message, location=model.location))
    if found:
        raise PlanError(found)


def _tables_of(
    project: Project, source: DataSource, mapping: ModelMapping, names: Iterable[str]
) -> frozenset[QualifiedName]:
    here = {model.name: model for model in planned_models(project, source.name)}
    return frozenset(mapping.table_name(here[name]) for name in names if name in here)


def _selected_tables(
    project: Project, source: DataSource, mapping: ModelMapping, names: Sequence[str], state: State
) -> frozenset[QualifiedName] | None:
    """Tables of the named models and all they point at; None for all."""
    if not names:
        return None
    found = set(_tables_of(project, source, mapping, names))
    waiting = list(found)
    while waiting:
        table = state.table(waiting.pop())
        for key in table.foreign_keys if table is not None else ():
            if key.target not in found:
                found.add(key.target)
                waiting.append(key.target)
    return frozenset(found)


def _with_warnings(plan: Plan, desired: Desired, more: tuple[Diagnostic, ...]) -> Plan:
    return replace(plan, diagnostics=(*desired.diagnostics, *more, *plan.diagnostics))


def _of_others(plan: Plan, managed: Managed) -> tuple[Diagnostic, ...]:
    """A warning where a plan drops tables, and nothing that lbconf made in the database is this project's."""
    names = [str(found.change.before.name) for found in plan.changes if isinstance(found.change, DropTable)]
    if not names:
        return ()
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (
        Diagnostic(
            code=Code.TABLES_OF_OTHERS,
            severity=Severity.WARNING,
            message=f"lbconf made {shown} for other models ({managed.said}), and nothing for this project's yet: "
            "the database may be another project's",
            hint="give each project a database of its own, or say structure: {onRemove: keep}; "
            "accept deletes-data where this project's models were replaced",
        ),
    )
