"""The law of discovery: models made from a database ask nothing of it, and make the same database elsewhere."""

import contextlib
import io
from pathlib import Path

from lbconf.cli.verbs import run
from lbconf.connectors.contract import Inspector
from lbconf.operations.apply import apply_plans
from lbconf.operations.data_sources import create_connector, data_source_from_url, opened
from lbconf.operations.discover_project import DiscoveredProject, discover_project
from lbconf.operations.load import load_project
from lbconf.operations.plan import plan_project
from lbconf.plan.plan import Plan
from lbconf.project.resolved import Project
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import State

__all__ = ["command", "discovered", "files", "inspected", "made_again", "planned", "telling"]


def discovered(url: str, out: Path) -> DiscoveredProject:
    """Write the project of a database."""
    return discover_project(data_source_from_url(url), out)


def loaded(folder: Path, url: str) -> Project:
    """The project, with its data source at the URL."""
    return load_project(folder, environ={"DATABASE_URL": url})


def planned(folder: Path, url: str) -> tuple[Plan, ...]:
    """Plans of the project against a database; fails with what the planner says."""
    report = plan_project(loaded(folder, url), url=url)
    assert report.failures == (), [found.message for failure in report.failures for found in failure.diagnostics]
    return report.plans


def telling(plans: tuple[Plan, ...]) -> list[str]:
    """What the plans would do, and what they warn of, one line each."""
    lines = [f"{change.action} {change.summary}: {change.reason}" for plan in plans for change in plan.changes]
    return lines + [f"{found.code}: {found.message}" for plan in plans for found in plan.diagnostics]


def made_again(folder: Path, url: str) -> State:
    """The state of an empty database once the project is applied to it."""
    project = loaded(folder, url)
    report = plan_project(project, url=url)
    assert report.failures == (), [found.message for failure in report.failures for found in failure.diagnostics]
    applied = apply_plans(project, report.plans, url=url, accepted=frozenset(HazardKind))
    assert applied.failures == (), [found.message for failure in applied.failures for found in failure.diagnostics]
    return inspected(url)


def inspected(url: str) -> State:
    """The state of a database."""
    connector = create_connector(data_source_from_url(url))
    assert isinstance(connector, Inspector)
    with opened([connector]):
        return connector.inspect(None)


def command(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and error output of the real command."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
