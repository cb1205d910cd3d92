"""`lbconf plan`."""

from pathlib import Path
from typing import Any

import click

from lbconf.cli import suggestions
from lbconf.cli.options import (
    GlobalOptions,
    data_source_option,
    format_option,
    model_option,
    online_option,
    shared_options,
    url_option,
)
from lbconf.cli.planning import FORMATS

__all__ = ["command"]


@click.command("plan")
@shared_options
@data_source_option
@model_option
@url_option
@online_option
@format_option(*FORMATS)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a plan for `lbconf apply FILE`.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 when there is nothing to do, 1 on failure, 2 when changes are pending.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Contact nothing: plan for the databases as `lbconf inspect --out FILE` found them.",
)
@click.option(
    "--to",
    "back_to",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Plan the way back to what that apply of `lbconf history` left behind.",
)
@click.option(
    "--check-data",
    is_flag=True,
    help="Ask which rows would make steps fail; exit with 1 where there are any.",
)
@click.option("--no-examples", is_flag=True, help="With --check-data: show none of these rows.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="HAZARDS",
    shell_complete=suggestions.hazards,
    help="Exit with 1 when the plan holds such a hazard: names with commas between, or `all`. May be repeated.",
)
def command(  # noqa: PLR0913 - one argument for each option
    options: GlobalOptions,
    *,
    url: str | None,
    output_format: str,
    out: Path | None,
    detailed_exitcode: bool,
    snapshot: Path | None,
    back_to: int | None,
    check_data: bool,
    no_examples: bool,
    fail_on: tuple[str, ...],
    **asked: Any,
) -> int:
    """Show what would change in every database, why, and how dangerous it is. Nothing is written."""
    from lbconf.cli.planning import plan

    _refuse_mixed(snapshot=snapshot, url=url, back_to=back_to, check_data=check_data, examples=not no_examples, **asked)
    return plan(
        options,
        url=url,
        output_format=output_format,
        out=out,
        detailed_exitcode=detailed_exitcode,
        snapshot=snapshot,
        back_to=back_to,
        check_data=check_data,
        examples=not no_examples,
        fail_on=fail_on,
        **asked,
    )


def _refuse_mixed(
    *,
    snapshot: Path | None,
    url: str | None,
    back_to: int | None,
    check_data: bool,
    examples: bool,
    models: tuple[str, ...],
    **_: Any,
) -> None:
    """Raise `click.UsageError` for options that do not go together."""
    if snapshot is not None and (url is not None or check_data):
        raise click.UsageError("--snapshot contacts nothing: leave out --url and --check-data.")
    if back_to is not None and (snapshot is not None or check_data or models):
        raise click.UsageError("--to is a plan of its own: leave out --snapshot, --check-data and --model.")
    if not examples and not check_data:
        raise click.UsageError("--no-examples says something about --check-data.")
