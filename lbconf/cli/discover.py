"""`lbconf discover`."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from lbconf.cli.options import GlobalOptions, format_option, shared_options, url_option
from lbconf.cli.output import Output

if TYPE_CHECKING:
    from lbconf.operations.discovery_wanted import Discovery
    from lbconf.project.resolved import DataSource

__all__ = ["command"]

SECONDS_BETWEEN = 1.0
"""Between two lines of progress."""


@click.command("discover")
@click.option("--data-source", "-d", "name", metavar="NAME", help="Data source of the project to look into.")
@url_option
@click.option(
    "--table",
    "-t",
    "tables",
    multiple=True,
    metavar="NAME",
    help="This table or view only: `orders` or `sales.orders`. May be repeated.",
)
@click.option(
    "--schema",
    "--namespace",
    "--owner",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Look into this namespace only. May be repeated. Default: all.",
)
@click.option("--all", "everything", is_flag=True, help="Look into all namespaces, as without --schema.")
@click.option("--views/--no-views", default=True, show_default=True, help="Whether views become read-only models.")
@click.option(
    "--relations/--no-relations",
    default=None,
    help="Whether foreign keys become relations. Default: with --out they do.",
)
@click.option(
    "--name-mapper",
    "mapper",
    metavar="NAMES",
    default="camel",
    show_default=True,
    help="How to name things: `camel`, `keep` (as in the database), or a Python function, `module:function`.",
)
@click.option("--disable-camel-case", is_flag=True, help="Call properties as their columns.")
@click.option(
    "--style",
    type=click.Choice(("native", "loopback")),
    help="Files of --out: native ones say all, LoopBack's are JSON. Default: as the project there, else native.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write into the project there, a new one or an existing one, instead of printing.",
)
@click.option("--force", is_flag=True, help="With --out: overwrite files that were changed by hand.")
@format_option("yaml", "json")
@shared_options
def command(  # noqa: PLR0913 - one per option
    options: GlobalOptions,
    *,
    name: str | None,
    url: str | None,
    tables: tuple[str, ...],
    namespaces: tuple[str, ...],
    everything: bool,
    views: bool,
    relations: bool | None,
    mapper: str,
    disable_camel_case: bool,
    style: str | None,
    out: Path | None,
    force: bool,
    output_format: str,
) -> int:
    """Write models from a live database.

    Without --out, print models as LoopBack's discovery makes them; with it,
    write them into a project whose plan against that database is empty. Run
    again, it brings in what changed in the database and keeps what was edited.
    """
    from lbconf.operations.discovery_wanted import Discovery, naming

    if name is None and url is None:
        msg = "Say where to look: --data-source NAME or --url URL."
        raise click.UsageError(msg)
    if everything and namespaces:
        msg = "--all and --schema exclude each other."
        raise click.UsageError(msg)
    if out is None and (style is not None or force):
        msg = f"{'--force' if force else '--style'} is about files; say where with --out."
        raise click.UsageError(msg)
    asked = Discovery(
        namespaces=namespaces or None,
        tables=tables,
        relations=relations if relations is not None else out is not None,
        views=views,
        naming=naming(mapper, camel_case=not disable_camel_case),
    )
    data_source = _data_source(options, name, url, out, style)
    if out is not None:
        return _write(options, data_source, out, asked, style=style, force=force, output_format=output_format)
    return _print(options, data_source, asked, output_format)


def _data_source(
    options: GlobalOptions, name: str | None, url: str | None, out: Path | None, style: str | None
) -> "DataSource":
    from lbconf.operations.data_sources import data_source_from_url, named_data_source, with_url

    if name is None:
        from lbconf.operations.discover_project import free_name

        return data_source_from_url(url or "", name="db" if out is None else free_name(out, style))
    from lbconf.errors import ConfigError
    from lbconf.operations.load import load_project

    try:
        project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    except ConfigError:
        if url is None or out is None:
            raise
        return data_source_from_url(url, name=name)
    if url is not None and out is not None and name not in project.data_sources:
        return data_source_from_url(url, name=name)
    found = named_data_source(project, name)
    return found if url is None else with_url(found, url)


def _print(options: GlobalOptions, data_source: "DataSource", asked: "Discovery", output_format: str) -> int:
    from lbconf.operations.data_sources import create_connector, opened
    from lbconf.operations.discover import discover

    connector = create_connector(data_source)
    with opened([connector]):
        found = [
            model
            for table in asked.tables or (None,)
            for model in discover(
                connector,
                table=table,
                namespaces=asked.namespaces,
                relations=asked.relations,
                views=asked.views,
                naming=asked.naming,
            )
        ]
    options.output.result(_shown(found[0] if len(asked.tables) == 1 else found, output_format))
    return 0


def _write(
    options: GlobalOptions,
    data_source: "DataSource",
    out: Path,
    asked: "Discovery",
    *,
    style: str | None,
    force: bool,
    output_format: str,
) -> int:
    from lbconf.cli.views.discover import report, report_data
    from lbconf.operations.discover_project import discover_project

    done = discover_project(
        data_source, out, discovery=asked, style=style, force=force, observer=_watching(options.output)
    )
    if output_format == "json":
        options.output.result(_shown(report_data(done), output_format))
        return 0
    options.output.diagnostics(done.diagnostics)
    options.output.result(report(done, out))
    return 0


def _watching(output: Output) -> Callable[[str], None] | None:
    """Lines of progress on a terminal, or where more is asked for; none in a pipe."""
    if not (sys.stderr.isatty() or output.verbosity > 0):
        return None
    started = last = monotonic()

    def tell(line: str) -> None:
        nonlocal last
        now = monotonic()
        if output.verbosity > 0 or not line.startswith("writing ") or now - last >= SECONDS_BETWEEN:
            last = now
            output.note(f"{line} ({now - started:.1f} s)")

    return tell


def _shown(found: Any, output_format: str) -> str:
    if output_format == "json":
        import json

        return json.dumps(found, indent=2, ensure_ascii=False)
    from lbconf.operations.discovery_yaml import as_yaml

    return as_yaml(found).rstrip("\n")
