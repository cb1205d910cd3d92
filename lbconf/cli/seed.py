"""`lbconf seed`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, data_source_option, shared_options

__all__ = ["command"]


@click.command("seed")
@shared_options
@data_source_option
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def command(options: GlobalOptions, *, data_sources: tuple[str, ...], files: tuple[Path, ...]) -> int:
    """Write seed rows: those of FILES, else of environments/*/seed/.

    A file is a list of rows in YAML or JSON, named after its model. A row whose id exists is brought up to date, so a
    second run changes nothing. Each data source is one transaction, where it has any.
    """
    from lbconf.cli.views.seed import render_seeded
    from lbconf.operations.seed import seed

    found = seed(
        options.root,
        options.environment,
        layout=options.layout,
        sets=options.sets,
        data_sources=data_sources,
        files=files,
        warn=options.output.diagnostics,
    )
    options.output.result(render_seeded(found, color=options.output.color_results))
    return 0
