"""The rule that decides, held against a plain second writing of LoopBack's resolution."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lbconf.api.access.gate import Gate, decide, ranked
from lbconf.api.endpoints import Endpoint
from lbconf.project.permissions import is_allowed
from lbconf.project.resolved import Acl, Layout, Model
from lbconf.records import replace

METHODS = ("find", "findById", "create", "patchAttributes", "updateAttributes", "login")
ACCESS = ("READ", "WRITE", "EXECUTE", "REPLICATE")
PRINCIPALS = (
    *(("ROLE", name) for name in ("$everyone", "$authenticated", "$unauthenticated", "$owner", "$related", "admin")),
    *(("USER", "1"), ("USER", "2"), ("APP", "1"), ("Staff", "1")),
)

rules = st.builds(
    Acl,
    principal_type=st.just(""),
    principal_id=st.just(""),
    permission=st.sampled_from(("ALLOW", "DENY", "AUDIT", "ALARM", "DEFAULT")),
    access_type=st.sampled_from((*ACCESS, "*")),
    properties=st.lists(st.sampled_from((*METHODS, "*")), min_size=1, max_size=3).map(tuple),
    model=st.sampled_from((None, "Order", "*")),
).flatmap(
    lambda rule: st.sampled_from(PRINCIPALS).map(lambda who: replace(rule, principal_type=who[0], principal_id=who[1]))
)
callers = st.frozensets(st.sampled_from(PRINCIPALS)).map(lambda who: who | {("ROLE", "$everyone")})
calls = st.tuples(
    st.sampled_from((("find",), ("findById",), ("create",), ("login",), ("patchAttributes", "updateAttributes"))),
    st.sampled_from(ACCESS),
)


def model(acls: list[Acl], default: str | None = None) -> Model:
    return Model(
        name="Order",
        plural="Orders",
        path="/Orders",
        base="PersistedModel",
        ancestors=("PersistedModel", "Model"),
        layout=Layout.NATIVE,
        data_source="db",
        public=True,
        properties={},
        acls=tuple(acls),
        settings={"defaultPermission": default} if default else {},
    )


def by_the_book(
    found: Model, call: tuple[tuple[str, ...], str], who: frozenset[tuple[str, str]], stored: list[Acl]
) -> bool:
    """Section by section: what fits, what it scores, the best one's permission."""
    names, access = call
    scored: list[tuple[int, str]] = []
    for rule, model_points in [(r, 3) for r in found.acls] + [(r, 2 if r.model == "*" else 3) for r in stored]:
        if (rule.principal_type, rule.principal_id) not in who:
            continue
        if set(rule.properties) & set(names):
            property_points = 3
        elif "*" in rule.properties:
            property_points = 2
        else:
            continue
        if rule.access_type in {access, "EXECUTE"} or (rule.access_type, access) == ("WRITE", "REPLICATE"):
            access_points = 3
        elif rule.access_type == "*":
            access_points = 2
        else:
            continue
        type_points = {"USER": 4, "APP": 3, "ROLE": 2}.get(rule.principal_type, 1)
        role_points = 0
        if rule.principal_type == "ROLE":
            role_points = {
                "$owner": 4, "$related": 3, "$authenticated": 2, "$unauthenticated": 2, "$everyone": 1,
            }.get(rule.principal_id, 5)  # fmt: skip
        strictness = {"DEFAULT": -1, "ALLOW": 0, "ALARM": 1, "AUDIT": 2, "DENY": 3}[rule.permission]
        score = model_points
        for weight, points in (
            (4, property_points),
            (4, access_points),
            (4, type_points),
            (8, role_points),
            (4, strictness),
        ):
            score = score * weight + points
        scored.append((score, rule.permission))
    default = found.settings.get("defaultPermission") or "ALLOW"
    best = max(scored, key=lambda one: one[0])[1] if scored else "DEFAULT"
    return (default if best == "DEFAULT" else best) != "DENY"


@given(st.lists(rules, max_size=8), calls, callers, st.sampled_from((None, "DENY", "ALLOW")))
def test_the_files_rules_decide_by_the_book(
    acls: list[Acl], call: tuple[tuple[str, ...], str], who: frozenset[tuple[str, str]], default: str | None
) -> None:
    found = model(acls, default)
    names, access = call
    expected = by_the_book(found, call, who, [])
    assert is_allowed(found, names, access, who) is expected
    gate = ranked(found, found.acls, names, access)
    assert _decided(gate, who, found) is expected


@given(st.lists(rules, max_size=6), st.lists(rules, max_size=4), calls, callers)
def test_rules_in_rows_are_weighed_with_the_files(
    acls: list[Acl], stored: list[Acl], call: tuple[tuple[str, ...], str], who: frozenset[tuple[str, str]]
) -> None:
    found = model(acls)
    names, access = call
    both = [*ranked(found, stored, names, access, stored=True), *ranked(found, found.acls, names, access)]
    assert _decided(sorted(both, key=lambda one: -one.score), who, found) is by_the_book(found, call, who, stored)


@given(st.lists(rules, max_size=8), calls, callers, st.frozensets(st.sampled_from(PRINCIPALS)))
def test_data_are_asked_only_where_they_could_change_the_outcome(
    acls: list[Acl],
    call: tuple[tuple[str, ...], str],
    who: frozenset[tuple[str, str]],
    hard: frozenset[tuple[str, str]],
) -> None:
    found = model(acls)
    gate = ranked(found, found.acls, *call)
    asked: list[Acl] = []

    def holds(rule: Acl) -> bool | None:
        subject = (rule.principal_type, rule.principal_id)
        return None if subject in hard else subject in who

    def surely(rule: Acl) -> bool:
        asked.append(rule)
        return (rule.principal_type, rule.principal_id) in who

    expected = by_the_book(found, call, who, [])
    assert decide(gate, holds, surely, default=True) is expected
    if all(one.allows for one in gate) or not any(holds(one.rule) is None for one in gate):
        assert not asked


@given(st.lists(rules, max_size=8), calls)
def test_what_is_open_is_open_to_every_caller(acls: list[Acl], call: tuple[tuple[str, ...], str]) -> None:
    found = model(acls)
    names, access = call
    gate = _gate(found, names, access)
    if gate.open:
        for who in ((), PRINCIPALS, *((one,) for one in PRINCIPALS)):
            assert by_the_book(found, call, frozenset(who) | {("ROLE", "$everyone")}, [])


def _gate(found: Model, names: tuple[str, ...], access: str) -> Gate:
    endpoint = Endpoint(model=found, method=names[0], action="find", verb="GET", path="/")
    return Gate(
        endpoint=endpoint,
        names=names,
        access=access,
        scopes=("DEFAULT",),
        rules=ranked(found, found.acls, names, access),
        default=True,
    )


def _decided(gate: Any, who: frozenset[tuple[str, str]], found: Model) -> bool:
    default = found.settings.get("defaultPermission") != "DENY"
    held = lambda rule: (rule.principal_type, rule.principal_id) in who  # noqa: E731 - a fact of the example
    return decide(gate, held, held, default=default)
