"""`lbconf config`."""

import click

from lbconf.cli.options import GlobalOptions, format_option, shared_options

__all__ = ["command"]


@click.command("config")
@shared_options
@format_option("yaml", "json")
@click.option("--raw", is_flag=True, help="Before variables are filled in.")
@click.option("--show-secrets", is_flag=True, help="Print passwords, tokens and keys in clear.")
def command(options: GlobalOptions, *, output_format: str, raw: bool, show_secrets: bool) -> int:
    """Print the configuration as it is once all layers are put together; nothing is contacted."""
    from lbconf.cli.views.config import render_json, render_yaml
    from lbconf.operations.config import resolved_config

    data, found = resolved_config(
        options.root,
        options.environment,
        layout=options.layout,
        overrides=options.sets,
        raw=raw,
        show_secrets=show_secrets,
    )
    options.output.diagnostics(found)
    options.output.result(render_json(data) if output_format == "json" else render_yaml(data))
    return 0
