"""`lbconf plan`."""

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import click

from lbconf.cli import suggestions
from lbconf.cli.options import (
    GlobalOptions,
    data_source_option,
    format_option,
    model_option,
    online_option,
    shared_options,
    url_option,
)

__all__ = ["command"]

CHANGES_PENDING = 2


@click.command("plan")
@shared_options
@data_source_option
@model_option
@url_option
@online_option
@format_option("text", "markdown", "json", "sql")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a plan for `lbconf apply FILE`.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 when there is nothing to do, 1 on failure, 2 when changes are pending.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Contact nothing: plan for the databases as `lbconf inspect --out FILE` found them.",
)
@click.option(
    "--to",
    "back_to",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Plan the way back to what that apply of `lbconf history` left behind.",
)
@click.option(
    "--check-data",
    is_flag=True,
    help="Ask which rows would make steps fail; exit with 1 where there are any.",
)
@click.option("--no-examples", is_flag=True, help="With --check-data: show none of these rows.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="HAZARDS",
    shell_complete=suggestions.hazards,
    help="Exit with 1 when the plan holds such a hazard: names with commas between, or `all`. May be repeated.",
)
def command(  # noqa: PLR0913 - one argument for each option
    options: GlobalOptions,
    *,
    url: str | None,
    output_format: str,
    out: Path | None,
    detailed_exitcode: bool,
    snapshot: Path | None,
    back_to: int | None,
    check_data: bool,
    no_examples: bool,
    fail_on: tuple[str, ...],
    **asked: Any,
) -> int:
    """Show what would change in every database, why, and how dangerous it is. Nothing is written."""
    from lbconf.operations import own_process

    _refuse_mixed(snapshot=snapshot, url=url, back_to=back_to, check_data=check_data, examples=not no_examples, **asked)
    output = options.output
    gated = _gated(fail_on)
    if back_to is not None:
        project, report = _back(options, back_to, url=url, **asked)
    elif snapshot is None:
        noted = out is not None or output_format != "text"
        project, report = _planned(
            options, url=url, check_data=check_data, examples=not no_examples, noted=noted, **asked
        )
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


def _refuse_mixed(
    *,
    snapshot: Path | None,
    url: str | None,
    back_to: int | None,
    check_data: bool,
    examples: bool,
    models: tuple[str, ...],
    **_: Any,
) -> None:
    """Raise `click.UsageError` for options that do not go together."""
    if snapshot is not None and (url is not None or check_data):
        raise click.UsageError("--snapshot contacts nothing: leave out --url and --check-data.")
    if back_to is not None and (snapshot is not None or check_data or models):
        raise click.UsageError("--to is a plan of its own: leave out --snapshot, --check-data and --model.")
    if not examples and not check_data:
        raise click.UsageError("--no-examples says something about --check-data.")


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
