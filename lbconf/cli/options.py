"""What every verb takes, before it or after it: the project, the environment, how much to print.

A verb uses it so:

    @click.command("plan")
    @shared_options
    def command(options: GlobalOptions) -> int: ...

and returns its exit code (None is 0).
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from lbconf.cli import suggestions
from lbconf.cli.global_options import LAYOUTS, GlobalOptions

__all__ = [
    "GlobalOptions",
    "data_source_option",
    "format_option",
    "model_option",
    "online_option",
    "shared_options",
    "url_option",
]

R = TypeVar("R")


def shared_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of every verb to a command; it gets them as one argument named `options`."""

    @wraps(command)
    def merged(*args: Any, **given: Any) -> R:
        context = click.get_current_context()
        outer = context.obj if isinstance(context.obj, GlobalOptions) else GlobalOptions()
        options = GlobalOptions(
            project=given.pop("project") or outer.project,
            environment=given.pop("env") or outer.environment,
            layout=given.pop("layout") or outer.layout,
            sets=(*outer.sets, *given.pop("sets")),
            color=not given.pop("no_color") and outer.color,
            verbosity=_verbosity(given.pop("quiet"), given.pop("verbose"), outer.verbosity),
        )
        return command(*args, options=options, **given)

    decorated: Callable[..., R] = merged
    for option in reversed(_SHARED):
        decorated = option(decorated)
    return decorated


def _verbosity(quiet: bool, verbose: bool, outer: int) -> int:  # noqa: FBT001 - click gives them so
    if quiet and verbose:
        msg = "--quiet and --verbose exclude each other."
        raise click.UsageError(msg)
    return -1 if quiet else 1 if verbose else outer


_SHARED = (
    click.option(
        "--project",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Root of the project. Default: the nearest folder upward that holds one.",
    ),
    click.option(
        "--env",
        "-e",
        metavar="NAME",
        shell_complete=suggestions.environments,
        help="Environment. Default: LBCONF_ENV, else NODE_ENV, else development.",
    ),
    click.option(
        "--layout",
        type=click.Choice(LAYOUTS),
        help="Layout of the files. Default: told from the files.",
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="POINTER=VALUE",
        help="Override one value, such as /datasources/accountDB/host=db1. May be repeated.",
    ),
    click.option("--no-color", is_flag=True, help="Print without colour, as with the variable NO_COLOR."),
    click.option("--quiet", "-q", is_flag=True, help="Print results and errors only."),
    click.option("--verbose", "-v", is_flag=True, help="Print more, and the traceback of an unexpected error."),
)


def format_option(*formats: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """`--format`, one of `formats`; the first is the default. The command gets it as `output_format`."""
    return click.option(
        "--format",
        "-f",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Form of the result.",
    )


data_source_option = click.option(
    "--data-source",
    "-d",
    "data_sources",
    multiple=True,
    metavar="NAME",
    shell_complete=suggestions.data_sources,
    help="Only this data source. May be repeated.",
)
"""`--data-source`, repeatable; the command gets a tuple as `data_sources`."""

model_option = click.option(
    "--model",
    "-m",
    "models",
    multiple=True,
    metavar="NAME",
    shell_complete=suggestions.models,
    help="Only this model's table. May be repeated.",
)
"""`--model`, repeatable; the command gets a tuple as `models`."""

url_option = click.option(
    "--url",
    metavar="URL",
    help="Connection URL to use instead of the data source's own settings.",
)
"""`--url`; the command gets it as `url`."""

online_option = click.option(
    "--no-online",
    "online",
    flag_value=False,
    default=True,
    help="Make each change in the fewest statements, however long they hold up readers and writers.",
)
"""`--no-online`; the command gets a flag as `online`, true without it."""
