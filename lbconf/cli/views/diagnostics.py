"""Findings for people: the line they are about, a caret under the place, and how to mend it."""

import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from lbconf.cli.output import paint
from lbconf.diagnostics import Diagnostic, Location, Severity
from lbconf.documents.pointer import split
from lbconf.layers.known_secrets import without_secrets
from lbconf.layers.secrecy import is_secret_key, shown_url
from lbconf.layers.secret import MASK
from lbconf.patterns import pattern

__all__ = ["excerpt", "render_text", "summary"]

_WIDTH: Final = 160
"""Most characters of a source line."""
_LONGEST: Final = 4_000
"""Most characters of a line that is shown at all; a longer one is no line a person wrote."""
_LARGEST: Final = 16 * 1024 * 1024
"""Most bytes of a file that is opened to show a line of it: no more are read as configuration."""
_QUOTED_PAIR: Final = pattern(
    r"""(?P<quote>["'])(?P<key>[^"']{1,80})(?P=quote)\s*:\s*(?P<value>"(?:[^"\\]|\\.)*"?|'[^']*'?|[^,}\]\s]+)"""
)
_PLAIN_PAIR: Final = pattern(r"^\s*(?:-\s+)?(?P<key>[\w$.-]+)\s*:\s+(?P<value>\S.*)$")
_GROUP: Final = pattern(r"[\"']?url[\"']?\s*:\s*(?P<value>[{\[].*)$")
_KEY: Final = pattern(r"^\s*(?:-\s+)?[\"']?[\w$.-]+[\"']?\s*:")
_FLOW_PAIR: Final = pattern(r"[{,]\s*(?P<key>[\w$.-]+)\s*:\s*(?P<value>\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^,}\s]+)")


def render_text(found: Sequence[Diagnostic], root: Path | None = None, *, color: bool = False) -> str:
    """All findings with their source lines, one blank line between them.

    Args:
        found: What to show.
        root: The project's folder, which locations are relative to; None: no source lines.
        color: Whether to colour.
    """
    return "\n\n".join(_one(finding, root, color=color) for finding in found)


def summary(found: Sequence[Diagnostic]) -> str:
    """How many of each severity: `2 errors, 1 warning`; empty where there are none."""
    parts = []
    for severity in Severity:
        count = sum(finding.severity is severity for finding in found)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 and severity is not Severity.INFO else ''}")
    return ", ".join(parts)


def excerpt(location: Location, root: Path, *, color: bool = False) -> list[str]:
    """The source line and a caret line under it, with secrets masked; nothing where the file cannot be shown."""
    line = _source_line(root / location.file, location.line)
    if line is None or any(is_secret_key(part) for part in split(location.pointer or "")):
        return []
    shown, start, end = _cut(line, location)
    number = str(location.line)
    gutter = paint(f"{number} |", "dim", color=color)
    blank = paint(f"{' ' * len(number)} |", "dim", color=color)
    caret = " " * start + "^" * max(1, end - start)
    return [f"  {gutter} {shown}", f"  {blank} {paint(caret, 'bad', color=color)}"]


def _one(finding: Diagnostic, root: Path | None, *, color: bool) -> str:
    label = paint(f"{finding.severity.value}[{finding.code.value}]", finding.severity.value, color=color)
    lines = [f"{label}: {paint(without_secrets(finding.message), 'bold', color=color)}"]
    if finding.location is not None:
        lines.append(f"  --> {finding.location}")
        if root is not None:
            lines.extend(excerpt(finding.location, root, color=color))
    if finding.hint:
        lines.append(f"  {paint('hint:', 'info', color=color)} {without_secrets(finding.hint)}")
    lines.extend(
        f"  {paint('note:', 'dim', color=color)} {without_secrets(other.message)} ({other.location})"
        for other in finding.related
    )
    return "\n".join(lines)


def _cut(line: str, location: Location) -> tuple[str, int, int]:
    """The line as shown, and where in it the caret starts and ends (0-based)."""
    masked = _masked(line)
    start = min(location.column - 1, len(line))
    same_line = location.end_line in (None, location.line)
    end = location.end_column - 1 if same_line and location.end_column else (start + 1 if same_line else len(line))
    if masked != line:
        end = start + 1
        start = min(start, len(masked))
    tabs = masked.replace("\t", " ")
    indent = len(tabs) - len(tabs.lstrip()) if start >= len(tabs) - len(tabs.lstrip()) else 0
    shown = tabs[indent:]
    start, end = start - indent, min(end - indent, len(shown))
    if len(shown) > _WIDTH:
        first = max(0, start - _WIDTH // 2)
        shown = ("..." if first else "") + shown[first : first + _WIDTH] + "..."
        start, end = start - first + (3 if first else 0), end - first + (3 if first else 0)
        end = min(end, len(shown))
    return shown, start, max(end, start + 1)


def _masked(line: str) -> str:
    """The line without values of secret keys and without passwords in URLs."""
    spans = [
        pair.span("value")
        for pattern in (_QUOTED_PAIR, _PLAIN_PAIR, _FLOW_PAIR)
        for pair in pattern.finditer(line)
        if is_secret_key(pair["key"])
    ]
    spans.extend(group.span("value") for group in _GROUP.finditer(line))
    for start, end in sorted(set(spans), reverse=True):
        line = f"{line[:start]}{MASK}{line[end:]}"
    key = _KEY.match(line)
    start = key.end() if key is not None else 0
    return shown_url(line[:start] + without_secrets(line[start:]))


@lru_cache(maxsize=64)
def _lines(path: Path, changed: int, size: int) -> tuple[str, ...]:
    """The lines of a file, read once as long as it stays as it is."""
    del changed, size
    try:
        return tuple(path.read_text(encoding="utf-8-sig", errors="replace").split("\n"))
    except OSError:
        return ()


def _source_line(path: Path, number: int) -> str | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        return None
    lines = _lines(path, status.st_mtime_ns, status.st_size)
    if not 0 < number <= len(lines) or len(lines[number - 1]) > _LONGEST:
        return None
    line = "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in lines[number - 1].rstrip("\r"))
    return line if line.strip() else None
