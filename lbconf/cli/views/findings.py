"""Findings for programs: JSON, SARIF, workflow annotations, JUnit."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from lbconf import __version__
from lbconf.diagnostics import Diagnostic, Location, Severity
from lbconf.layers.known_secrets import without_secrets
from lbconf.records import replace

__all__ = ["diagnostic_data", "render_github", "render_json", "render_junit", "render_sarif", "shown"]

_SARIF_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_GITHUB_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Found = Sequence[tuple[Diagnostic, tuple[str, ...]]]
"""Each finding with the environments that have it."""


def shown(finding: Diagnostic) -> Diagnostic:
    """The finding with known secrets masked in what it says."""
    return replace(
        finding,
        message=without_secrets(finding.message),
        hint=without_secrets(finding.hint) if finding.hint else finding.hint,
        related=tuple(replace(other, message=without_secrets(other.message)) for other in finding.related),
    )


def diagnostic_data(finding: Diagnostic) -> dict[str, Any]:
    """One finding as JSON data; keys without a value are left out."""
    finding = shown(finding)
    data: dict[str, Any] = {
        "code": finding.code.value,
        "name": finding.code.name,
        "severity": finding.severity.value,
        "message": finding.message,
    }
    if finding.location is not None:
        data["location"] = _location(finding.location)
    if finding.hint:
        data["hint"] = finding.hint
    if finding.related:
        data["related"] = [
            {"message": other.message, "location": _location(other.location)} for other in finding.related
        ]
    return data


def render_json(found: Found, environments: Sequence[str]) -> str:
    """An object with `environments`, `summary` and `diagnostics`."""
    counts = {f"{level.value}s": sum(one.severity is level for one, _ in found) for level in Severity}
    return json.dumps(
        {
            "version": 1,
            "environments": list(environments),
            "summary": counts,
            "diagnostics": [{**diagnostic_data(one), "environments": list(where)} for one, where in found],
        },
        indent=2,
        ensure_ascii=False,
    )


def render_sarif(found: Found, root: Path) -> str:
    """A SARIF log with one run. Source: SARIF 2.1.0 (OASIS)."""
    codes = sorted({one.code for one, _ in found})
    rules = [{"id": code.value, "name": code.name.title().replace("_", "")} for code in codes]
    results = [
        {
            "ruleId": one.code.value,
            "ruleIndex": codes.index(one.code),
            "level": _SARIF_LEVELS[one.severity],
            "message": {"text": one.message if not one.hint else f"{one.message}\nHint: {one.hint}"},
            "locations": [_sarif_location(one.location)] if one.location else [],
            "relatedLocations": [
                {**_sarif_location(other.location), "message": {"text": other.message}} for other in one.related
            ],
            "properties": {"environments": list(where)},
        }
        for one, where in found
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "lbconf", "version": __version__, "rules": rules}},
                "originalUriBaseIds": {"PROJECT": {"uri": root.absolute().as_uri() + "/"}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def render_github(found: Found, root: Path) -> str:
    """One workflow command per finding, paths from the current folder. Source: GitHub Actions, workflow commands."""
    return "\n".join(_annotation(one, root) for one, _ in found)


def render_junit(found: Found, environments: Sequence[str]) -> str:
    """One suite per environment: a failed case per error, a passed one where there is none; warnings as its output."""
    suites = [_suite(name, [one for one, where in found if name in where]) for name in environments]
    failures = sum(one.severity is Severity.ERROR for one, where in found for _ in where)
    body = "\n".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites failures="{failures}">\n{body}\n</testsuites>'


def _location(location: Location) -> dict[str, Any]:
    written = {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
        "pointer": location.pointer,
    }
    return {key: value for key, value in written.items() if value is not None}


def _sarif_location(location: Location) -> dict[str, Any]:
    from urllib.parse import quote

    region: dict[str, Any] = {"startLine": location.line, "startColumn": location.column}
    if location.end_line is not None and location.end_column is not None:
        region |= {"endLine": location.end_line, "endColumn": location.end_column}
    artifact = {"uri": quote(location.file.replace(os.sep, "/")), "uriBaseId": "PROJECT"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _annotation(finding: Diagnostic, root: Path) -> str:
    properties = {"title": f"{finding.code.value} {finding.code.name.replace('_', ' ').lower()}"}
    location = finding.location
    if location is not None:
        properties |= {
            "file": os.path.relpath(root / location.file).replace(os.sep, "/"),
            "line": str(location.line),
            "col": str(location.column),
        }
        if location.end_line is not None:
            properties["endLine"] = str(location.end_line)
    told = ",".join(f"{key}={_escaped(value, inside=True)}" for key, value in properties.items())
    message = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    return f"::{_GITHUB_COMMANDS[finding.severity]} {told}::{_escaped(message, inside=False)}"


def _escaped(text: str, *, inside: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if inside else text


def _suite(environment: str, found: list[Diagnostic]) -> str:
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is not Severity.ERROR]
    name = quoteattr(_xml(f"lbconf validate {environment}"))
    lines = [f'  <testsuite name={name} tests="{max(1, len(errors))}" failures="{len(errors)}" errors="0" skipped="0">']
    lines.extend(_case(one) for one in errors)
    if not errors:
        lines.append(f'    <testcase classname="lbconf" name={quoteattr(_xml(environment))}/>')
    if others:
        output = "\n".join(_line(one) for one in others)
        lines.append(f"    <system-out>{escape(_xml(output))}</system-out>")
    lines.append("  </testsuite>")
    return "\n".join(lines)


def _case(finding: Diagnostic) -> str:
    place = finding.location.file if finding.location else "lbconf"
    told = "\n".join(_details(finding))
    return (
        f"    <testcase classname={quoteattr(_xml(place))} name={quoteattr(_xml(_line(finding)))}>\n"
        f"      <failure type={quoteattr(finding.code.value)} message={quoteattr(_xml(finding.message))}>"
        f"{escape(_xml(told))}</failure>\n    </testcase>"
    )


def _details(finding: Diagnostic) -> Iterator[str]:
    yield _line(finding)
    if finding.hint:
        yield f"hint: {finding.hint}"
    for other in finding.related:
        yield f"{other.location}: {other.message}"


def _line(finding: Diagnostic) -> str:
    place = f"{finding.location}: " if finding.location else ""
    return f"{place}{finding.severity.value}[{finding.code.value}] {finding.message}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
