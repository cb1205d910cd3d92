"""`lbconf apply`."""

import os
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lbconf.cli import suggestions
from lbconf.cli.options import (
    GlobalOptions,
    data_source_option,
    model_option,
    online_option,
    shared_options,
    url_option,
)
from lbconf.cli.output import Output
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError

__all__ = ["command", "confirmed", "stopped_by_sigterm"]


@click.command("apply")
@click.argument("plan_file", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[PLANFILE]")
@shared_options
@data_source_option
@model_option
@url_option
@click.option("--auto-approve", "--yes", "-y", is_flag=True, help="Do not ask before anything is changed.")
@click.option(
    "--accept",
    "accept",
    multiple=True,
    metavar="HAZARD",
    shell_complete=suggestions.hazards,
    help="Accept this kind of hazard, or `all`. May be repeated.",
)
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one statement waits for a lock, and so holds up who comes after it.",
)
@click.option(
    "--lock-retries",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="COUNT",
    help="How often to try again after that, with longer and longer pauses.",
)
@click.option(
    "--statement-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long one statement may take; any time by default.",
)
@online_option
@click.option(
    "--recreate",
    multiple=True,
    metavar="MODEL",
    shell_complete=suggestions.models,
    help="Drop this model's table and make it again; its rows are lost. May be repeated.",
)
def command(  # noqa: PLR0913 - one argument for each option
    options: GlobalOptions,
    *,
    plan_file: Path | None,
    data_sources: tuple[str, ...],
    models: tuple[str, ...],
    url: str | None,
    auto_approve: bool,
    accept: tuple[str, ...],
    lock_timeout: float,
    lock_retries: int,
    statement_timeout: float | None,
    online: bool,
    recreate: tuple[str, ...],
) -> int:
    """Change the databases as planned: by a fresh plan after a question, or exactly as PLANFILE says."""
    from lbconf.cli.progress import watching
    from lbconf.cli.views.plan import plan_text
    from lbconf.operations.apply import accepted_hazards, apply_plans
    from lbconf.operations.collection import collection_paused
    from lbconf.operations.data_sources import named_data_source
    from lbconf.operations.load import load_project
    from lbconf.operations.plan import PlanReport, plan_project
    from lbconf.operations.surface import note_offers
    from lbconf.plan.executor import Limits, refuse_hazards
    from lbconf.plan.plan_file import read_plan_file

    if plan_file is not None and (models or recreate or not online):
        raise click.UsageError("PLANFILE says what is done: leave out --model, --recreate and --no-online.")
    output = options.output
    accepted = accepted_hazards(accept)
    if plan_file is not None:
        stored = read_plan_file(plan_file)
        environment = stored.environment
        variable = os.environ.get("LBCONF_ENV")
        if (options.environment or variable or environment) != environment:
            raise _of_other_environment(environment, options.environment, str(variable))
        project = load_project(options.root, environment, layout=options.layout, overrides=options.sets)
        chosen = {named_data_source(project, name).name for name in data_sources}
        plans = tuple(plan for plan in stored.plans if not chosen or plan.data_source in chosen)
        report = PlanReport(environment=environment, plans=plans)
    else:
        with collection_paused():
            project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
            report = plan_project(
                project, data_sources=data_sources, models=models, url=url, recreate=recreate, online=online
            )
    output.diagnostics((*project.diagnostics, *(found for plan in report.plans for found in plan.diagnostics)))
    if report.plans or not report.failures:
        output.result(plan_text(report, color=output.color_results))
    for failure in report.failures:
        output.diagnostics(failure.diagnostics)
    pending = tuple(noted for plan in report.plans if not (noted := note_offers(plan)).empty)
    if report.failures or not pending:
        return 1 if report.failures else 0
    for plan in pending:
        refuse_hazards(plan, accepted)
    unchanged = {plan.data_source for plan in report.plans if plan.empty}
    if plan_file is None and not auto_approve and not report.empty and not confirmed():
        output.note("Nothing was changed.")
        return 1
    with stopped_by_sigterm():
        done = apply_plans(
            project,
            pending,
            accepted=accepted,
            url=url,
            lock_timeout=lock_timeout,
            limits=Limits(statement_timeout=statement_timeout, retries=lock_retries),
            watching=lambda plan: watching(plan, output),
        )
    _tell(done, unchanged, output)
    return 1 if done.failures else 0


def _tell(done: Any, unchanged: Collection[str], output: Output) -> None:
    """What was done where; nothing but a note where the database was as the models say."""
    for outcome in done.outcomes:
        if outcome.applied_before:
            output.result(f"{outcome.data_source}: nothing to do, somebody else applied it.")
            continue
        if outcome.data_source in unchanged:
            output.result(f"{outcome.data_source}: what the API offers is noted in the history.")
            continue
        resumed = f", taken up again at step {outcome.resumed_at + 1}" if outcome.resumed_at else ""
        output.result(
            f"{outcome.data_source}: applied, {outcome.steps} step{'' if outcome.steps == 1 else 's'}{resumed}."
        )
    for failure in done.failures:
        output.diagnostics(failure.diagnostics)


def _of_other_environment(made_for: str, asked: str | None, variable: str) -> PlanError:
    said, way = ("--env", "leave out --env") if asked else ("LBCONF_ENV", f"say --env {made_for}")
    return PlanError(
        Diagnostic(
            code=Code.PLAN_OF_OTHER_PROJECT,
            message=f"the plan was made for {made_for}, and {said} says {asked or variable}",
            hint=f"{way} to apply it to {made_for}, or make a plan for {asked or variable}",
        )
    )


def confirmed() -> bool:
    """Whether the user says yes, on a terminal. Raises `PlanError` where nobody can answer."""
    if not sys.stdin.isatty():
        raise PlanError(
            Diagnostic(
                code=Code.CONFIRMATION_NEEDED,
                message="nothing was changed: nobody can be asked, because standard input is no terminal",
                hint="give --auto-approve, or apply a plan file made with `lbconf plan --out FILE`",
            )
        )
    return click.confirm("\nDo this?", default=False, err=True)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends an apply as Ctrl-C does: the step at hand is rolled back and the ledger says where it stands."""

    def stop(number: int, frame: Any) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
