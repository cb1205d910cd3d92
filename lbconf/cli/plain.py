"""The arguments of `lbconf validate` and `plan` where they are plain, so that click need not be imported to read them.

Editors and pipelines check a project again and again, and importing click takes a third of the time that checking a
small one does. What is not plain - help, a mistake, an option twice, options run together, rarer options - is left to
click, which has the last word; a test holds both to the same reading.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from lbconf.cli.global_options import LAYOUTS, GlobalOptions

__all__ = ["VERBS", "do", "plain"]


class _Verb(NamedTuple):
    """What a verb takes besides the options of every verb: each option as written, and its name."""

    values: Mapping[str, str]
    flags: Mapping[str, str]
    formats: Sequence[str]
    """What its `--format` takes; `planning` and `validation` say the same."""


_SHARED: Final = _Verb(
    values={"--project": "project", "--env": "environment", "-e": "environment", "--layout": "layout", "--set": "sets"},
    flags={
        "--no-color": "no_color",
        "--quiet": "quiet",
        "-q": "quiet",
        "--verbose": "verbose",
        "-v": "verbose",
    },
    formats=(),
)
_FILES: Final = frozenset({"project", "out"})
_FORMAT: Final = {"--format": "output_format", "-f": "output_format"}
VERBS: Final = {
    "validate": _Verb(
        values=_FORMAT, flags={"--all-envs": "all_environments"}, formats=("text", "json", "sarif", "github", "junit")
    ),
    "plan": _Verb(
        values={**_FORMAT, "--out": "out", "-o": "out"},
        flags={"--detailed-exitcode": "detailed_exitcode"},
        formats=("text", "markdown", "json", "sql"),
    ),
}
"""The verbs whose plain arguments are read here."""


def plain(verb: str, arguments: Sequence[str]) -> tuple[GlobalOptions, dict[str, Any]] | None:
    """The options, and those of the verb by name where they are given; None where click has to read the arguments."""
    own = VERBS[verb]
    found: dict[str, Any] = {}
    sets: list[str] = []
    told = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == verb and not told:
            told = True
            continue
        flag = _SHARED.flags.get(argument) or (own.flags.get(argument) if told else None)
        key = flag or _SHARED.values.get(name) or (own.values.get(name) if told else None)
        if key is None or key in found:
            return None
        if flag is not None:
            found[key] = True
            continue
        value = value if equals else next(rest, "")
        if not value or value.startswith("-") or (equals and not name.startswith("--")):
            return None
        if key == "sets":
            sets.append(value)
        else:
            found[key] = Path(value) if key in _FILES else value
    if not told or not _allowed(found, own):
        return None
    options = GlobalOptions(
        project=found.pop("project", None),
        environment=found.pop("environment", None),
        layout=found.pop("layout", None),
        sets=tuple(sets),
        color=not found.pop("no_color", False),
        verbosity=-1 if found.pop("quiet", False) else int(found.pop("verbose", False)),
    )
    return options, found


def do(verb: str, options: GlobalOptions, others: Mapping[str, Any]) -> int:
    """Do what the arguments say that `plain` read; the exit code."""
    if verb == "validate":
        from lbconf.cli.validation import check

        return check(options, **others)
    from lbconf.cli.planning import plan

    return plan(options, **others)


def _allowed(found: dict[str, Any], verb: _Verb) -> bool:
    return (
        found.get("layout", LAYOUTS[0]) in LAYOUTS
        and found.get("output_format", verb.formats[0]) in verb.formats
        and not ("quiet" in found and "verbose" in found)
        and not ("out" in found and found["out"].is_dir())
    )
