"""`lbconf validate`."""

import click

from lbconf.cli.options import GlobalOptions, format_option, shared_options

__all__ = ["command"]


@click.command("validate")
@shared_options
@click.option("--all-envs", "all_environments", is_flag=True, help="Check every environment that has files.")
@format_option("text", "json", "sarif", "github", "junit")
def command(options: GlobalOptions, *, all_environments: bool, output_format: str) -> int:
    """Check the configuration: every finding with file, line and column. Nothing is contacted.

    Exits with 0 where there is no error (warnings are no errors), else with 1.
    """
    from lbconf.cli.views.validate import render
    from lbconf.operations.validate import validate

    checked = validate(
        options.root,
        options.environment,
        layout=options.layout,
        overrides=options.sets,
        all_environments=all_environments,
    )
    output = options.output
    text = render(checked, output_format, color=output.color_results, quiet=output.verbosity < 0)
    if text:
        output.result(text)
    return 0 if checked.good else 1
