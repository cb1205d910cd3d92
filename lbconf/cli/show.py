"""`lbconf show`."""

from pathlib import Path

import click

from lbconf.cli.options import GlobalOptions, data_source_option, format_option, shared_options

__all__ = ["command"]


@click.command("show")
@click.argument("plan_file", type=click.Path(path_type=Path, dir_okay=False), metavar="PLANFILE")
@shared_options
@data_source_option
@format_option("text", "markdown", "json", "sql")
def command(options: GlobalOptions, *, plan_file: Path, data_sources: tuple[str, ...], output_format: str) -> int:
    """Print a plan file in any form. Needs no project and no database."""
    from lbconf.cli.views.plan_forms import plan_as
    from lbconf.operations.plan import PlanReport
    from lbconf.operations.show import chosen_plans
    from lbconf.plan.plan_file import read_plan_file

    output = options.output
    stored = read_plan_file(plan_file)
    plans = chosen_plans(stored, data_sources)
    parts = next((plan.parts for plan in plans if plan.parts), ())
    report = PlanReport(environment=stored.environment, plans=plans, parts=parts)
    output.diagnostics(found for plan in report.plans for found in plan.diagnostics)
    output.result(plan_as(output_format, report, color=output.color_results))
    if output_format == "text":
        output.note(f"Made for {stored.environment} at {stored.created_at} by lbconf {stored.lbconf}.")
    return 0
