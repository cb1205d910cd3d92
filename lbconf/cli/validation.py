"""What `lbconf validate` does, however its arguments were read."""

from typing import Final

from lbconf.cli.global_options import GlobalOptions

__all__ = ["FORMATS", "check"]

FORMATS: Final = ("text", "json", "sarif", "github", "junit")
"""What `--format` takes, the default first."""


def check(options: GlobalOptions, *, all_environments: bool = False, output_format: str = FORMATS[0]) -> int:
    """Check the configuration, print the findings and return the exit code: 0 where there is no error, else 1."""
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
