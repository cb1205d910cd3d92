"""`lbconf diff`."""

from typing import Any

import click

from lbconf.cli import suggestions
from lbconf.cli.options import GlobalOptions, format_option, shared_options

__all__ = ["command"]

ENVIRONMENTS = 2


@shared_options
def _compare(options: GlobalOptions, *, environments: tuple[str, ...], output_format: str) -> int:
    from lbconf.cli.views.diff import render_json, render_text
    from lbconf.operations.diff_environments import diff_environments

    named = environments if len(environments) == ENVIRONMENTS else (options.environment, *environments)
    if len(named) != ENVIRONMENTS or named[0] is None:
        raise click.UsageError("Name two environments: --env A --env B.")
    found = diff_environments(options.root, named[0], str(named[1]), layout=options.layout, overrides=options.sets)
    if output_format == "json":
        options.output.result(render_json(found))
    elif found:
        options.output.result(render_text(found, color=options.output.color_results))
    else:
        options.output.note(f"{named[0]} and {named[1]} are the same.")
    return 0


def _run(**given: Any) -> int:
    """The shared options hold one `--env`; this verb takes two, and so its own."""
    return _compare(env=None, **given)


def _command() -> click.Command:
    shared: list[click.Option] = [one for one in _compare.__click_params__ if one.name != "env"]  # type: ignore[attr-defined]
    own = click.Option(
        ["--env", "-e", "environments"],
        multiple=True,
        metavar="NAME",
        shell_complete=suggestions.environments,
        help="Environment; give two.",
    )
    made = click.Command(
        "diff",
        callback=_run,
        params=[own, *reversed(shared)],
        help="Compare the configuration of two environments: what the second adds, removes and changes.",
    )
    format_option("text", "json")(made)
    return made


command = _command()
