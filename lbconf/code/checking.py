"""Whether the code that a project names is there and fits what it declares; nothing of it is run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lbconf.code.marks import HOOKS, REMOTE_HOOKS, Kind
from lbconf.code.methods import RemoteMethod, method_findings, methods_of
from lbconf.code.names import implemented, parameter_of
from lbconf.code.reading import FoundFunction, FoundModule, read_module
from lbconf.diagnostics import Code, Diagnostic, Location, Severity, nearest
from lbconf.project.resolved import Model, Project
from lbconf.records import replace

__all__ = ["code_findings"]

_TAKES = dict.fromkeys((*HOOKS.values(), *REMOTE_HOOKS.values(), Kind.ROLE, Kind.BOOT), 1) | {Kind.VALIDATOR: 2}
_SHOWN = {1: "(context)", 2: "(value, row)"}


def code_findings(project: Project) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with the project's code as far as its text tells."""
    found: list[Diagnostic] = []
    modules: dict[str, FoundModule | None] = {}
    users: dict[str, list[Model]] = {}
    for model in project.models.values():
        for name in model.code:
            users.setdefault(name, []).append(model)
    for name in dict.fromkeys((*project.code, *users)):
        read = read_module(project.root, name)
        if isinstance(read, FoundModule):
            modules[name] = read
            continue
        modules[name] = None
        found.append(read if read.location is not None else replace(read, location=_named_at(project, name, users)))
    for name, module in modules.items():
        if module is not None:
            for function in module.functions:
                found.extend(_function_findings(function, users.get(name, ())))
    for model in project.models.values():
        if not model.methods:
            continue
        found.extend(method_findings(model))
        found.extend(_missing(model, [modules[name] for name in model.code]))
    return tuple(dict.fromkeys(found))


def _named_at(project: Project, name: str, users: Mapping[str, Sequence[Model]]) -> Location | None:
    """Where the project names a module, or else the first model that has it."""
    if name in project.code_locations:
        return project.code_locations[name]
    models = users.get(name, ())
    named = [model.code_locations[name] for model in models if name in model.code_locations]
    return named[0] if named else next((model.location for model in models), None)


def _missing(model: Model, modules: Iterable[FoundModule | None]) -> Iterator[Diagnostic]:
    """Declared methods without a function."""
    known = list(modules)
    if any(module is None for module in known):
        return  # it may be in the one that cannot be read
    declared = [method.name for method in methods_of(model) if method.shared]
    there = {
        implemented(function.name, mark.name, declared)
        for module in known
        if module is not None
        for function in module.functions
        for mark in function.marks
        if mark.kind is Kind.REMOTE
    }
    for name in declared:
        if name not in there:
            loopback = model.layout.is_loopback
            key = "pythonCode" if loopback else "code"
            hint = f'write a function @remote("{name}") in a module that `{key}` of the model names'
            yield Diagnostic(
                code=Code.METHOD_UNIMPLEMENTED,
                severity=Severity.WARNING if loopback else Severity.ERROR,
                message=f"no Python function implements the method {name} of model {model.name}",
                location=model.location,
                hint=f"{hint}; until then it answers 501" if loopback else hint,
            )


def _function_findings(function: FoundFunction, users: Iterable[Model]) -> Iterator[Diagnostic]:
    models = list(users)
    for mark in function.marks:
        if mark.kind is Kind.REMOTE:
            yield from _remote_findings(function, mark.name, models)
        elif not _takes(function, _TAKES[mark.kind]):
            wanted = _SHOWN[_TAKES[mark.kind]]
            yield _signature(function, f"a {mark.kind.value} function takes {wanted}", f"def {function.name}{wanted}:")
        elif not models and mark.kind not in {Kind.ROLE, Kind.BOOT}:
            yield Diagnostic(
                code=Code.CODE_SIGNATURE,
                message=f"{function.name} is for a model ({mark.kind.value}), but no model names its module",
                location=function.location,
                hint="name the module under `code` of the model",
            )


def _remote_findings(function: FoundFunction, said: str | None, models: list[Model]) -> Iterator[Diagnostic]:
    declared: Mapping[str, RemoteMethod] = {
        method.name: method for model in models for method in methods_of(model) if method.shared
    }
    name = implemented(function.name, said, declared)
    if name is None:
        near = nearest(said or function.name, declared)
        wanted = f"{models[0].name} declares" if len(models) == 1 else "the models declare"
        yield Diagnostic(
            code=Code.METHOD_UNDECLARED,
            message=f"{function.name} implements a remote method {said or function.name} that no model declares",
            location=function.location,
            hint=f"did you mean {near}?" if near else f"{wanted} {', '.join(declared) or 'none'} under `methods`",
        )
        return
    yield from _arguments_findings(function, declared[name])


def _arguments_findings(function: FoundFunction, method: RemoteMethod) -> Iterator[Diagnostic]:
    shown = f"def {function.name}(context{''.join(f', {argument.name}' for argument in method.arguments)}):"
    if not function.required and not function.optional and not function.takes_more:
        yield _signature(function, "a remote method takes the context first", shown)
        return
    placed = (*function.required, *function.optional)[1:]
    parameters = {*placed, *function.named, *function.named_optional}
    given = {
        parameter for argument in method.arguments if (parameter := parameter_of(argument.name, parameters)) is not None
    }
    if not function.takes_any:
        lost = [a.name for a in method.arguments if parameter_of(a.name, parameters) is None]
        if lost:
            yield _signature(
                function, f"the method {method.name} takes {', '.join(lost)}, the function does not", shown
            )
    asked = [name for name in (*function.required[1:], *function.named) if name not in given]
    if asked:
        message = f"the function takes {', '.join(asked)}, which the method {method.name} does not declare"
        yield _signature(function, message, f"declare it under `accepts`, or write {shown}")


def _takes(function: FoundFunction, count: int) -> bool:
    """Whether it can be called with so many arguments by place."""
    if function.named:
        return False
    most = len(function.required) + len(function.optional)
    return len(function.required) <= count and (function.takes_more or count <= most)


def _signature(function: FoundFunction, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code=Code.CODE_SIGNATURE, message=message, location=function.location, hint=hint)
