"""`lbconf access`."""

import click

from lbconf.cli import suggestions
from lbconf.cli.options import GlobalOptions, format_option, model_option, shared_options

__all__ = ["command"]

MATRIX = "matrix"
FORMS = ("text", "json")
"""Those of one decision."""


@click.command("access")
@click.argument("asked", nargs=-1, required=True, metavar="VERB PATH | matrix", shell_complete=suggestions.access)
@shared_options
@click.option(
    "--as",
    "callers",
    multiple=True,
    metavar="CALLER",
    shell_complete=suggestions.callers,
    help="Who asks: anonymous (the default), user:42, user:Staff:42, app:1, role:admin. Repeated ones are one caller.",
)
@click.option("--offline", is_flag=True, help="Ask no data source for owners, roles and stored rules.")
@model_option
@format_option("text", "json", "csv", "html")
def command(
    options: GlobalOptions,
    *,
    asked: tuple[str, ...],
    callers: tuple[str, ...],
    offline: bool,
    models: tuple[str, ...],
    output_format: str,
) -> int:
    """Explain a decision of access control, or list who may call what.

    `lbconf access --as user:42 GET /api/orders/7` shows every rule of the model with its score, the one that decides,
    and where it is written; the exit code is 1 where the call is refused.

    `lbconf access matrix` lists every endpoint with who may call it, as the files say.
    """
    from lbconf.operations.access import AccessQuestion, explain_access, matrix

    if asked == (MATRIX,):
        from lbconf.cli.views.access_matrix import render_matrix

        found = matrix(options.root, options.environment, layout=options.layout, sets=options.sets, models=models)
        options.output.result(render_matrix(found, output_format, color=options.output.color_results))
        return 0
    if len(asked) != len(("verb", "path")):
        msg = "Give a verb and a path, such as GET /api/orders/7, or the word matrix."
        raise click.UsageError(msg)
    if output_format not in FORMS or models:
        msg = "--model, --format csv and --format html are for the matrix."
        raise click.UsageError(msg)
    from lbconf.cli.views.access import render_json, render_text

    verb, path = asked
    explanation = explain_access(
        options.root,
        AccessQuestion(verb=verb, path=path, callers=callers or ("anonymous",), offline=offline),
        options.environment,
        layout=options.layout,
        sets=options.sets,
    )
    color = options.output.color_results
    options.output.result(
        render_json(explanation) if output_format == "json" else render_text(explanation, color=color)
    )
    return 1 if explanation.allowed is False else 0
