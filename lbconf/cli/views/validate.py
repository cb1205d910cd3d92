"""What `lbconf validate` prints. A good project needs nothing of what shows findings, so that is imported late."""

from collections.abc import Iterator, Mapping, Sequence

from lbconf.cli.output import paint
from lbconf.diagnostics import Diagnostic, Severity
from lbconf.operations.validate import Checked, Validation

__all__ = ["render"]


def render(checked: Validation, output_format: str, *, color: bool, quiet: bool = False) -> str:
    """The findings in one of the formats `text`, `json`, `sarif`, `github`, `junit`.

    Args:
        checked: What was found.
        output_format: Which format.
        color: Whether text is coloured.
        quiet: Whether text holds errors only.
    """
    if output_format == "text":
        return _text(checked, color=color, quiet=quiet)
    from lbconf.cli.views import findings

    names = [one.environment for one in checked.environments]
    found = [(findings.shown(finding), where) for finding, where in checked.findings]
    match output_format:
        case "json":
            return findings.render_json(found, names)
        case "sarif":
            return findings.render_sarif(found, checked.root)
        case "github":
            return findings.render_github(found, checked.root)
        case _:
            return findings.render_junit(found, names)


def _text(checked: Validation, *, color: bool, quiet: bool) -> str:
    parts: list[str] = []
    groups: dict[tuple[str, ...], list[Diagnostic]] = {}
    for finding, where in checked.findings:
        if finding.severity is Severity.ERROR or not quiet:
            groups.setdefault(where, []).append(finding)
    if groups:
        parts.extend(_found(checked, groups, color=color))
    if not quiet:
        parts.append("\n".join(_line(one, color=color) for one in checked.environments))
    return "\n\n".join(parts)


def _found(
    checked: Validation, groups: Mapping[tuple[str, ...], Sequence[Diagnostic]], *, color: bool
) -> Iterator[str]:
    from lbconf.cli.views.diagnostics import render_text

    several = len(checked.environments) > 1
    for where in sorted(groups, key=lambda names: (-len(names), names)):
        if several:
            every = len(where) == len(checked.environments)
            yield paint(f"In {'every environment' if every else ', '.join(where)}:", "bold", color=color)
        yield render_text(groups[where], checked.root, color=color)


def _line(checked: Checked, *, color: bool) -> str:
    told = f"{checked.environment}: {_counts(checked.diagnostics)}"
    if checked.models is not None and checked.data_sources is not None:
        told += f" ({_counted(checked.models, 'model')}, {_counted(checked.data_sources, 'data source')})"
    return paint(told, "good" if checked.good else "bad", color=color)


def _counts(found: Sequence[Diagnostic]) -> str:
    if not found:
        return "no findings"
    from lbconf.cli.views.diagnostics import summary

    return summary(found)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
