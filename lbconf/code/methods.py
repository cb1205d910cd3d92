"""Remote methods as the `methods` of a model declare them.

Source: LoopBack 3, documentation of remote methods.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.resolved import Model
from lbconf.records import dataclass

__all__ = ["MethodArgument", "MethodResult", "MethodRoute", "RemoteMethod", "method_findings", "methods_of"]

VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "get": ("GET",),
    "head": ("HEAD",),
    "post": ("POST",),
    "put": ("PUT",),
    "patch": ("PATCH",),
    "del": ("DELETE",),
    "delete": ("DELETE",),
    "all": ("GET", "POST", "PUT", "PATCH", "DELETE"),
}
SOURCES: Final = frozenset({"body", "form", "formData", "query", "path", "header", "req", "res", "context"})
OPTIONS: Final = "optionsFromRequest"
PROTOTYPE: Final = "prototype."


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodArgument:
    """What a method takes."""

    name: str
    type: Any = "any"
    """Name of a type, a list with the type of the items, or an inline object type."""
    required: bool = False
    source: str | None = None
    """One of `SOURCES` or `options`; None: wherever a request has something of that name."""
    description: str = ""
    documented: bool = True
    allows_lists: bool = False
    """Of an object: whether a list of objects does too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """What a method gives."""

    name: str
    type: Any = "any"
    root: bool = False
    """Whether the answer is the value itself, not an object that holds it."""
    target: str | None = None
    """`status` or `header`, where it is no part of the body."""
    header: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRoute:
    """One verb and path of a method, below the model's path."""

    verb: str
    path: str
    """Placeholders in braces; begins with `/{id}` for methods of an instance."""
    status: int | None = None
    error_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMethod:
    """One remote method of one model."""

    name: str
    """`greet`, or `prototype.greet` for a method of an instance."""
    arguments: tuple[MethodArgument, ...] = ()
    results: tuple[MethodResult, ...] = ()
    routes: tuple[MethodRoute, ...] = ()
    description: str = ""
    notes: str = ""
    documented: bool = True
    shared: bool = True
    access_type: str | None = None
    access_scopes: tuple[str, ...] = ()

    @property
    def is_static(self) -> bool:
        """Whether it belongs to the model, not to one instance."""
        return not self.name.startswith(PROTOTYPE)

    @property
    def own_name(self) -> str:
        """Without `prototype.`."""
        return self.name.removeprefix(PROTOTYPE)


def methods_of(model: Model) -> tuple[RemoteMethod, ...]:
    """The methods that a model declares, in their order; what is no declaration is passed over."""
    return tuple(_method(name, said) for name, said in model.methods.items() if isinstance(said, Mapping))


def method_findings(model: Model) -> Iterator[Diagnostic]:
    """What is wrong with the declarations of a model's methods."""
    for name, said in model.methods.items():
        if not isinstance(said, Mapping):
            continue
        for problem, hint in _problems(said):
            severity = Severity.WARNING if model.layout.is_loopback else Severity.ERROR
            yield Diagnostic(
                code=Code.METHOD_INVALID,
                severity=severity,
                message=f"method {name} of model {model.name} {problem}",
                location=model.location,
                hint=hint,
            )


