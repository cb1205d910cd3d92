"""What two surfaces differ in, and whether somebody who relied on the first is let down by the second."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.api.surface import Surface
from lbconf.records import dataclass

__all__ = ["SurfaceChange", "access_changes", "api_changes"]

VERBS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
NULL: Final = "null"
LISTED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceChange:
    """One difference."""

    action: str
    """`add`, `change` or `destroy`."""
    summary: str
    reason: str = ""
    breaking: bool = False
    property: str | None = None
    """The property it is about, where it is about one."""


def api_changes(name: str, before: Surface | None, after: Surface | None) -> Iterator[SurfaceChange]:
    """Routes and properties of one model that appear, change or vanish. None: it has no REST API on that side."""
    if before is None or after is None:
        yield from _whole(name, before, after)
        return
    if before["path"] != after["path"]:
        summary = f"path of {name}: {before['path']} -> {after['path']}"
        yield SurfaceChange(action="change", summary=summary, reason="every route of it is another", breaking=True)
    yield from _routes(before, after)
    yield from _answered(name, before["answer"], after["answer"])
    if "new" in before and "new" in after:
        yield from _taken(name, before, after)


def access_changes(name: str, before: Surface | None, after: Surface | None) -> Iterator[SurfaceChange]:
    """Who gains or loses what on one model."""
    if before is None and after is None:
        return
    one, two = ({} if side is None else side for side in (before, after))
    known = {**one.get("callers", {}), **two.get("callers", {})}
    differences = {who: _difference(who, one, two) for who in (*known, "$unauthenticated", "$authenticated", "$owner")}
    path = str((after or before or {}).get("path", ""))
    told: list[tuple[frozenset[str], frozenset[str]]] = []
    anonymous, logged_in = differences.pop("$unauthenticated"), differences.pop("$authenticated")
    both = (anonymous[0] & logged_in[0], anonymous[1] & logged_in[1])
    yield from _told("everyone", name, both, path)
    yield from _told("anonymous callers", name, _without(anonymous, both), path)
    yield from _told("logged-in users", name, _without(logged_in, both), path)
    told.append(logged_in)
    yield from _told("owners", name, _without(differences.pop("$owner"), logged_in), path)
    for who in sorted(differences):
        yield from _told(f"role {who}" if " " not in who else who, name, _without(differences[who], logged_in), path)


def _whole(name: str, before: Surface | None, after: Surface | None) -> Iterator[SurfaceChange]:
    found = after or before
    if found is None:
        return
    routes = f"{len(found['routes'])} routes at {found['path']}"
    if before is None:
        yield SurfaceChange(action="add", summary=f"{name}: {routes}")
    else:
        reason = "the model has no REST API any more"
        yield SurfaceChange(action="destroy", summary=f"{name}: {routes}", reason=reason, breaking=True)


def _routes(before: Surface, after: Surface) -> Iterator[SurfaceChange]:
    one, two, path = before["routes"], after["routes"], after["path"]

    def shown(route: str) -> str:
        verb, _, rest = route.partition(" ")
        return f"{verb} {path}{'' if rest == '/' else rest}"

    for route in sorted(one.keys() - two.keys()):
        yield SurfaceChange(action="destroy", summary=shown(route), reason=one[route][0], breaking=True)
    for route in sorted(two.keys() - one.keys()):
        yield SurfaceChange(action="add", summary=shown(route), reason=two[route][0])
    for route in sorted(one.keys() & two.keys()):
        if one[route][1:] != two[route][1:]:
            summary = f"{shown(route)}: takes or gives something else"
            yield SurfaceChange(action="change", summary=summary, reason=two[route][0], breaking=True)


def _answered(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[SurfaceChange]:
    """What an answer holds: less is breaking, and what its reader would not expect."""
    for prop in sorted(before.keys() - after.keys()):
        reason = "answers do not hold it any more"
        yield SurfaceChange(
            action="destroy", summary=f"property {name}.{prop}", reason=reason, breaking=True, property=prop
        )
    for prop in sorted(after.keys() - before.keys()):
        yield SurfaceChange(action="add", summary=f"property {name}.{prop}", reason="answers hold it", property=prop)
    for prop in sorted(before.keys() & after.keys()):
        if _shape(before[prop]) != _shape(after[prop]):
            breaking = not _fits(after[prop], before[prop])
            summary = f"property {name}.{prop}: {_words(before[prop])} -> {_words(after[prop])}"
            reason = "answers hold what they could not hold before" if breaking else "answers hold less than they could"
            yield SurfaceChange(action="change", summary=summary, reason=reason, breaking=breaking, property=prop)


def _taken(name: str, before: Surface, after: Surface) -> Iterator[SurfaceChange]:
    """What a body may hold: demanding more, or taking less, is breaking."""
    one, two = before["new"], after["new"]
    for prop in sorted(set(after["required"]) - set(before["required"])):
        reason = "a new instance without it is refused"
        yield SurfaceChange(
            action="change", summary=f"property {name}.{prop} is required", reason=reason, breaking=True, property=prop
        )
    for prop in sorted(set(before["required"]) - set(after["required"])):
        if prop in two:
            yield SurfaceChange(
                action="change", summary=f"property {name}.{prop} is not required any more", property=prop
            )
    for prop in sorted(one.keys() & two.keys()):
        if _shape(one[prop]) != _shape(two[prop]) and not _fits(one[prop], two[prop]):
            summary = f"property {name}.{prop}: takes less ({_words(one[prop])} -> {_words(two[prop])})"
            reason = "values that were good are refused"
            yield SurfaceChange(action="change", summary=summary, reason=reason, breaking=True, property=prop)
    if after["closed"] and not before["closed"]:
        summary, reason = f"{name}: unknown properties", "they are refused now"
        yield SurfaceChange(action="change", summary=summary, reason=reason, breaking=True)


def _shape(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What matters to a program."""
    return {key: value for key, value in schema.items() if key not in {"description", "default", "readOnly"}}


