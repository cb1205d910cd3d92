"""`lbconf purge`."""

from datetime import timedelta
from typing import Any

import click

from lbconf.cli import suggestions
from lbconf.cli.options import GlobalOptions, data_source_option, shared_options, url_option

__all__ = ["command"]


class _Age(click.ParamType[timedelta]):
    """A number of days: `30d`, `30`, `4w`."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip().lower()
        number, unit = (text[:-1], text[-1]) if text[-1:] in {"d", "w"} else (text, "d")
        if not (number.isascii() and number.isdigit()):
            self.fail(f"{value!r} is no age; write 30d or 4w", param, ctx)
        try:
            return timedelta(days=int(number) * (7 if unit == "w" else 1))
        except OverflowError:
            self.fail(f"{value!r} is longer than anybody keeps a table", param, ctx)


@click.command("purge")
@shared_options
@data_source_option
@url_option
@click.option(
    "--older-than",
    type=_Age(),
    required=True,
    metavar="AGE",
    help="Only tables removed at least so long ago: 30d, 4w.",
)
@click.option("--auto-approve", "--yes", "-y", is_flag=True, help="Do not ask before anything is dropped.")
@click.option(
    "--accept",
    multiple=True,
    metavar="HAZARD",
    shell_complete=suggestions.hazards,
    help="Accept this kind of hazard: deletes-data, or `all`. May be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be dropped, and drop nothing.")
def command(
    options: GlobalOptions,
    *,
    data_sources: tuple[str, ...],
    url: str | None,
    older_than: timedelta,
    auto_approve: bool,
    accept: tuple[str, ...],
    dry_run: bool,
) -> int:
    """Drop tables that were renamed to `_removed_...` because `onRemove: rename` said so. Their rows are lost."""
    from lbconf.cli.apply import confirmed, stopped_by_sigterm
    from lbconf.cli.views.plan import plan_text
    from lbconf.operations.apply import accepted_hazards, apply_plans
    from lbconf.operations.load import load_project
    from lbconf.operations.purge import plan_purge
    from lbconf.plan.executor import refuse_hazards

    output = options.output
    accepted = accepted_hazards(accept)
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    report = plan_purge(project, older_than=older_than, data_sources=data_sources, url=url)
    pending = tuple(plan for plan in report.plans if not plan.empty)
    if pending:
        output.result(plan_text(report, color=output.color_results))
    elif not report.failures:
        output.result(f"Nothing to purge: no table was removed at least {older_than.days} days ago.")
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    if report.failures or not pending or dry_run:
        return 1 if report.failures else 0
    for plan in pending:
        refuse_hazards(plan, accepted)
    if not auto_approve and not confirmed():
        output.note("Nothing was changed.")
        return 1
    with stopped_by_sigterm():
        done = apply_plans(project, pending, accepted=accepted, url=url)
    for outcome in done.outcomes:
        number = f"{outcome.steps} table{'' if outcome.steps == 1 else 's'}"
        output.result(f"{outcome.data_source}: {number} dropped.")
    for failure in done.failures:
        output.diagnostics(failure.diagnostics)
    return 1 if done.failures else 0
