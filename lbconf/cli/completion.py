"""`lbconf completion`: the script that teaches a shell the verbs and options."""

import click
from click.shell_completion import get_completion_class

from lbconf.cli.options import GlobalOptions, shared_options

__all__ = ["command"]


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@shared_options
def command(options: GlobalOptions, shell: str) -> None:
    """Print the completion script of SHELL.

    Put it into effect with: eval "$(lbconf completion bash)"
    """
    from lbconf.cli.verbs import group

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click brings all three
    options.output.result(kind(group, {}, "lbconf", "_LBCONF_COMPLETE").source())
