"""The arguments of `lbconf validate` where they are plain, so that click need not be imported to read them.

Editors and pipelines check a project again and again, and importing click takes a third of the time that checking a
small one does. What is not plain - help, a mistake, an option twice, options run together - is left to click, which has
the last word; a test holds both to the same reading.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.cli.global_options import LAYOUTS, GlobalOptions
from lbconf.cli.validation import FORMATS

__all__ = ["plain_validate"]

_VERB: Final = "validate"
_VALUES: Final = {
    "--project": "project",
    "--env": "environment",
    "-e": "environment",
    "--layout": "layout",
    "--set": "sets",
    "--format": "output_format",
    "-f": "output_format",
}
_FLAGS: Final = {
    "--no-color": "no_color",
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "-v": "verbose",
    "--all-envs": "all_environments",
}
_AFTER_THE_VERB: Final = frozenset({"all_environments", "output_format"})


def plain_validate(arguments: Sequence[str]) -> tuple[GlobalOptions, dict[str, Any]] | None:
    """The options and what else `validation.check` takes; None where click has to read the arguments."""
    found: dict[str, Any] = {}
    sets: list[str] = []
    verb = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == _VERB and not verb:
            verb = True
            continue
        key = _FLAGS.get(argument) or _VALUES.get(name)
        if key is None or key in found or (key in _AFTER_THE_VERB and not verb):
            return None
        if argument in _FLAGS:
            found[key] = True
            continue
        value = value if equals else next(rest, "")
        if not value or value.startswith("-") or (equals and not name.startswith("--")):
            return None
        if key == "sets":
            sets.append(value)
        else:
            found[key] = value
    if not verb or not _allowed(found):
        return None
    options = GlobalOptions(
        project=Path(found["project"]) if "project" in found else None,
        environment=found.get("environment"),
        layout=found.get("layout"),
        sets=tuple(sets),
        color="no_color" not in found,
        verbosity=-1 if "quiet" in found else 1 if "verbose" in found else 0,
    )
    return options, {
        "all_environments": "all_environments" in found,
        "output_format": found.get("output_format", FORMATS[0]),
    }


def _allowed(found: dict[str, Any]) -> bool:
    return (
        found.get("layout", LAYOUTS[0]) in LAYOUTS
        and found.get("output_format", FORMATS[0]) in FORMATS
        and not ("quiet" in found and "verbose" in found)
    )
