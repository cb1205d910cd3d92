"""JavaScript of a LoopBack project that does something which lbconf cannot do in its place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Location, Severity
from lbconf.documents.loopback_files import boot_directory, boot_scripts
from lbconf.patterns import pattern
from lbconf.project.resolved import Model, Project

__all__ = ["script_findings"]

LONGEST: Final = 1_000_000
"""Bytes of a script that is looked into."""
_COMMENT: Final = pattern(r"/\*[\s\S]*?\*/|(?<![:\"'])//[^\n]*")
_EMPTY: Final = pattern(
    r"\s*(?:'use strict'|\"use strict\")?;?\s*module\.exports\s*=\s*"
    r"(?:(?:async\s+)?function\s*\w*\s*\([^)]*\)\s*|\([^)]*\)\s*=>\s*|\w+\s*=>\s*)\{\s*\};?\s*"
)
_AUTHENTICATION: Final = pattern(
    r"\s*(?:'use strict'|\"use strict\")?;?\s*module\.exports\s*=\s*"
    r"(?:function\s*\w*\s*\((\w+)\)\s*|\(?(\w+)\)?\s*=>\s*)\{\s*\w+\.enableAuth\([^)]*\);?\s*\};?\s*"
)
_FEATURES: Final = (
    (pattern(r"\.observe\(\s*['\"]([^'\"]+)['\"]"), "hook {}"),
    (pattern(r"\.(?:remoteMethod)\(\s*['\"]([^'\"]+)['\"]"), "remote method {}"),
    (pattern(r"\.((?:before|after)Remote(?:Error)?)\("), "{}"),
    (pattern(r"\.(validates\w+|validate|validateAsync)\("), "{}"),
    (pattern(r"\.registerResolver\(\s*['\"]([^'\"]+)['\"]"), "role {}"),
)
_TOLD: Final = 5
"""Most things a finding names."""


def script_findings(project: Project) -> Iterator[Diagnostic]:
    """A warning for each script of a model and each boot script, unless `pythonCode` says what is done instead."""
    if not project.layout.is_loopback:
        return
    seen: set[str] = set()
    for model in project.models.values():
        files = [file for file in _files(model) if file not in seen]
        seen.update(files)
        if "pythonCode" not in model.settings:
            hint = f"write it in Python and name the module under `pythonCode` of {model.name}, or say [] there"
            for file in files:
                script = (project.root / file).with_suffix(".js")
                yield from _finding(project.root, script, f"code of model {model.name}", hint)
    found = boot_directory(project.root)
    if found is not None and "pythonCode" not in project.server.settings:
        hint = "write it in Python and name the module under `pythonCode` of config.json, or say [] there"
        for script in boot_scripts(found[0], project.environment):
            yield from _finding(project.root, script, "boot script", hint)


def _files(model: Model) -> list[str]:
    """The files that say something of a model or, for a model that builds on others, of those."""
    places = [
        *(prop.location for prop in model.properties.values()),
        *(relation.location for relation in model.relations.values()),
        *(rule.location for rule in model.acls),
    ]
    files = (place.file for place in places if place is not None)
    return list(dict.fromkeys(file for file in files if file.endswith(".json")))


def _finding(root: Path, script: Path, what: str, hint: str) -> Iterator[Diagnostic]:
    text = _text(script)
    bare = _COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
    if not bare.strip() or _EMPTY.fullmatch(bare) or _AUTHENTICATION.fullmatch(bare):
        return
    seen = [shape.format(name) for feature, shape in _FEATURES for name in feature.findall(bare)]
    told = list(dict.fromkeys(seen))
    more = f" ({', '.join(told[:_TOLD])}{', ...' if len(told) > _TOLD else ''})" if told else ""
    line = bare[: len(bare) - len(bare.lstrip())].count("\n") + 1
    shown = script.relative_to(root).as_posix() if script.is_relative_to(root) else str(script)
    yield Diagnostic(
        code=Code.SCRIPT_NOT_RUN,
        severity=Severity.WARNING,
        message=f"{what} that lbconf cannot run{more}",
        location=Location(file=shown, line=line),
        hint=hint,
    )


def _text(script: Path) -> str:
    try:
        if not script.is_file() or script.stat().st_size > LONGEST:
            return ""
        return script.read_text("utf-8-sig", errors="replace")
    except OSError:
        return ""
