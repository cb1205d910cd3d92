"""`lbconf key`."""

import click

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("key")
@shared_options
def command(options: GlobalOptions) -> int:
    """Make an API key: the key for the client, its digest for access.apiKeys or a row of the model of keys."""
    from lbconf.operations.keys import new_api_key

    key, digest = new_api_key()
    options.output.result(f"key     {key}")
    options.output.result(f"digest  {digest}")
    return 0
