"""`lbconf plan`."""

from contextlib import closing, nullcontext
from pathlib import Path

import click

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
def command(
    options: GlobalOptions,
    *,
    data_sources: tuple[str, ...],
    models: tuple[str, ...],
    url: str | None,
    online: bool,
    output_format: str,
    out: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Show what would change in every database, why, and how dangerous it is. Nothing is written."""
    from lbconf.cli.views.plan_forms import plan_as
    from lbconf.operations.asking import EarlyQuestion
    from lbconf.operations.collection import collection_paused
    from lbconf.operations.load import load_project
    from lbconf.operations.plan import plan_project
    from lbconf.plan.plan_file import write_plan_file

    output = options.output
    early = None if url is not None else EarlyQuestion(data_sources)
    with collection_paused(), nullcontext() if early is None else closing(early):
        project = load_project(
            options.root,
            options.environment,
            layout=options.layout,
            overrides=options.sets,
            on_data_sources=None if early is None else early.ask,
        )
        report = plan_project(project, data_sources=data_sources, models=models, url=url, online=online, early=early)
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
    return CHANGES_PENDING if detailed_exitcode and not report.empty else 0
