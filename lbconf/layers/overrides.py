"""The topmost layers: `LBCONF_SET__...` variables and `--set pointer=value`, as pieces to merge."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, nearest
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.pointer import split
from lbconf.layers.layer import COMMAND_LINE, ENVIRONMENT_VARIABLES
from lbconf.records import dataclass

__all__ = ["PREFIX", "SECTIONS", "WIRING_KEYS", "Override", "nested", "read_overrides"]

PREFIX: Final = "LBCONF_SET__"
SECTIONS: Final = ("server", "datasources", "models", "components", "middleware")
WIRING_KEYS: Final = ("dataSource", "public")
"""What a native model file says about its place in the application; the rest is its definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One value set from outside."""

    segments: tuple[str, ...]
    """Section first."""
    value: Any
    layer: str
    variable: str | None = None


def read_overrides(settings: Sequence[str], environ: Mapping[str, str], found: Collector) -> tuple[Override, ...]:
    """The overrides, weakest first: variables by name, then `pointer=value` in their order.

    Values are YAML: `5432` is a number, `true` a boolean, `!unset` takes the setting away, `[a, b]` is a list.
    """
    overrides: list[Override] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        segments = tuple(name.removeprefix(PREFIX).split("__"))
        _add(overrides, segments, environ[name], name, ENVIRONMENT_VARIABLES, found)
    for setting in settings:
        pointer, equals, text = setting.partition("=")
        if not equals:
            found.error(
                Code.OVERRIDE_INVALID, f"--set {setting!r} has no `=`", hint="write --set /datasources/NAME/host=VALUE"
            )
            continue
        _add(overrides, split(pointer.strip()), text, None, COMMAND_LINE, found)
    return tuple(overrides)


def nested(segments: Sequence[str], value: Any, existing: Any) -> Any:
    """`value` wrapped in mappings so that it merges into `existing` at the segments.

    A list in the way is given whole, with the one item changed, because lists replace each other. Names are matched
    without regard to case where only that makes them known.
    """
    if not segments:
        return value
    head, rest = segments[0], segments[1:]
    if isinstance(existing, list) and head.isdecimal() and int(head) <= len(existing):
        items = list(existing)
        at = int(head)
        old = items[at] if at < len(items) else None
        items[at : at + 1] = [_changed(old, rest, value)]
        return Replace([item for item in items if not isinstance(item, Unset)])
    if isinstance(existing, dict):
        head = _known(head, existing)
        return {head: nested(rest, value, existing.get(head))}
    return {head: nested(rest, value, None)}


def _add(
    overrides: list[Override],
    segments: tuple[str, ...],
    text: str,
    variable: str | None,
    layer: str,
    found: Collector,
) -> None:
    said = variable or "--set " + "/".join(("", *segments))
    if not segments or _known(segments[0], dict.fromkeys(SECTIONS)) not in SECTIONS:
        near = nearest(segments[0], SECTIONS) if segments else None
        found.error(
            Code.OVERRIDE_INVALID,
            f"{said} does not start with a part of the configuration",
            hint=f"did you mean {near}?" if near else f"parts are {', '.join(SECTIONS)}",
        )
        return
    if len(segments) == 1 or not all(segments):
        found.error(
            Code.OVERRIDE_INVALID, f"{said} names no setting", hint="name the setting, as in /datasources/NAME/host"
        )
        return
    section = _known(segments[0], dict.fromkeys(SECTIONS))
    value = _value(text, said, found)
    overrides.append(Override(segments=(section, *segments[1:]), value=value, layer=layer, variable=variable))


def _value(text: str, said: str, found: Collector) -> Any:
    from lbconf.documents.yaml_reader import read_yaml, scalar

    if not text.startswith(("[", "{", "!", '"', "'")):
        try:
            return scalar(text) if text else ""
        except ValueError:
            return text
    inner = Collector()
    parsed = read_yaml(text, said, inner)
    if parsed is None:
        for problem in inner.diagnostics:
            found.error(Code.OVERRIDE_INVALID, f"the value of {said} cannot be read: {problem.message}")
        return None
    return parsed.data


def _known(name: str, known: Mapping[str, Any]) -> str:
    if name in known:
        return name
    return next((candidate for candidate in known if candidate.casefold() == name.casefold()), name)


def _changed(existing: Any, segments: Sequence[str], value: Any) -> Any:
    if not segments:
        return value
    made = nested(segments, value, existing)
    if isinstance(made, Replace):
        return made.value
    return {**existing, **_deep(existing, made)} if isinstance(existing, dict) else made


def _deep(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    def one(before: Any, after: Any) -> Any:
        if isinstance(after, Replace):
            return after.value
        if isinstance(before, dict) and isinstance(after, dict):
            return {**before, **_deep(before, after)}
        return after

    return {key: one(old.get(key), value) for key, value in new.items()}