def _problems(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for route in _listed(said.get("http")):
        verb = route.get("verb") if isinstance(route, Mapping) else None
        if verb is not None and str(verb).lower() not in VERBS:
            yield f"has the HTTP verb {verb!r}, which does not exist", f"one of {', '.join(VERBS)}"
    seen: set[str] = set()
    for item in _listed(said.get("accepts")):
        if not isinstance(item, Mapping) or not isinstance(item.get("arg") or item.get("name"), str):
            yield "takes an argument without a name", 'say {"arg": "name", "type": "string"}'
            continue
        name = str(item.get("arg") or item.get("name"))
        if name in seen:
            yield f"takes {name} twice", "give each argument a name of its own"
        seen.add(name)
        http = item.get("http")
        source = http.get("source") if isinstance(http, Mapping) else None
        if source is not None and source not in SOURCES:
            yield f"takes {name} from {source!r}, which is no source", f"one of {', '.join(sorted(SOURCES))}"
    for item in _listed(said.get("returns")):
        if isinstance(item, Mapping) and str(item.get("type")) in {"ReadableStream", "WriteableStream", "DuplexStream"}:
            yield "returns a stream, which lbconf cannot give", "return the data, or a file as text or bytes"


def _method(key: str, said: Mapping[str, Any]) -> RemoteMethod:
    instance = key.startswith(PROTOTYPE) or said.get("isStatic") is False
    name = f"{PROTOTYPE}{key.removeprefix(PROTOTYPE)}" if instance else key
    accepts = [item for item in _listed(said.get("accepts")) if isinstance(item, Mapping)]
    returns = [item for item in _listed(said.get("returns")) if isinstance(item, Mapping)]
    scopes = said.get("accessScopes")
    return RemoteMethod(
        name=name,
        arguments=tuple(_argument(item) for item in accepts if item.get("arg") or item.get("name")),
        results=tuple(_result(item) for item in returns if item.get("arg") or item.get("name") or item.get("root")),
        routes=tuple(_routes(name, said.get("http"))),
        description=_prose(said.get("description")),
        notes=_prose(said.get("notes")),
        documented=said.get("documented") is not False,
        shared=said.get("shared") is not False,
        access_type=said["accessType"].upper() if isinstance(said.get("accessType"), str) else None,
        access_scopes=tuple(map(str, scopes)) if isinstance(scopes, list | tuple) else (),
    )


def _argument(item: Mapping[str, Any]) -> MethodArgument:
    http = item.get("http")
    source = http.get("source") if isinstance(http, Mapping) else None
    if http == OPTIONS or item.get("type") == OPTIONS:
        source = "options"
    return MethodArgument(
        name=str(item.get("arg") or item.get("name")),
        type=_type(item.get("type")),
        required=bool(item.get("required")),
        source=source if source == "options" or source in SOURCES else None,
        description=_prose(item.get("description")),
        documented=item.get("documented") is not False,
        allows_lists=bool(item.get("allowArray")),
    )


def _result(item: Mapping[str, Any]) -> MethodResult:
    http = item.get("http")
    target = http.get("target") if isinstance(http, Mapping) else None
    header = http.get("header") if isinstance(http, Mapping) else None
    return MethodResult(
        name=str(item.get("arg") or item.get("name") or "result"),
        type=_type(item.get("type")),
        root=bool(item.get("root")),
        target=target if target in {"status", "header"} else None,
        header=header if isinstance(header, str) else None,
        description=_prose(item.get("description")),
    )


def _routes(name: str, http: Any) -> Iterator[MethodRoute]:
    static = not name.startswith(PROTOTYPE)
    own = name.removeprefix(PROTOTYPE)
    listed = [route for route in _listed(http) if isinstance(route, Mapping)] or [{}]
    for route in listed:
        path = route.get("path")
        written = path if isinstance(path, str) and path else f"/{own}"
        segments = [_segment(part) for part in written.strip("/").split("/") if part]
        whole = "/" + "/".join(segments if static else ["{id}", *segments])
        for verb in VERBS.get(str(route.get("verb", "post")).lower(), ("POST",)):
            yield MethodRoute(
                verb=verb,
                path=whole,
                status=_status(route.get("status")),
                error_status=_status(route.get("errorStatus")),
            )


def _segment(part: str) -> str:
    return f"{{{part[1:]}}}" if part.startswith(":") and len(part) > 1 else part


def _status(written: Any) -> int | None:
    if isinstance(written, str) and written.isdecimal():
        written = int(written)
    return written if isinstance(written, int) and not isinstance(written, bool) and 100 <= written < 600 else None  # noqa: PLR2004 - HTTP


def _type(written: Any) -> Any:
    return "any" if written is None or written == "" else written


def _prose(written: Any) -> str:
    if isinstance(written, Sequence) and not isinstance(written, str):
        return "\n".join(map(str, written))
    return written if isinstance(written, str) else ""


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
