"""`lbconf serve`."""

import click

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("serve")
@shared_options
@click.option("--host", metavar="ADDRESS", help="Address to listen on. Default: HOST, else what the project says.")
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    metavar="NUMBER",
    help="Port to listen on; 0 takes a free one. Default: PORT, else what the project says.",
)
@click.option(
    "--workers", "-w", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that serve."
)
@click.option("--reload", is_flag=True, help="Serve anew when a configuration file changes.")
@click.option(
    "--threads",
    type=click.IntRange(1, 512),
    metavar="NUMBER",
    help="Requests each process works on at once. Default: as many as the data sources have connections.",
)
@click.option(
    "--grace",
    "grace_seconds",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long requests in flight may take after SIGTERM.",
)
@click.option("--no-access-log", is_flag=True, help="Write no line for each request.")
@click.option(
    "--insecure-no-access-control",
    "without_access_control",
    is_flag=True,
    help="Turn access control off, for trials on your own machine: "
    "everyone who reaches the server can read and write everything.",
)
def command(  # noqa: PLR0913 - one argument for each option
    options: GlobalOptions,
    *,
    host: str | None,
    port: int | None,
    workers: int,
    reload: bool,
    threads: int | None,
    grace_seconds: int,
    no_access_log: bool,
    without_access_control: bool,
) -> int:
    """Serve the REST API of the models, the explorer, the OpenAPI description and health checks.

    Ends on SIGTERM or Ctrl-C, when the requests in flight are answered. Log lines go to standard error.
    """
    from lbconf.cli.views.serve import render_address
    from lbconf.operations.serve import ServeOptions, serve

    if reload and workers > 1:
        raise click.UsageError("--reload serves with one process: leave out --workers.")
    output = options.output
    serve(
        ServeOptions(
            root=options.root,
            environment=options.environment,
            layout=options.layout,
            sets=options.sets,
            host=host,
            port=port,
            workers=workers,
            reload=reload,
            access_log=not no_access_log,
            threads=threads,
            grace_seconds=grace_seconds,
            without_access_control=without_access_control,
        ),
        announce=lambda project, address: output.note(
            render_address(project, address, workers, color=output.color_messages)
        ),
        warn=output.diagnostics,
    )
    return 0
