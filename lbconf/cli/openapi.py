"""`lbconf openapi`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("openapi")
@shared_options
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file.")
@click.option("--server-url", metavar="URL", help="URL of the REST root, for clients elsewhere.")
@click.option(
    "--format", "-f", "form", type=click.Choice(["json", "yaml"]), help="Default: as the file's name ends, else json."
)
def command(options: GlobalOptions, *, out: Path | None, server_url: str | None, form: str | None) -> int:
    """Print the OpenAPI 3.1 description of the REST API; no data source is contacted."""
    from lbconf.cli.views.openapi import render_document
    from lbconf.operations.openapi import describe

    document = describe(
        options.root, options.environment, layout=options.layout, sets=options.sets, server_url=server_url
    )
    chosen = form or ("yaml" if out is not None and out.suffix in {".yaml", ".yml"} else "json")
    text = render_document(document, chosen)
    if out is None:
        options.output.result(text)
    else:
        out.write_text(text, encoding="utf-8")
        options.output.note(f"Wrote {len(document['paths'])} paths to {out}.")
    return 0
