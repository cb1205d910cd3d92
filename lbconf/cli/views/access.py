"""A decision of access control as text or JSON."""

import json
from typing import Any

from lbconf.api.access.explain import Considered, Explanation
from lbconf.cli.output import paint
from lbconf.project.resolved import Acl

__all__ = ["render_json", "render_text"]


def render_text(explanation: Explanation, *, color: bool) -> str:
    """What is asked, the decision and why, then every rule: score, whom it is for, what it says, where it stands."""
    gate = explanation.gate
    endpoint = gate.endpoint
    about = "" if explanation.id is None else f", instance {explanation.id}"
    lines = [
        f"{explanation.caller} asks {endpoint.model.name}.{endpoint.method} ({gate.access}{about})",
        f"{_verdict(explanation, color=color)}: {explanation.reason}",
    ]
    if explanation.considered:
        lines.append("")
        lines.extend(_lines(explanation.considered, color=color))
    if explanation.note is not None:
        lines += ["", explanation.note]
    return "\n".join(lines) + "\n"


def render_json(explanation: Explanation) -> str:
    """One object: the call, the decision, `rules` with scores, the deciding one marked."""
    gate = explanation.gate
    endpoint = gate.endpoint
    return (
        json.dumps(
            {
                "caller": explanation.caller,
                "model": endpoint.model.name,
                "method": endpoint.method,
                "names": list(gate.names),
                "accessType": gate.access,
                "scopes": list(gate.scopes),
                "id": explanation.id,
                "allowed": explanation.allowed,
                "status": explanation.status,
                "reason": explanation.reason,
                "note": explanation.note,
                "rules": [_rule(one) for one in explanation.considered],
            },
            indent=2,
            ensure_ascii=False,
            default=str,
        )
        + "\n"
    )


def _verdict(explanation: Explanation, *, color: bool) -> str:
    match explanation.allowed:
        case True:
            return paint("allowed", "good", color=color)
        case False:
            return paint(f"refused with {explanation.status}", "bad", color=color)
        case _:
            return paint("it depends", "changed", color=color)


def _lines(rules: tuple[Considered, ...], *, color: bool) -> list[str]:
    rows = [("", "score", "rule", "for the caller", "where")]
    rows += [("=>" if one.decides else "", _score(one), _said(one.rule), _applies(one), _where(one)) for one in rules]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines: list[str] = []
    for place, row in enumerate(rows):
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        decides = place > 0 and rules[place - 1].decides
        dim = place == 0 or rules[place - 1].score is None
        lines.append(paint(text, "bold" if decides else "dim", color=color) if decides or dim else text)
    return lines


def _score(one: Considered) -> str:
    return "other call" if one.score is None else str(one.score)


def _said(rule: Acl) -> str:
    said = f"{rule.permission} {rule.principal_type} {rule.principal_id}"
    return f"{said}, {rule.access_type} of {', '.join(rule.properties)}"


def _applies(one: Considered) -> str:
    if one.score is None:
        return "-"
    return {True: "yes", False: "no", None: "not asked"}[one.applies]


def _where(one: Considered) -> str:
    if one.stored:
        return "a row"
    at = one.rule.location
    return "built in" if at is None else f"{at.file}:{at.line}"


def _rule(one: Considered) -> dict[str, Any]:
    rule, at = one.rule, one.rule.location
    return {
        "principalType": rule.principal_type,
        "principalId": rule.principal_id,
        "permission": rule.permission,
        "accessType": rule.access_type,
        "property": list(rule.properties),
        "score": one.score,
        "applies": one.applies,
        "decides": one.decides,
        "stored": one.stored,
        "file": at.file if at is not None else None,
        "line": at.line if at is not None else None,
    }
