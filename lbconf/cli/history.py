"""`lbconf history`."""

import click

from lbconf.cli.options import GlobalOptions, data_source_option, format_option, shared_options, url_option

__all__ = ["command"]


@click.command("history")
@shared_options
@data_source_option
@url_option
@format_option("text", "json")
@click.option("--limit", type=click.IntRange(min=1), metavar="NUMBER", help="Only the newest so many.")
def command(
    options: GlobalOptions, *, data_sources: tuple[str, ...], url: str | None, output_format: str, limit: int | None
) -> int:
    """List what was applied, when, and by whom, newest first."""
    from lbconf.cli.views.history import history_json, history_text
    from lbconf.operations.history import read_history
    from lbconf.operations.load import load_project

    output = options.output
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = read_history(project, data_sources=data_sources, url=url)
    output.result(history_json(report, limit) if output_format == "json" else history_text(report, limit))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    return 1 if report.failures else 0
