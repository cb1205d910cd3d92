"""A module of a project as its text says, without running it: which functions are marked, and what they take."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from lbconf.code import marks
from lbconf.code.marks import HOOKS, REMOTE_HOOKS, Kind
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.records import dataclass

__all__ = ["FoundFunction", "FoundModule", "module_path", "read_module"]

_KINDS: Final[Mapping[str, Kind]] = {
    **HOOKS,
    **REMOTE_HOOKS,
    "remote": Kind.REMOTE,
    "validator": Kind.VALIDATOR,
    "role": Kind.ROLE,
    "boot": Kind.BOOT,
}
_PACKAGE: Final = "lbconf.code"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMark:
    """A decorator of lbconf on a function."""

    kind: Kind
    name: str | None
    """Its first argument, where that is written out; None where it has none or it is worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFunction:
    """One function of a module that some decorator of lbconf marks."""

    name: str
    marks: tuple[FoundMark, ...]
    required: tuple[str, ...]
    """Parameters without a default that may be given by place, in their order."""
    optional: tuple[str, ...]
    """Parameters with a default that may be given by place."""
    named: tuple[str, ...]
    """Parameters without a default that must be given by name."""
    named_optional: tuple[str, ...]
    takes_more: bool
    """Whether it has `*args`."""
    takes_any: bool
    """Whether it has `**kwargs`."""
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModule:
    """One module."""

    name: str
    path: Path
    functions: tuple[FoundFunction, ...]


def module_path(root: Path, name: str) -> Path | None:
    """The file of a module below the project's folder; None where there is none."""
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    place = root.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def read_module(root: Path, name: str) -> FoundModule | Diagnostic:
    """The module, or what is wrong with its text."""
    path = module_path(root, name)
    if path is None:
        wanted = f"{name.replace('.', '/')}.py"
        return Diagnostic(
            code=Code.CODE_MISSING,
            message=f"there is no module {name} in the project",
            hint=f"lbconf looks for {wanted} below {root}",
        )
    shown = path.relative_to(root).as_posix()
    try:
        tree = ast.parse(path.read_bytes(), filename=shown)
    except (SyntaxError, ValueError) as problem:
        line, column = getattr(problem, "lineno", None) or 1, getattr(problem, "offset", None) or 1
        return Diagnostic(
            code=Code.CODE_UNREADABLE,
            message=f"Python cannot read it: {getattr(problem, 'msg', problem)}",
            location=Location(file=shown, line=line, column=max(column, 1)),
        )
    except OSError as problem:
        return Diagnostic(code=Code.CODE_UNREADABLE, message=f"{shown} cannot be read: {problem.strerror}")
    return FoundModule(name=name, path=path, functions=tuple(_functions(tree, shown)))


def _functions(tree: ast.Module, shown: str) -> Iterator[FoundFunction]:
    names = dict(_names(tree))
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found = tuple(mark for item in node.decorator_list if (mark := _mark(item, names)) is not None)
        if found:
            yield _function(node, found, shown)


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What names of the module stand for, as far as they come from lbconf."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                for item in node.names:
                    if item.name == "*" and module == _PACKAGE:
                        yield from ((name, f"{_PACKAGE}.{name}") for name in marks.__all__)
                    else:
                        yield item.asname or item.name, f"{module}.{item.name}"
            case ast.Import():
                for item in node.names:
                    first = item.name.partition(".")[0]
                    yield (item.asname, item.name) if item.asname else (first, first)


def _mark(node: ast.expr, names: Mapping[str, str]) -> FoundMark | None:
    called = node.func if isinstance(node, ast.Call) else node
    dotted = _dotted(called)
    if dotted is None:
        return None
    first, _, rest = dotted.partition(".")
    whole = f"{names.get(first, first)}{'.' if rest else ''}{rest}"
    kind = _KINDS.get(whole.removeprefix(f"{_PACKAGE}.")) if whole.startswith(f"{_PACKAGE}.") else None
    if kind is None:
        return None
    written = node.args[0] if isinstance(node, ast.Call) and node.args else None
    text = written.value if isinstance(written, ast.Constant) and isinstance(written.value, str) else None
    return FoundMark(kind=kind, name=text)


def _dotted(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            before = _dotted(value)
            return None if before is None else f"{before}.{name}"
    return None


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, found: tuple[FoundMark, ...], shown: str) -> FoundFunction:
    takes = node.args
    placed = [argument.arg for argument in (*takes.posonlyargs, *takes.args)]
    count = len(placed) - len(takes.defaults)
    named = list(zip(takes.kwonlyargs, takes.kw_defaults, strict=True))
    return FoundFunction(
        name=node.name,
        marks=found,
        required=tuple(placed[:count]),
        optional=tuple(placed[count:]),
        named=tuple(argument.arg for argument, default in named if default is None),
        named_optional=tuple(argument.arg for argument, default in named if default is not None),
        takes_more=takes.vararg is not None,
        takes_any=takes.kwarg is not None,
        location=Location(file=shown, line=node.lineno, column=node.col_offset + 1),
    )
