"""`lbconf apply`: make the databases as planned, one data source after the other."""

import getpass
import os
import socket
from collections.abc import Callable, Collection, Sequence

from lbconf.connectors.contract import Inspector, Migrator
from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import HazardError, LbconfError, PlanError
from lbconf.operations.data_sources import create_connector, named_data_source, with_url
from lbconf.operations.plan import Failure
from lbconf.plan.executor import Limits, Observer, Outcome, execute_plan, refuse_hazards
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Watcher
from lbconf.project.resolved import Project
from lbconf.records import dataclass
from lbconf.state.hazards import HazardKind

__all__ = [
    "DEFAULT_LOCK_RETRIES",
    "DEFAULT_LOCK_TIMEOUT",
    "ApplyReport",
    "Watching",
    "accepted_hazards",
    "apply_plans",
    "current_user",
]

DEFAULT_LOCK_TIMEOUT = 5.0
"""Seconds of one wait for a lock: whoever comes after a statement that waits for a table waits behind it."""
DEFAULT_LOCK_RETRIES = 10
"""With the pauses in between enough to outlast a lock that is held for a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Who is told what one plan's execution does."""

    observer: Observer
    watcher: Watcher


OF_STEPS = {kind.value: kind for kind in HazardKind if kind is not HazardKind.BREAKS_API}
"""What can be accepted by name: no step breaks the API, the configuration does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What was done where."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...] = ()


def apply_plans(
    project: Project,
    plans: Sequence[Plan],
    *,
    accepted: Collection[HazardKind] = (),
    url: str | None = None,
    lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
    limits: Limits | None = None,
    watching: Callable[[Plan], Watching] | None = None,
) -> ApplyReport:
    """Execute plans; a data source that fails does not stop the others.

    Args:
        project: Has the data sources' settings.
        plans: At most one per data source.
        accepted: Hazard kinds that may be there.
        url: Stands in for the one data source's own settings.
        lock_timeout: Seconds of one wait for a lock.
        limits: How patient it is besides; by default a lock is waited for `DEFAULT_LOCK_RETRIES` times more.
        watching: Makes, for a plan, what is told of its execution.

    Raises:
        HazardError: Some plan holds a hazard that is not accepted; nothing was done anywhere.
    """
    _refuse_all_hazards(plans, accepted)
    outcomes: list[Outcome] = []
    failures: list[Failure] = []
    for plan in plans:
        try:
            told = watching(plan) if watching is not None else None
            bounds = limits or Limits(retries=DEFAULT_LOCK_RETRIES)
            outcomes.append(_apply(project, plan, accepted, url, lock_timeout, bounds, told))
        except LbconfError as error:
            failures.append(Failure(data_source=plan.data_source, diagnostics=error.diagnostics))
    return ApplyReport(outcomes=tuple(outcomes), failures=tuple(failures))


def accepted_hazards(names: Sequence[str]) -> frozenset[HazardKind]:
    """Kinds for the names on a command line; `all` is every one. Raises `PlanError` for an unknown name."""
    found: set[HazardKind] = set()
    for name in names:
        if name == "all":
            return frozenset(HazardKind)
        try:
            found.add(OF_STEPS[name])
        except KeyError:
            near = nearest(name, (*OF_STEPS, "all"))
            hint = f"did you mean {near}?" if near else f"hazards are {', '.join(OF_STEPS)}, or all"
            message = f"there is no hazard {name}"
            raise PlanError(Diagnostic(code=Code.HAZARD_UNKNOWN, message=message, hint=hint)) from None
    return frozenset(found)


def current_user() -> str:
    """`user@host` of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"


def _refuse_all_hazards(plans: Sequence[Plan], accepted: Collection[HazardKind]) -> None:
    found: list[Diagnostic] = []
    for plan in plans:
        try:
            refuse_hazards(plan, accepted)
        except HazardError as error:
            found.extend(error.diagnostics)
    if found:
        raise HazardError(found)


def _apply(
    project: Project,
    plan: Plan,
    accepted: Collection[HazardKind],
    url: str | None,
    lock_timeout: float,
    limits: Limits,
    watching: Watching | None,
) -> Outcome:
    data_source = named_data_source(project, plan.data_source)
    if url is not None:
        data_source = with_url(data_source, url)
    connector = create_connector(data_source, project.root)
    if (
        not isinstance(connector, Inspector)
        or not isinstance(connector, Migrator)
        or (data_source.connector != plan.connector)
    ):
        raise PlanError(
            Diagnostic(
                code=Code.PLAN_OF_OTHER_PROJECT,
                message=f"the plan for {plan.data_source} was made for {plan.connector}, "
                f"and the project has {data_source.connector} there",
                hint="make the plan again",
            )
        )
    try:
        connector.open()
        return execute_plan(
            plan,
            connector,
            accepted=accepted,
            user=current_user(),
            lock_timeout=lock_timeout,
            limits=limits,
            observer=None if watching is None else watching.observer,
            watcher=None if watching is None else watching.watcher,
        )
    finally:
        connector.close()
