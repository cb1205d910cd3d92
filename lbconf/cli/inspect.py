"""`lbconf inspect`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, data_source_option, format_option, shared_options, url_option

__all__ = ["command"]


@click.command("inspect")
@shared_options
@data_source_option
@url_option
@format_option("text", "json")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a snapshot for `lbconf plan --snapshot FILE`.",
)
def command(
    options: GlobalOptions, *, data_sources: tuple[str, ...], url: str | None, output_format: str, out: Path | None
) -> int:
    """Show what is in every database: tables with their sizes, and what lbconf manages. Nothing is written there.

    With --out, or as JSON, it is a snapshot: everything that a plan asks of a database, without rows and without
    secrets, so that plans can be made where the database cannot be reached.
    """
    from lbconf.cli.views.inspect import inspect_text
    from lbconf.operations.inspect import inspect_project
    from lbconf.operations.load import load_project
    from lbconf.plan.snapshot import snapshot_text, write_snapshot

    output = options.output
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = inspect_project(project, data_sources=data_sources, url=url)
    output.diagnostics((*project.diagnostics, *report.diagnostics))
    if output_format == "json":
        output.result(snapshot_text(report.environment, report.sources))
    elif report.sources or not report.failures:
        output.result(inspect_text(report, color=output.color_results))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    if out is not None and report.failures:
        output.note(f"{out} was not written, because not every data source could be inspected.")
    elif out is not None:
        write_snapshot(out, report.environment, report.sources)
        output.note(f"Written to {out}. To plan from it: lbconf plan --snapshot {out}")
    return 1 if report.failures else 0
