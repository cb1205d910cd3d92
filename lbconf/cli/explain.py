"""`lbconf explain`."""

import click

from lbconf.cli import suggestions
from lbconf.cli.options import GlobalOptions, format_option, shared_options

__all__ = ["command"]


@click.command("explain")
@shared_options
@click.argument("pointer", shell_complete=suggestions.pointers)
@format_option("text", "json")
def command(options: GlobalOptions, *, pointer: str, output_format: str) -> int:
    """Tell where the value at POINTER comes from and what it replaced.

    POINTER is a JSON Pointer, such as /datasources/accountDB/host or /models/Account/properties/email.
    """
    from lbconf.cli.views.explain import render_json, render_text
    from lbconf.operations.explain import explain

    explanation = explain(options.root, pointer, options.environment, layout=options.layout, overrides=options.sets)
    text = render_json(explanation) if output_format == "json" else render_text(explanation)
    options.output.result(text)
    return 0
