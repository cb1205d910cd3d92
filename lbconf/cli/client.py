"""`lbconf client`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("client")
@click.argument("language", type=click.Choice(["typescript", "python"]))
@shared_options
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Folder of the client: new, empty, or that of an earlier one.",
)
def command(options: GlobalOptions, *, language: str, out: Path) -> int:
    """Write a typed client of the REST API, in TypeScript or Python; nothing is contacted but a package registry.

    TypeScript: openapi-typescript and openapi-fetch, through Node.js. Python: openapi-python-client, which comes with
    `pip install "lbconf[client]"`.
    """
    from lbconf.operations.client import write_client

    files = write_client(language, out, options.root, options.environment, layout=options.layout, sets=options.sets)
    options.output.result(f"Wrote {len(files)} files to {out}.")
    return 0
