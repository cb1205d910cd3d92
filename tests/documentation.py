"""The generated parts of the documentation: `python -m tests.documentation` writes them, a test holds them equal.

- what each connector can do, in README.md and docs/connectors.md
- the reference of all commands, docs/commands.md
- the recording in README.md, from the real output of the account application
- what changes cost in docs/mysql.md
- the plan in docs/plans.md, from a change of the shop example on PostgreSQL
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from lbconf.cli.verbs import VERBS, group
from lbconf.connectors.capabilities import Support, SupportLevel, questions
from lbconf.connectors.mysql.algorithms import TABLE, Algorithm
from lbconf.connectors.registry import connector_types
from tests.servers import postgresql

__all__ = [
    "ROOT",
    "algorithm_table",
    "between",
    "capability_details",
    "capability_table",
    "command_reference",
    "plan_example",
    "recording",
    "replaced",
]

ROOT = Path(__file__).parents[1]
WORDS = {
    SupportLevel.FULL: "yes",
    SupportLevel.EMULATED: "own",
    SupportLevel.SINCE: "later",
    SupportLevel.NOT_IMPLEMENTED: "later",
    SupportLevel.IMPOSSIBLE: "no",
}
WAYS = {
    Algorithm.INSTANT: "at once",
    Algorithm.INPLACE: "in place",
    Algorithm.REBUILD: "in place, the table anew",
    Algorithm.SHARED: "in place, blocks writes",
    Algorithm.REBUILD_SHARED: "the table anew, blocks writes",
    Algorithm.COPY: "a copy of the table, blocks writes",
}
WIDTH = 100


def capability_table() -> str:
    """One line a question, one column a connector."""
    kinds = connector_types()
    answers = [questions(kind.capabilities()) for kind in kinds]
    lines = [
        "| | " + " | ".join(kind.title for kind in kinds) + " |",
        "|---|" + "---|" * len(kinds),
    ]
    for group_name, question, _ in answers[0]:
        supports = [{(g, q): support for g, q, support in found}[group_name, question] for found in answers]
        lines.append(f"| {group_name}: {_spoken(question)} | " + " | ".join(WORDS[s.level] for s in supports) + " |")
    return "\n".join(lines)


def capability_details() -> str:
    """The table with the reason beside every answer that has one."""
    kinds = connector_types()
    parts = [capability_table()]
    for kind in kinds:
        reasons = [
            f"- {group_name}, {_spoken(question)}: {_reasoned(support)}"
            for group_name, question, support in questions(kind.capabilities())
            if support.level is not SupportLevel.FULL
        ]
        parts.append("\n".join([f"### {kind.title}", *(reasons or ["Everything."])]))
    return "\n\n".join(parts)


def algorithm_table() -> str:
    """What each kind of change costs in MariaDB and MySQL, as `docs/mysql.md` shows it."""
    lines = ["| change | MariaDB | MySQL |", "|---|---|---|"]
    for kind, (mariadb, mysql) in TABLE.items():
        lines.append(f"| {kind.value} | {_ways(mariadb)} | {_ways(mysql)} |")
    return "\n".join(lines)


def _ways(rows: Sequence[tuple[tuple[int, ...], Algorithm]]) -> str:
    newest, *older = [(".".join(map(str, since)), WAYS[algorithm]) for since, algorithm in rows]
    return newest[1] if not older else f"{newest[1]} since {newest[0]}, before: {older[0][1]}"


def command_reference() -> str:
    """The page of all commands, from their own help."""
    intro = (
        "Made from `lbconf COMMAND --help`. The options `--project`, `--env`, `--layout`, `--set`, `--no-color`, "
        "`--quiet` and `--verbose` may also stand before the command."
    )
    parts = ["# Commands", intro]
    for verb, (module, line) in VERBS.items():
        command: click.Command = import_module(module).command
        context = click.Context(
            command,
            info_name=f"lbconf {verb}",
            terminal_width=WIDTH,
            max_content_width=WIDTH,
            help_option_names=["-h", "--help"],
        )
        parts.append(f"## {verb}\n\n{line}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"


def recording() -> str:
    """What the account application prints on SQLite, from the first command to the first request."""
    lbconf = Path(sys.executable).with_name("lbconf")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LBCONF_", "NODE_ENV"))}
    environment |= {"NO_COLOR": "1", "COLUMNS": "120"}
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "environments", Path(folder) / "environments", ignore=shutil.ignore_patterns("local"))
        for arguments in (["validate"], ["plan"], ["apply", "--auto-approve"], ["seed"], ["plan"]):
            done = subprocess.run(
                [lbconf, *arguments],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            lines.extend([f"$ lbconf {' '.join(arguments)}", done.stdout.strip(), ""])
    return re.sub(r"\d+(\.\d+)? m?s\b", "0.1 s", "\n".join(lines)).strip()


PLAN_CHANGES = (
    ("customer.yaml", "name: {type: string, required: true}", "name: {type: string, required: true, length: 80}"),
    ("customer.yaml", "  notes: {type: text, description: For the staff only.}\n", ""),
    ("customer.yaml", "hidden: [notes]\n", ""),
    ("product.yaml", "product_name: {keys: {name: 1}}", "product_name: {keys: {name: 1}, unique: true}"),
    ("product.yaml", "  released: dateonly", "  released: {type: dateonly, required: true}"),
    ("order.yaml", "  status:", "  note: string\n  status:"),
)
"""What changes in the shop's models: file, text, and what takes its place."""


