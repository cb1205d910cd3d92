"""Filling in variables: `${NAME}` and its forms in the native layout, LoopBack's single form in its own."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Severity
from lbconf.documents.markers import VariableText
from lbconf.documents.pointer import child
from lbconf.layers.secrecy import conceal, conceal_text, inner_key, is_secret_variable, item_key, shown_url
from lbconf.layers.secret import MASK, Secret
from lbconf.patterns import pattern
from lbconf.records import dataclass, field

__all__ = ["Filled", "Problem", "fill_loopback", "fill_native"]

_START: Final = pattern(r"\$\$\{|\$\{")
_NAME: Final = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_BYTES: Final = 1024 * 1024
_DEEPEST: Final = 20
"""Levels of defaults within defaults."""
_LOOPBACK: Final = pattern(r"\$\{(\w+)\}$", re.ASCII)
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a variable, at a value."""

    pointer: str
    code: Code
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class Filled:
    """What filling in found out, by JSON Pointer into the data before."""

    data: Any = None
    variables: dict[str, str] = field(default_factory=dict)
    """Name of the variable that a value came from, or `file:PATH`."""
    absent: dict[str, str] = field(default_factory=dict)
    """Values that are gone because the variable of that name is not set."""
    problems: list[Problem] = field(default_factory=list)


def fill_native(data: Any, environ: Mapping[str, str], *, keys_matter: bool) -> Filled:
    """The data with variables filled in and secrets in `Secret`; parts without either are shared, not copied.

    A value that is one variable alone stays text: what the definition makes of it decides, as with any text. An
    unset one alone takes its setting away. Inside a longer text an unset variable is an error.
    """
    filled = Filled()

    def text(value: str, key: str, pointer: str) -> Any:
        if "$" not in value:
            return conceal_text(value, key if keys_matter else "")
        template = _Template(value, environ, pointer, filled)
        made, shown = template.read()
        if template.names:
            filled.variables[pointer] = template.names[0]
        if made is _ABSENT:
            filled.absent[pointer] = template.names[0]
            return _ABSENT
        concealed = conceal_text(made, key if keys_matter else "")
        if isinstance(concealed, Secret):
            return Secret(made, MASK if str(concealed) == MASK else shown_url(shown))
        return concealed if shown == made else Secret(made, shown)

    made = _walk(data, "", "", text, keys_matter=keys_matter)
    filled.data = None if made is _ABSENT else made
    return filled


def fill_loopback(
    data: Any,
    lookup: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    look_up: bool = True,
    keys_matter: bool = True,
) -> Filled:
    """The data with LoopBack's variables filled in, and secrets in `Secret`.

    A text that ends in `${NAME}` becomes, as a whole, the environment variable's text or the application setting's
    value. An unknown name takes the setting away, with a warning.

    Args:
        data: Data sources, components or middleware, merged.
        lookup: The environment.
        settings: Application settings, from config.json and the defaults.
        look_up: Whether texts hold variables here; if not, only what scripts took from the environment is noted.
        keys_matter: Whether names tell secrets.
    """
    filled = Filled()

    def text(value: str, key: str, pointer: str) -> Any:
        if isinstance(value, VariableText):
            filled.variables[pointer] = value.variable
        match = _LOOPBACK.search(value) if value.endswith("}") and look_up else None
        if match is None:
            return conceal_text(value, key if keys_matter else "")
        name = match.group(1)
        filled.variables[pointer] = name
        if name in lookup:
            found = conceal_text(lookup[name], key)
            return Secret(found) if isinstance(found, str) and found and is_secret_variable(name) else found
        if settings.get(name) is not None:
            return conceal(settings[name], key, keys_matter=True)
        filled.absent[pointer] = name
        filled.problems.append(
            Problem(
                pointer=pointer,
                code=Code.VARIABLE_UNSET,
                message=f"{name} is neither an environment variable nor an application setting: the value is left out",
                hint=f"set {name}",
                severity=Severity.WARNING,
            )
        )
        return _ABSENT

    filled.data = _walk(data, "", "", text, keys_matter=keys_matter, keep_items=True)
    return filled


_Text = Callable[[str, str, str], Any]


