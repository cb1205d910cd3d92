"""`lbconf schemas`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("schemas")
@shared_options
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("schemas"),
    show_default=True,
    metavar="DIR",
    help="Folder of the schemas.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a schema is out of date.")
def command(options: GlobalOptions, *, out: Path, check: bool) -> int:
    """Write the JSON Schemas of the configuration files, for editors and other tools."""
    from lbconf.operations.schemas import outdated, write_schemas

    if check:
        stale = outdated(out)
        for path in stale:
            options.output.result(f"out of date: {path}")
        return 1 if stale else 0
    for path in write_schemas(out):
        options.output.result(f"wrote {path}")
    return 0
