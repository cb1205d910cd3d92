"""`lbconf drift`."""

import click

from lbconf.cli.options import GlobalOptions, data_source_option, format_option, shared_options, url_option

__all__ = ["command"]

DRIFTED = 2


@click.command("drift")
@shared_options
@data_source_option
@url_option
@format_option("text", "json")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 when nothing drifted, 1 on failure, 2 when something did.",
)
def command(
    options: GlobalOptions,
    *,
    data_sources: tuple[str, ...],
    url: str | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Tell what somebody changed in the databases since the last apply, and what the configuration says to it.

    Nothing is written: the sessions cannot.
    """
    from lbconf.cli.views.drift import drift_json, drift_text
    from lbconf.operations.drift import read_drift
    from lbconf.operations.load import load_project

    output = options.output
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = read_drift(project, data_sources=data_sources, url=url)
    if output_format == "json":
        output.result(drift_json(report))
    elif report.sources:
        output.result(drift_text(report, color=output.color_results))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    if report.failures:
        return 1
    return DRIFTED if detailed_exitcode and not report.empty else 0
