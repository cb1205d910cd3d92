"""What `lbconf plan` does, however its arguments were read."""

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, Final

from lbconf.cli.global_options import GlobalOptions

__all__ = ["FORMATS", "plan"]

FORMATS: Final = ("text", "markdown", "json", "sql")
"""What `--format` takes, the default first."""
CHANGES_PENDING: Final = 2


def plan(  # noqa: PLR0913 - one argument for each option
    options: GlobalOptions,
    *,
    url: str | None = None,
    output_format: str = FORMATS[0],
    out: Path | None = None,
    detailed_exitcode: bool = False,
    snapshot: Path | None = None,
    back_to: int | None = None,
    check_data: bool = False,
    examples: bool = True,
    fail_on: tuple[str, ...] = (),
    data_sources: tuple[str, ...] = (),
    models: tuple[str, ...] = (),
    online: bool = True,
) -> int:
    """Plan, print the plans and return the exit code; the arguments are the options of the verb."""
    from lbconf.operations import own_process

    asked: dict[str, Any] = {"data_sources": data_sources, "models": models, "online": online}
    output = options.output
    gated = _gated(fail_on)
    if back_to is not None:
        project, report = _back(options, back_to, url=url, **asked)
    elif snapshot is None:
        noted = out is not None or output_format != "text"
        project, report = _planned(options, url=url, check_data=check_data, examples=examples, noted=noted, **asked)
    else:
        project, report = _from_snapshot(options, snapshot, **asked)
    own_process.keep(project, report)
    from lbconf.cli.views.plan_forms import plan_as  # after the servers were asked: what follows takes its time
    from lbconf.plan.plan_file import write_plan_file

    output.diagnostics((*project.diagnostics, *(found for plan in report.plans for found in plan.diagnostics)))
    if output_format != "text" or report.plans or not report.failures:
        output.result(plan_as(output_format, report, color=output.color_results))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    if report.failures:
        if out is not None:
            output.note(f"{out} was not written, because not every data source could be planned.")
        return 1
    if out is not None:
        write_plan_file(out, report.plans, environment=report.environment)
        output.note(f"Written to {out}. To do exactly this: lbconf apply {out}")
    if gated or report.checked:
        from lbconf.operations.gates import gate_findings, row_findings

        found = (*gate_findings(report, gated), *row_findings(report))
        output.diagnostics(found)
        if found:
            return 1
    return CHANGES_PENDING if detailed_exitcode and not report.empty else 0


def _gated(names: tuple[str, ...]) -> Any:
    if not names:
        return frozenset()
    from lbconf.operations.gates import gated_hazards

    return gated_hazards(names)


def _planned(
    options: GlobalOptions, *, data_sources: tuple[str, ...], models: tuple[str, ...], url: str | None, **asked: Any
) -> Any:
    """The project, and the plan that the servers' answers give."""
    from lbconf.operations import ahead, own_process
    from lbconf.operations.asking import EarlyQuestion
    from lbconf.operations.collection import collection_paused
    from lbconf.operations.load import load_project

    early = None if url is not None else EarlyQuestion(data_sources, apart=own_process.is_ours(), ahead=ahead.started())
    with collection_paused(for_good=own_process.is_ours()), nullcontext() if early is None else closing(early):
        project = load_project(
            options.root,
            options.environment,
            layout=options.layout,
            overrides=options.sets,
            on_data_sources=None if early is None else early.ask,
        )
        from lbconf.operations.plan import plan_project  # the server is at work while this is imported

        report = plan_project(project, data_sources=data_sources, models=models, url=url, early=early, **asked)
    return project, report


def _back(
    options: GlobalOptions, number: int, *, data_sources: tuple[str, ...], url: str | None, online: bool, **_: Any
) -> Any:
    """The project, and the plan that leads back."""
    from lbconf.operations.load import load_project
    from lbconf.operations.plan_back import plan_back

    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    return project, plan_back(project, number, data_sources=data_sources, url=url, online=online)


def _from_snapshot(
    options: GlobalOptions, file: Path, *, data_sources: tuple[str, ...], models: tuple[str, ...], online: bool
) -> Any:
    """The project, and the plan that the snapshot gives."""
    from lbconf.operations.collection import collection_paused
    from lbconf.operations.load import load_project
    from lbconf.operations.offline import plan_snapshot
    from lbconf.plan.snapshot import read_snapshot

    with collection_paused():
        snapshot = read_snapshot(file)
        project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
        report = plan_snapshot(project, snapshot, data_sources=data_sources, models=models, online=online)
    return project, report
