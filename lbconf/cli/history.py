"""`lbconf history`."""

import click

from lbconf.cli.options import GlobalOptions, data_source_option, format_option, shared_options, url_option

__all__ = ["command"]


@click.group("history", invoke_without_command=True)
@shared_options
@data_source_option
@url_option
@format_option("text", "json")
@click.option("--limit", type=click.IntRange(min=1), metavar="NUMBER", help="Only the newest so many.")
@click.pass_context
def command(
    context: click.Context,
    options: GlobalOptions,
    *,
    data_sources: tuple[str, ...],
    url: str | None,
    output_format: str,
    limit: int | None,
) -> int:
    """List what was applied, when, and by whom, newest first; `history show NUMBER` tells all about one."""
    if context.invoked_subcommand is not None:
        context.obj = options
        context.meta[_OUTER] = (data_sources, url, output_format)
        return 0
    from lbconf.cli.views.history import history_json, history_text
    from lbconf.operations.history import read_history
    from lbconf.operations.load import load_project

    output = options.output
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = read_history(project, data_sources=data_sources, url=url)
    if output_format == "json":
        output.result(history_json(report, limit))
    elif report.histories:
        output.result(history_text(report, limit))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    return 1 if report.failures else 0


_OUTER = f"{__name__}.outer"
"""Where the group leaves its own options for the command behind it."""


@command.command("show")
@click.argument("number", type=click.IntRange(min=1))
@shared_options
@data_source_option
@url_option
@format_option("text", "json")
@click.pass_context
def show(
    context: click.Context,
    options: GlobalOptions,
    *,
    number: int,
    data_sources: tuple[str, ...],
    url: str | None,
    output_format: str,
) -> int:
    """Tell all about one apply: who, when, how long, and each statement. NUMBER is what `history` lists."""
    from lbconf.cli.views.history import entry_json, entry_text
    from lbconf.operations.history import read_entry
    from lbconf.operations.load import load_project

    outer_sources, outer_url, outer_format = context.meta.get(_OUTER, ((), None, "text"))
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    source, entry = read_entry(project, number, data_sources=data_sources or outer_sources, url=url or outer_url)
    if "json" in {output_format, outer_format}:
        options.output.result(entry_json(source.name, entry))
    else:
        options.output.result(entry_text(source.name, entry, color=options.output.color_results))
    return 0
