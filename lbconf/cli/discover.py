"""`lbconf discover`."""

from pathlib import Path
from typing import Any

import click

from lbconf.cli.options import GlobalOptions, format_option, shared_options, url_option

__all__ = ["command"]


@click.command("discover")
@click.option("--data-source", "-d", "name", metavar="NAME", help="Data source of the project to look into.")
@url_option
@click.option("--table", "-t", metavar="NAME", help="Print this table or view only: `orders` or `sales.orders`.")
@click.option(
    "--schema", "namespaces", multiple=True, metavar="NAME", help="Look into this namespace only. Repeatable."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a whole project there instead of printing.",
)
@click.option("--force", is_flag=True, help="With --out: overwrite files that were changed by hand.")
@format_option("yaml", "json")
@shared_options
def command(
    options: GlobalOptions,
    name: str | None,
    url: str | None,
    table: str | None,
    namespaces: tuple[str, ...],
    out: Path | None,
    force: bool,  # noqa: FBT001 - click gives it so
    output_format: str,
) -> int:
    """Write models from a live database.

    Without --out, print models as LoopBack's discovery makes them; with it,
    write a native project whose plan against that database is empty.
    """
    from lbconf.operations.data_sources import (
        create_connector,
        data_source_from_url,
        named_data_source,
        opened,
        with_url,
    )

    if name is None and url is None:
        msg = "Say where to look: --data-source NAME or --url URL."
        raise click.UsageError(msg)
    if out is not None and table is not None:
        msg = "--out writes all tables; leave out --table."
        raise click.UsageError(msg)
    if name is None:
        data_source = data_source_from_url(url or "")
    else:
        from lbconf.operations.load import load_project

        project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
        data_source = named_data_source(project, name)
        data_source = data_source if url is None else with_url(data_source, url)
    if out is not None:
        return _write(options, data_source, out, namespaces, force=force)
    from lbconf.operations.discover import discover

    connector = create_connector(data_source)
    with opened([connector]):
        found = discover(connector, table=table, namespaces=namespaces or None)
    options.output.result(_shown(found[0] if table is not None else found, output_format))
    return 0


def _write(options: GlobalOptions, data_source: Any, out: Path, namespaces: tuple[str, ...], *, force: bool) -> int:
    from lbconf.cli.views.discover import report
    from lbconf.operations.discover import discover_project

    done = discover_project(data_source, out, force=force, namespaces=namespaces or None)
    options.output.diagnostics(done.diagnostics)
    options.output.result(report(done, out))
    return 0


def _shown(found: Any, output_format: str) -> str:
    if output_format == "json":
        import json

        return json.dumps(found, indent=2, ensure_ascii=False)
    from lbconf.operations.discovery_files import as_yaml

    return as_yaml(found).rstrip("\n")
