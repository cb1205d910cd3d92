"""What the configuration offers to those who use the REST API, compared with what was applied last."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from lbconf.plan.plan import Plan
from lbconf.plan.report import PartChange, PlanPart
from lbconf.project.resolved import Model, Project
from lbconf.records import replace
from lbconf.state.steps import Step

__all__ = ["Offers", "note_offers", "with_offers"]

VERSION: Final = 2
DIGEST: Final = 16
"""Hexadecimal digits of a model's digest: enough to tell whether it changed."""


class Offers:
    """The surfaces of a project's models, each made when it is first asked for."""

    def __init__(self, project: Project, *, noted: bool = True) -> None:
        """Take the project; `noted`: a ledger or a file may have to remember them."""
        self._project = project
        self.noted = noted
        self._digests: Mapping[str, str] | None = None
        self._surfaces: dict[str, Any] = {}

    def prepare(self) -> None:
        """Work out what will be asked for in any case."""
        self._digest()

    def text(self) -> str:
        """What the ledger keeps: JSON with the digest of each model, and all surfaces, compressed."""
        surfaces = {name: found for name in self._project.models if (found := self._surface(name)) is not None}
        packed = zlib.compress(_lines(surfaces).encode(), 6)
        document = {"version": VERSION, "digests": self._digest(), "surfaces": b64encode(packed).decode()}
        return json.dumps(document, separators=(",", ":"))

    def changes(self, before: str) -> tuple[PlanPart, ...]:
        """What differs from a text that the ledger kept; nothing where it kept none, or one of another version."""
        kept = _read(before)
        if kept is None:
            return ()
        known, surfaces = kept
        digests = self._digest()
        differ = {name for name in digests.keys() | known.keys() if digests.get(name) != known.get(name)}
        if not differ:
            return ()
        names = self._concerned(differ, known)
        try:
            return self._parts(names, _found(zlib.decompress(b64decode(surfaces)).decode(), names))
        except (zlib.error, ValueError, TypeError, LookupError, AttributeError):
            return ()  # not as lbconf wrote it

    def _parts(self, names: Iterable[str], before: Mapping[str, Any]) -> tuple[PlanPart, ...]:
        from lbconf.api.surface_changes import SurfaceChange, access_changes, api_changes  # here: most plans need none

        api: list[PartChange] = []
        access: list[PartChange] = []
        for name in sorted(names):
            model = self._project.models.get(name)
            old, new = before.get(name), self._surface(name)

            def told(found: SurfaceChange, model: Model | None = model) -> PartChange:
                prop = None if model is None else model.properties.get(found.property or "")
                source = None if model is None else model.location
                if prop is not None:
                    source = prop.location or source
                return PartChange(
                    action=found.action,
                    summary=found.summary,
                    reason=found.reason,
                    breaking=found.breaking,
                    source=source,
                )

            api.extend(map(told, api_changes(name, old, new)))
            access.extend(map(told, access_changes(name, old, new)))
        parts = (PlanPart(name="api", changes=tuple(api)), PlanPart(name="access", changes=tuple(access)))
        return tuple(part for part in parts if part.changes)

    def _surface(self, name: str) -> Any:
        if name not in self._surfaces:
            from lbconf.api.surface import model_surface  # here: most plans need none

            model = self._project.models.get(name)
            self._surfaces[name] = None if model is None else model_surface(self._project, model)
        return self._surfaces[name]

    def _concerned(self, differ: set[str], known: Collection[str]) -> set[str]:
        """Models that are written otherwise, those that build on them, and those related to ones that came or went."""
        models = self._project.models
        if "" in differ:
            return {*models, *known} - {""}
        moved = {name for name in differ if (name in models) != (name in known)}
        names = set(differ)
        for model in models.values():
            if not names.isdisjoint(model.ancestors) or (
                moved and not moved.isdisjoint(relation.target for relation in model.relations.values())
            ):
                names.add(model.name)
        return names

    def _digest(self) -> Mapping[str, str]:
        """Of each model as it is written, and under the empty name of what concerns them all."""
        if self._digests is None:
            declared = dict(self._project.declared)
            models = declared.pop("models", {})
            declared.pop("datasources", None)
            found = {"": _digest([declared, self._project.auth, self._project.layout.value])}
            found |= {name: _digest(models.get(name)) for name in self._project.models}
            self._digests = found
        return self._digests


def with_offers(plan: Plan, offers: Offers, before: str) -> Plan:
    """The plan with what changes for users of the REST API, and with what its ledger will remember of that.

    A plan without steps stays one: its database is as the models say. `note_offers` is for applying it.

    Args:
        plan: For one data source.
        offers: Of the project.
        before: What the data source's ledger kept; empty where it kept nothing, and where nothing is there to
            remember where the offers are not to be noted: making that text takes as long as reading the models.
    """
    parts = offers.changes(before)
    if not parts and not plan.steps:
        return plan
    return replace(plan, parts=parts, documents=offers.text() if offers.noted else "")


def note_offers(plan: Plan) -> Plan:
    """The plan with a step without statements where it has none and the offers changed: the ledger is told of them."""
    if plan.steps or not plan.parts or not plan.documents:
        return plan
    return replace(plan, steps=(Step(summary="note in the history what the API offers", statements=()),))


def _read(text: str) -> tuple[Mapping[str, Any], str] | None:
    """Digests by model, and the packed surfaces; None for what lbconf did not write so."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    match found:
        case {"version": int(version), "digests": dict(digests), "surfaces": str(surfaces)} if version == VERSION:
            return digests, surfaces
    return None


def _lines(surfaces: Mapping[str, Any]) -> str:
    """One model a line, so that a few can be read without the others."""
    written = (f"\n{_encode(name)} {_encode(surfaces[name])}" for name in sorted(surfaces))
    return "".join(written) + "\n"


def _found(lines: str, names: Iterable[str]) -> Mapping[str, Any]:
    """What `_lines` wrote of these models, where it wrote of them."""
    found: dict[str, Any] = {}
    for name in names:
        key = f"\n{_encode(name)} "
        start = lines.find(key)
        if start >= 0:
            begin = start + len(key)
            found[name] = json.loads(lines[begin : lines.index("\n", begin)])
    return found


_encode: Final = json.JSONEncoder(default=str, separators=(",", ":")).encode


def _digest(data: Any) -> str:
    """Of plain data; a secret counts as what it prints as."""
    return sha256(_encode(data).encode()).hexdigest()[:DIGEST]
