"""`lbconf adopt`."""

import json

import click

from lbconf.cli.options import (
    GlobalOptions,
    data_source_option,
    format_option,
    model_option,
    shared_options,
    url_option,
)

__all__ = ["command"]


@click.command("adopt")
@shared_options
@data_source_option
@model_option
@url_option
@format_option("text", "json")
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an apply that runs.",
)
def command(
    options: GlobalOptions,
    *,
    data_sources: tuple[str, ...],
    models: tuple[str, ...],
    url: str | None,
    output_format: str,
    lock_timeout: float,
) -> int:
    """Put the models' tables that exist under lbconf's management, as they stand; nothing in them is changed.

    From then on a model that goes plans the drop of its table, and an index or a constraint that no model asks
    for is lbconf's own to drop.
    """
    from lbconf.operations.adopt import adopt_tables
    from lbconf.operations.load import load_project

    output = options.output
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = adopt_tables(project, data_sources=data_sources, models=models, url=url, lock_timeout=lock_timeout)
    if output_format == "json":
        from lbconf.cli.views.plan_json import failure_data

        document = {
            "format": "lbconf adopt",
            "version": 1,
            "data_sources": [
                {
                    "data_source": found.data_source,
                    "tables": [{"namespace": name.namespace, "name": name.name} for name in found.tables],
                    "pending": found.pending,
                    "missing": found.missing,
                }
                for found in report.adopted
            ],
            "failures": [failure_data(failure) for failure in report.failures],
        }
        output.result(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for found in report.adopted:
            number = len(found.tables)
            what = f"{number} table{'' if number == 1 else 's'} adopted" if number else "nothing to adopt"
            if found.missing:
                lost = "1 model has" if found.missing == 1 else f"{found.missing} models have"
                what += f"; {lost} no table there"
            output.result(f"{found.data_source}: {what}")
            for name in found.tables:
                output.result(f"  {name}")
            if found.pending:
                changes = "1 change" if found.pending == 1 else f"{found.pending} changes"
                output.note(f"{found.data_source}: the models differ from what is there ({changes}): lbconf plan")
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    return 1 if report.failures else 0