def _walk(
    value: Any,
    key: str,
    pointer: str,
    text: _Text,
    *,
    keys_matter: bool,
    keep_items: bool = False,
) -> Any:
    """The value with every text replaced; containers are copied only when something in them changed."""
    if isinstance(value, str):
        return text(value, key, pointer)
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        changed = False
        for name, item in value.items():
            new = item
            if isinstance(item, str | dict | list) or (keys_matter and item is not None):
                inner = inner_key(key, name) if keys_matter else name
                new = _walk(item, inner, child(pointer, name), text, keys_matter=keys_matter, keep_items=keep_items)
            changed = changed or new is not item
            if new is not _ABSENT:
                made[name] = new
        return made if changed else value
    if isinstance(value, list):
        inner = item_key(key) if keys_matter else ""
        items = [
            _walk(item, inner, f"{pointer}/{index}", text, keys_matter=keys_matter, keep_items=keep_items)
            for index, item in enumerate(value)
        ]
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        return [None if item is _ABSENT else item for item in items if keep_items or item is not _ABSENT]
    return conceal(value, key, keys_matter=keys_matter)


class _Template:
    """One text with variables in it."""

    def __init__(self, text: str, environ: Mapping[str, str], pointer: str, filled: Filled) -> None:
        self.text = text
        self.environ = environ
        self.pointer = pointer
        self.filled = filled
        self.names: list[str] = []
        self.depth = 0

    def read(self) -> tuple[Any, str]:
        """The text filled in, or `_ABSENT`, and the same as it may be shown."""
        start = _START.match(self.text)
        if start is not None and start.group() == "${" and _closing(self.text, 2) == len(self.text) - 1:
            return self._variable(self.text[2:-1], alone=True)
        return self._fill(self.text)

    def _fill(self, text: str) -> tuple[str, str]:
        made: list[str] = []
        shown: list[str] = []
        position = 0
        while (match := _START.search(text, position)) is not None:
            made.append(text[position : match.start()])
            shown.append(text[position : match.start()])
            position = match.end()
            if match.group() == "$${":
                made.append("${")
                shown.append("${")
                continue
            end = _closing(text, position)
            if end is None:
                self._problem(
                    Code.VARIABLE_SYNTAX, "`${` is never closed", "close it with `}`, or write `$${` for the text"
                )
                return text, text
            value, display = self._variable(text[position:end], alone=False)
            made.append(str(value))
            shown.append(display)
            position = end + 1
        made.append(text[position:])
        shown.append(text[position:])
        return "".join(made), "".join(shown)

    def _variable(self, inside: str, *, alone: bool) -> tuple[Any, str]:
        if inside.startswith("file:"):
            return self._file(inside[5:])
        match = _NAME.match(inside)
        name = match.group() if match else ""
        rest = inside[len(name) :]
        if not name or (rest and rest[:2] not in {":-", ":?"}):
            self._problem(
                Code.VARIABLE_SYNTAX,
                f"`${{{name}{'...' if rest else ''}}}` is no variable",
                "write ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:PATH}, or $${ for the text `${`",
            )
            return "", ""
        self.names.append(name)
        value = self.environ.get(name)
        secret = is_secret_variable(name)
        if value is not None and (value or not rest):
            return value, MASK if secret and value else shown_url(value)
        if rest.startswith(":-"):
            if self.depth == _DEEPEST:
                self._problem(
                    Code.VARIABLE_SYNTAX,
                    f"defaults stand within defaults more than {_DEEPEST} deep",
                    "write it flatter",
                )
                return "", ""
            self.depth += 1
            made, shown = self._fill(rest[2:])
            self.depth -= 1
            return made, MASK if secret and made else shown
        if rest.startswith(":?"):
            reason = rest[2:] or f"{name} is not set"
            self._problem(
                Code.VARIABLE_REQUIRED, f"{name} must be set: {reason}", f"set the environment variable {name}"
            )
            return "", ""
        if alone:
            return _ABSENT, ""
        self._problem(
            Code.VARIABLE_UNSET,
            f"the variable {name} is not set",
            f"set it, or write ${{{name}:-}} where it may be empty",
        )
        return "", ""

    def _file(self, path: str) -> tuple[str, str]:
        self.names.append(f"file:{path}")
        reason: str | None = None
        try:
            file = Path(path)
            if not file.is_file():
                reason = "there is no such file"
            elif file.stat().st_size > _FILE_BYTES:
                reason = f"it is larger than {_FILE_BYTES} bytes"
            else:
                value = file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
                return value, MASK if value else ""
        except OSError as error:
            reason = error.strerror or "it cannot be read"
        except UnicodeDecodeError:
            reason = "it is not UTF-8"
        self._problem(Code.VARIABLE_FILE, f"{path} cannot be filled in: {reason}", "name a readable file of UTF-8 text")
        return "", ""

    def _problem(self, code: Code, message: str, hint: str) -> None:
        self.filled.problems.append(Problem(pointer=self.pointer, code=code, message=message, hint=hint))


def _closing(text: str, position: int) -> int | None:
    """Offset of the `}` that closes what was opened before `position`."""
    depth = 1
    while position < len(text):
        if text.startswith("${", position):
            depth += 1
            position += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None
