"""`lbconf validate`."""

import click

from lbconf.cli.options import GlobalOptions, format_option, shared_options
from lbconf.cli.validation import FORMATS, check

__all__ = ["command"]


@click.command("validate")
@shared_options
@click.option("--all-envs", "all_environments", is_flag=True, help="Check every environment that has files.")
@format_option(*FORMATS)
def command(options: GlobalOptions, *, all_environments: bool, output_format: str) -> int:
    """Check the configuration: every finding with file, line and column. Nothing is contacted.

    Exits with 0 where there is no error (warnings are no errors), else with 1.
    """
    return check(options, all_environments=all_environments, output_format=output_format)
