"""The command group: every verb by name, its module imported only when it is the one asked for."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from lbconf import __version__
from lbconf.cli.ending import exit_code
from lbconf.cli.options import GlobalOptions, shared_options
from lbconf.diagnostics import nearest

__all__ = ["VERBS", "group", "run"]

VERBS: Final = {
    "validate": ("lbconf.cli.validate", "Check the configuration; nothing is contacted."),
    "config": ("lbconf.cli.config", "Print the resolved configuration."),
    "explain": ("lbconf.cli.explain", "Tell where a value comes from and what it replaced."),
    "diff": ("lbconf.cli.diff", "Compare the configuration of two environments."),
    "plan": ("lbconf.cli.plan", "Show what would change in every database, and how dangerous it is."),
    "show": ("lbconf.cli.show", "Print a plan file in any form."),
    "apply": ("lbconf.cli.apply", "Change the databases as planned."),
    "drift": ("lbconf.cli.drift", "Tell what somebody changed in the databases since the last apply."),
    "adopt": ("lbconf.cli.adopt", "Put tables that exist under lbconf's management, as they stand."),
    "purge": ("lbconf.cli.purge", "Drop tables that were renamed out of the way when their models went."),
    "history": ("lbconf.cli.history", "List what was applied, when, and by whom."),
    "seed": ("lbconf.cli.seed", "Write the seed rows of the project; running it twice changes nothing more."),
    "serve": ("lbconf.cli.serve", "Serve the REST API of the models."),
    "inspect": ("lbconf.cli.inspect", "Show what is in every database; write snapshots to plan from."),
    "discover": ("lbconf.cli.discover", "Write models from a live database."),
    "access": ("lbconf.cli.access", "Explain who may call what."),
    "key": ("lbconf.cli.key", "Make an API key and its digest."),
    "openapi": ("lbconf.cli.openapi", "Print the OpenAPI description of the REST API."),
    "client": ("lbconf.cli.client", "Write a typed client of the REST API, in TypeScript or Python."),
    "schemas": ("lbconf.cli.schemas", "Write the JSON Schemas of the configuration files."),
    "completion": ("lbconf.cli.completion", "Print the completion script of a shell."),
}
"""Verb to the module that holds its `command`, and its line in the help; in the order of the help."""


class _VerbGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in VERBS:
            return None
        command = import_module(VERBS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            msg = f"{VERBS[cmd_name][0]}.command is no click command"
            raise TypeError(msg)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in VERBS and not name.startswith("-") and not ctx.resilient_parsing:
            near = nearest(name, VERBS)
            hint = f" Did you mean '{near}'?" if near else f" Commands: {', '.join(VERBS)}."
            ctx.fail(f"No such command '{name}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])


@click.group(
    cls=_VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Exit codes: 0 good, 1 findings or failure, 2 wrong usage.",
)
@click.version_option(__version__, "-V", "--version", prog_name="lbconf", message="%(prog)s %(version)s")
@shared_options
@click.pass_context
def group(ctx: click.Context, options: GlobalOptions) -> None:
    """A backend as configuration: check, plan, apply and serve data sources and models kept in files."""
    ctx.obj = options


def run(arguments: Sequence[str]) -> int:
    """Run the group and return the exit code. Every exception ends here, as a message on standard error."""
    return exit_code(lambda: _parsed(arguments), arguments)


def _parsed(arguments: Sequence[str]) -> object:
    try:
        return group.main(args=list(arguments), prog_name="lbconf", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