def plan_example(url: str) -> dict[str, str]:
    """A change of the shop's models, and its plan as text and as Markdown; of an empty PostgreSQL database."""
    lbconf = Path(sys.executable).with_name("lbconf")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LBCONF_", "NODE_ENV"))}
    environment |= {"NO_COLOR": "1", "COLUMNS": "120"}
    with tempfile.TemporaryDirectory() as folder:
        base = Path(shutil.copytree(ROOT / "examples" / "shop", Path(folder) / "shop")) / "environments" / "base"
        (base / "datasources.yaml").write_text(f"shopDB: {{connector: postgresql, url: '{url}'}}\n")

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [lbconf, *arguments], cwd=base, env=environment, capture_output=True, text=True, check=False
            )
            return re.sub(r"[\d.]+ kB", "48.0 kB", done.stdout).strip()

        run("apply", "--auto-approve", "--accept", "all")
        run("seed")
        changed = []
        for name, old, new in PLAN_CHANGES:
            path = base / "models" / name
            text = path.read_text()
            assert old in text, f"{name} does not say {old}"
            path.write_text(text.replace(old, new))
            changed.append("\n".join([f"# {name}", *_lines("-", old), *_lines("+", new)]))
        return {
            "plan-change": "```diff\n" + "\n".join(changed) + "\n```",
            "plan-text": f"```text\n{run('plan', '--check-data')}\n```",
            "plan-markdown": f"~~~~markdown\n{run('plan', '--check-data', '--format', 'markdown')}\n~~~~",
        }


def _lines(sign: str, text: str) -> list[str]:
    return [f"{sign} {line}" for line in text.splitlines()]


def between(text: str, name: str) -> str:
    """What stands between the markers of that name. Raises `ValueError` where there are none."""
    found = re.search(f"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", text, re.DOTALL)
    if found is None:
        raise ValueError(f"there are no markers {name}")
    return found[1].strip()


def replaced(text: str, name: str, new: str) -> str:
    """The text with something else between the markers of that name."""
    between(text, name)
    pattern = f"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{new}\n{found[2]}", text, flags=re.DOTALL)


def _spoken(question: str) -> str:
    return question.replace("_", " ")


def _reasoned(support: Support) -> str:
    return f"{support.level} ({support.reason})" if support.reason else str(support.level)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    assert isinstance(group, click.Group)
    readme, connectors = ROOT / "README.md", ROOT / "docs" / "connectors.md"
    text = replaced(readme.read_text("utf-8"), "capabilities", capability_table())
    _write(readme, replaced(text, "recording", f"```console\n{recording()}\n```"))
    _write(connectors, replaced(connectors.read_text("utf-8"), "capabilities", capability_details()))
    _write(ROOT / "docs" / "commands.md", command_reference())
    mysql = ROOT / "docs" / "mysql.md"
    _write(mysql, replaced(mysql.read_text("utf-8"), "algorithms", algorithm_table()))
    with postgresql() as server:
        url = server.create_database()
        text = (ROOT / "docs" / "plans.md").read_text("utf-8")
        for name, new in plan_example(url).items():
            text = replaced(text, name, new)
        _write(ROOT / "docs" / "plans.md", text)
        server.drop_database(url)
