"""Access rules: the score decides."""

import pytest

from lbconf.project.permissions import Principal, is_allowed
from lbconf.project.resolved import Acl, Layout, Model

ANONYMOUS: tuple[Principal, ...] = (("ROLE", "$everyone"), ("ROLE", "$unauthenticated"))
USER: tuple[Principal, ...] = (("ROLE", "$everyone"), ("ROLE", "$authenticated"), ("USER", "42"))
OWNER: tuple[Principal, ...] = (*USER, ("ROLE", "$owner"))


def model(*acls: Acl, **settings: object) -> Model:
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
        acls=acls,
        settings=settings,
    )


def rule(who: str, permission: str, access: str = "*", *properties: str, kind: str = "ROLE") -> Acl:
    return Acl(
        principal_type=kind,
        principal_id=who,
        permission=permission,
        access_type=access,
        properties=properties or ("*",),
    )


DENIED = rule("$everyone", "DENY")


@pytest.mark.parametrize(
    ("acls", "method", "access", "principals", "allowed"),
    [
        ((), "find", "READ", ANONYMOUS, True),
        ((DENIED,), "find", "READ", OWNER, False),
        ((DENIED, rule("$authenticated", "ALLOW", "READ")), "find", "READ", USER, True),
        ((DENIED, rule("$authenticated", "ALLOW", "READ")), "find", "READ", ANONYMOUS, False),
        ((DENIED, rule("$authenticated", "ALLOW", "READ")), "create", "WRITE", USER, False),
        ((DENIED, rule("$owner", "ALLOW")), "deleteById", "WRITE", OWNER, True),
        ((DENIED, rule("$everyone", "ALLOW", "EXECUTE")), "find", "READ", ANONYMOUS, True),
        # A method's name beats an access type, which beats who it is.
        ((rule("$owner", "DENY", "READ"), rule("$everyone", "ALLOW", "*", "find")), "find", "READ", OWNER, True),
        ((rule("42", "ALLOW", kind="USER"), rule("$everyone", "DENY", "READ")), "find", "READ", USER, False),
        ((rule("42", "ALLOW", kind="USER"), rule("$everyone", "DENY")), "find", "READ", USER, True),
        # Of two that fit as well, the stricter.
        ((rule("$everyone", "ALLOW"), rule("$everyone", "DENY")), "find", "READ", ANONYMOUS, False),
        ((rule("$everyone", "DENY"), rule("$everyone", "ALLOW")), "find", "READ", ANONYMOUS, False),
        ((rule("$everyone", "AUDIT"), rule("$everyone", "ALLOW")), "find", "READ", ANONYMOUS, True),
    ],
)
def test_the_rule_that_fits_best_decides(
    *, acls: tuple[Acl, ...], method: str, access: str, principals: tuple[Principal, ...], allowed: bool
) -> None:
    assert is_allowed(model(*acls), [method], access, principals) is allowed


def test_where_no_rule_fits_the_model_s_default_decides() -> None:
    assert not is_allowed(model(defaultPermission="DENY"), ["find"], "READ", ANONYMOUS)


def test_an_alias_is_the_method() -> None:
    found = model(rule("$everyone", "DENY", "*", "updateAttributes"))
    assert not is_allowed(found, ["patchAttributes", "updateAttributes"], "WRITE", OWNER)