def _fits(value: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """Whether every value of one schema is good for another. Careful: says no where it cannot tell."""
    one, two = _shape(value), _shape(place)
    if not two or one == two:
        return True
    kinds, wanted = _types(one), _types(two)
    if not kinds or not wanted or not (kinds <= wanted or (kinds - {"integer"} <= wanted and "number" in wanted)):
        return False
    enum, allowed = one.get("enum"), two.get("enum")
    if allowed is not None and (enum is None or not set(enum) <= set(allowed)):
        return False
    longest = two.get("maxLength")
    if longest is not None and (one.get("maxLength") is None or one["maxLength"] > longest):
        return False
    rest = {"type", "enum", "maxLength"}
    if one.get("format") == "int32" and two.get("format") == "int64":
        rest |= {"format"}
    if two.get("format") is None or (kinds == {"integer"} and "number" in wanted):
        rest |= {"format"}
    return {k: v for k, v in one.items() if k not in rest} == {k: v for k, v in two.items() if k not in rest}


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    written = schema.get("type")
    return frozenset(written) if isinstance(written, list) else frozenset(() if written is None else (written,))


def _words(schema: Mapping[str, Any]) -> str:
    """A schema as people say it: `string (40) or null`."""
    kinds = sorted(_types(schema) - {NULL})
    text = " or ".join(kinds) or ("one of several" if "anyOf" in schema else "anything")
    if "format" in schema:
        text += f" ({schema['format']})"
    if "maxLength" in schema:
        text += f" of at most {schema['maxLength']}"
    if "enum" in schema:
        text += f" in {', '.join(str(value) for value in schema['enum'] if value is not None)}"
    return f"{text} or null" if NULL in _types(schema) else text


def _difference(who: str, before: Surface, after: Surface) -> tuple[frozenset[str], frozenset[str]]:
    """Routes that a caller gains and loses."""
    one, two = (_open(who, side) for side in (before, after))
    return two - one, one - two


def _open(who: str, side: Surface) -> frozenset[str]:
    """Routes that a caller may call; a role that no rule names is as good as any logged-in user."""
    if "callers" not in side:
        return frozenset(side.get("routes", ()))
    callers = side["callers"]
    return frozenset(callers.get(who, callers["$authenticated"]))


def _without(
    found: tuple[frozenset[str], frozenset[str]], told: tuple[frozenset[str], frozenset[str]]
) -> tuple[frozenset[str], frozenset[str]]:
    return found[0] - told[0], found[1] - told[1]


def _told(who: str, name: str, found: tuple[frozenset[str], frozenset[str]], path: str) -> Iterator[SurfaceChange]:
    one = who not in {"anonymous callers", "logged-in users", "owners"}
    for routes, word, action in ((found[0], "gain", "add"), (found[1], "lose", "destroy")):
        if routes:
            verbs = _verbs(routes)
            summary = f"{who} {word}{'s' if one else ''} {verbs} on {name}"
            reason = _listed(sorted(routes), path)
            yield SurfaceChange(action=action, summary=summary, reason=reason, breaking=action == "destroy")


def _verbs(routes: Collection[str]) -> str:
    found = [verb for verb in VERBS if any(route.startswith(f"{verb} ") for route in routes)]
    return ", ".join(found[:-1]) + (" and " if found[1:] else "") + found[-1]


def _listed(routes: Sequence[str], path: str) -> str:
    shown = [f"{verb} {path}{'' if rest == '/' else rest}" for verb, _, rest in (r.partition(" ") for r in routes)]
    more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
    return ", ".join(shown[:LISTED]) + more
