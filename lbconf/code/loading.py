"""The project's code, imported: which functions belong to which model, in the order they run."""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeAlias

from lbconf.code.checking import code_findings
from lbconf.code.marks import HOOKS, REMOTE_HOOKS, Kind, Mark, marks_of
from lbconf.code.methods import methods_of
from lbconf.code.names import implemented
from lbconf.code.reading import module_path
from lbconf.diagnostics import Code, Diagnostic, Location, Severity
from lbconf.errors import ProjectError
from lbconf.project.resolved import Model, Project
from lbconf.records import dataclass, field

__all__ = ["NO_CODE", "Function", "ModelCode", "ProjectCode", "RemoteHook", "Validator", "failed_at", "load_code"]

Function: TypeAlias = Callable[..., Any]
RemoteHook: TypeAlias = tuple[str, Function]
"""A pattern of method names and what runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """A check of one property."""

    property: str
    function: Function
    message: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCode:
    """What runs for one model, functions of its bases first."""

    hooks: Mapping[Kind, tuple[Function, ...]] = field(default_factory=dict)
    """Operation hooks."""
    remote_hooks: Mapping[Kind, tuple[RemoteHook, ...]] = field(default_factory=dict)
    methods: Mapping[str, Function] = field(default_factory=dict)
    """By declared name, with `prototype.`."""
    validators: tuple[Validator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCode:
    """The functions of a project."""

    models: Mapping[str, ModelCode] = field(default_factory=dict)
    """Those that have any, by name."""
    roles: Mapping[str, Function] = field(default_factory=dict)
    boot: tuple[Function, ...] = ()


NO_CODE: Final = ProjectCode()


def load_code(project: Project) -> ProjectCode:
    """Import the project's modules and sort their functions. The project's folder is put on the module path.

    Raises:
        ProjectError: a module or a function is missing or wrong, or a module fails when it is imported.

    """
    names = dict.fromkeys((*project.code, *(name for model in project.models.values() for name in model.code)))
    wrong = [found for found in code_findings(project) if found.severity is Severity.ERROR]
    if wrong:
        raise ProjectError(wrong)
    if not names:
        return NO_CODE
    modules = {name: _imported(project.root, name) for name in names}
    marked = {name: tuple(_marked(module)) for name, module in modules.items()}
    everything = [pair for pairs in marked.values() for pair in pairs]
    return ProjectCode(
        models={
            model.name: _model_code(model, [pair for name in model.code for pair in marked[name]])
            for model in project.models.values()
            if model.code
        },
        roles={mark.name: function for mark, function in everything if mark.kind is Kind.ROLE and mark.name},
        boot=tuple(function for mark, function in everything if mark.kind is Kind.BOOT),
    )


def failed_at(root: Path, error: BaseException) -> Location | None:
    """The innermost place in the project's own files where it happened."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(root):
        shown = Path(error.filename).relative_to(root).as_posix()
        return Location(file=shown, line=error.lineno or 1, column=max(error.offset or 1, 1))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root):
            return Location(file=path.relative_to(root).as_posix(), line=frame.lineno or 1)
    return None


def _imported(root: Path, name: str) -> ModuleType:
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except Exception as problem:
        raise ProjectError(
            Diagnostic(
                code=Code.CODE_FAILED,
                message=f"the module {name} fails when it is imported: {type(problem).__name__}: {problem}",
                location=failed_at(root.resolve(), problem) or failed_at(root, problem),
            )
        ) from problem
    wanted = module_path(root, name)
    if wanted is None or module.__file__ is None or Path(module.__file__).resolve() != wanted.resolve():
        raise ProjectError(
            Diagnostic(
                code=Code.CODE_FAILED,
                message=f"Python finds another module {name} than the project's: {module.__file__}",
                hint="give the project's package a name that nothing else has",
            )
        )
    return module


def _marked(module: ModuleType) -> Iterator[tuple[Mark, Function]]:
    for value in vars(module).values():
        if callable(value) and getattr(value, "__module__", None) == module.__name__:
            for mark in marks_of(value):
                yield mark, value


def _model_code(model: Model, marked: Sequence[tuple[Mark, Function]]) -> ModelCode:
    declared = [method.name for method in methods_of(model)]
    methods: dict[str, Function] = {}
    for mark, function in marked:
        name = implemented(function.__name__, mark.name, declared) if mark.kind is Kind.REMOTE else None
        if name is not None:
            methods[name] = function
    return ModelCode(
        hooks=_sorted(marked, HOOKS.values()),
        remote_hooks={
            kind: tuple((mark.name or "**", function) for mark, function in marked if mark.kind is kind)
            for kind in REMOTE_HOOKS.values()
            if any(mark.kind is kind for mark, _ in marked)
        },
        methods=methods,
        validators=tuple(
            Validator(property=mark.name, function=function, message=mark.message, code=mark.code)
            for mark, function in marked
            if mark.kind is Kind.VALIDATOR and mark.name
        ),
    )


def _sorted(
    marked: Sequence[tuple[Mark, Function]], kinds: "Iterator[Kind] | Sequence[Kind] | Any"
) -> dict[Kind, tuple[Function, ...]]:
    found: dict[Kind, tuple[Function, ...]] = {}
    for kind in kinds:
        functions = tuple(function for mark, function in marked if mark.kind is kind)
        if functions:
            found[kind] = functions
    return found
