from datetime import UTC, datetime
from typing import Any

import pytest

from lbconf.diagnostics import Code, Severity
from lbconf.layers.secret import Secret
from lbconf.project.access_settings import access_settings, read_access
from lbconf.project.resolved import Layout
from tests.unit.project.merging import codes, examined, merged, native

DIGEST = "sha256:" + "0" * 64
LONG = "x" * 32
GOOD: dict[str, Any] = {"issuer": "https://id.example.com", "audience": "shop"}
USERS = native(Person={"base": "User", "acls": [{"permission": "ALLOW"}]}, Key={"properties": {"digest": "string"}})


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        pytest.param({"jwt": GOOD}, [], id="discovery"),
        pytest.param({"jwt": [GOOD, {"secret": LONG, "audience": "x"}]}, [], id="two issuers"),
        pytest.param({"jwt": {"audience": "x"}}, ["/jwt"], id="no key"),
        pytest.param({"jwt": {**GOOD, "publicKey": "x", "keyFile": "y"}}, ["/jwt/keyFile"], id="two keys"),
        pytest.param({"jwt": {**GOOD, "issuer": "http://id.example.com"}}, ["/jwt/issuer"], id="discovery without TLS"),
        pytest.param({"jwt": {**GOOD, "issuer": "id.example.com"}}, ["/jwt/issuer"], id="no URL"),
        pytest.param({"jwt": {**GOOD, "jwksUrl": "http://localhost:1/k"}}, [], id="keys on this machine"),
        pytest.param({"jwt": [{**GOOD, "jwksUrl": "ftp://x/k"}]}, ["/jwt/0/jwksUrl"], id="keys by FTP"),
        pytest.param({"jwt": {**GOOD, "algorithms": ["HS256"]}}, ["/jwt/algorithms"], id="HMAC with public keys"),
        pytest.param(
            {"jwt": {**GOOD, "secret": LONG, "algorithms": ["RS256"]}}, ["/jwt/algorithms"], id="RSA with a secret"
        ),
        pytest.param({"jwt": {**GOOD, "user": {"model": "Persn"}}}, ["/jwt/user/model"], id="no such model"),
        pytest.param(
            {"jwt": {**GOOD, "user": {"model": "Person", "property": "mail"}}}, ["/jwt/user/property"], id="property"
        ),
        pytest.param({"apiKeys": {"clients": [{"name": "a", "digest": DIGEST}], "model": "Key"}}, [], id="keys"),
        pytest.param({"apiKeys": {"clients": [{"digest": "abc"}]}}, ["/apiKeys/clients/0/digest"], id="no digest"),
        pytest.param(
            {"apiKeys": {"clients": [{"digest": DIGEST, "expires": "soon"}]}}, ["/apiKeys/clients/0/expires"], id="soon"
        ),
        pytest.param(
            {"apiKeys": {"clients": [{"digest": DIGEST, "userModel": "X"}]}},
            ["/apiKeys/clients/0/userModel"],
            id="user",
        ),
        pytest.param({"apiKeys": {"model": "Person"}}, ["/apiKeys/model"], id="a model without digests"),
        pytest.param({"apiKeys": {"model": "Nobody"}}, ["/apiKeys/model"], id="no model"),
        pytest.param({"redirects": ["https://a.example", "a.example"]}, ["/redirects/1"], id="no origin"),
        pytest.param({"redirects": ["https://a.example/path"]}, ["/redirects/0"], id="a path"),
    ],
)
@pytest.mark.parametrize("layout", ["native", "loopback"])
def test_what_cannot_be_used_is_told_where_it_stands(access: Any, expected: list[str], layout: str) -> None:
    loopback = layout == "loopback"
    server = {"lbconf": {"access": access}} if loopback else {"access": access}
    at = "/server/lbconf/access" if loopback else "/server/access"
    _, found = examined(merged(USERS, server=server, layout=layout))
    errors = tuple(one for one in found if one.severity is Severity.ERROR)
    assert codes(errors) == [(Code.SETTING_INVALID, at + pointer) for pointer in expected]


@pytest.mark.parametrize(
    ("access", "pointer"),
    [
        ({"jwt": {"issuer": "https://id.example.com"}}, "/server/access/jwt"),
        ({"jwt": {"audience": "x", "secret": "short"}}, "/server/access/jwt/secret"),
    ],
)
def test_what_is_not_safe_is_a_warning(access: Any, pointer: str) -> None:
    _, found = examined(merged(USERS, server={"access": access}))
    assert [(one.severity, one.location.pointer) for one in found if one.location] == [(Severity.WARNING, pointer)]


@pytest.mark.parametrize(
    ("access", "code"),
    [
        ({"jwt": {**GOOD, "algorithms": ["none"]}}, Code.VALUE_UNKNOWN),
        ({"jwt": {**GOOD, "leeway": -1}}, Code.VALUE_TYPE),
        ({"storeTokens": "hash"}, Code.VALUE_UNKNOWN),
        ({"login": {"attempts": 0}}, Code.VALUE_TYPE),
        ({"tokens": {}}, Code.KEY_UNKNOWN),
    ],
)
def test_what_has_the_wrong_shape_is_told(access: Any, code: Code) -> None:
    _, found = examined(merged(USERS, server={"access": access}))
    assert found[0].code in {code, Code.VALUE_TYPE, Code.VALUE_UNKNOWN}, found


def test_tokens_are_stored_as_digests_but_in_loopback_layouts() -> None:
    assert access_settings(examined(merged({}))[0]).digests
    assert not access_settings(examined(merged({}, layout="loopback"))[0]).digests
    own = {"lbconf": {"access": {"storeTokens": "digest"}}}
    assert access_settings(examined(merged({}, layout="loopback", server=own))[0]).digests
    assert not read_access({"access": {"storeTokens": "plain"}}, Layout.NATIVE).digests


def test_a_setting_of_another_application_is_left_alone() -> None:
    _, found = examined(merged(USERS, layout="loopback", server={"access": {"jwt": {"nonsense": 1}}}))
    assert not [one for one in found if one.severity is Severity.ERROR]


def test_settings_are_read_as_they_are_written() -> None:
    found = read_access(
        {
            "access": {
                "login": False,
                "redirects": ["https://Shop.example.com/"],
                "jwt": {
                    "secret": Secret("hidden"),
                    "audience": ["a", "b"],
                    "roles": {"claim": "realm.roles", "names": {"x": "y"}},
                },
                "apiKeys": {"clients": [{"digest": DIGEST, "expires": "2030-01-02"}]},
            }
        },
        Layout.NATIVE,
    )
    assert found.login is None
    assert found.redirects == {"https://shop.example.com"}
    (issuer,) = found.jwt
    assert (issuer.secret, issuer.algorithms, issuer.audience) == ("hidden", ("HS256",), ("a", "b"))
    assert (issuer.user_claim, issuer.roles_claim, issuer.role_names) == (("sub",), ("realm", "roles"), {"x": "y"})
    assert found.api_keys is not None
    assert found.api_keys.clients[0].expires == datetime(2030, 1, 2, tzinfo=UTC)


def test_users_must_be_written_to_before_they_can_confirm() -> None:
    models = native(Person={"base": "User", "emailVerificationRequired": True})
    db = {"connector": "memory"}
    mail = {"connector": "mail", "transports": [{"type": "smtp", "host": "mail.example.com"}]}
    _, found = examined(merged(models, datasources={"db": db}))
    assert codes(found) == [(Code.SETTING_MISSING, "/models/Person")]
    assert codes(examined(merged(models, datasources={"db": db, "mail": mail}))[1]) == []
    other = {"connector": "mail", "transports": [{"type": "ses"}]}
    _, found = examined(merged({}, datasources={"mail": other}))
    assert codes(found) == [(Code.SETTING_MISSING, "/datasources/mail")]


def test_no_two_users_of_a_native_project_have_one_address_in_the_database() -> None:
    project, _ = examined(merged(native(Person={"base": "User"})))
    assert {one.properties for one in project.models["Person"].uniques} == {("email",), ("username",)}
    realms = native(Person={"base": "User", "realmRequired": True, "realmDelimiter": ":"})
    project, _ = examined(merged(realms))
    assert {one.properties for one in project.models["Person"].uniques} == {("realm", "email"), ("realm", "username")}
    said = native(Person={"base": "User", "uniques": {"own": ["email"]}})
    project, _ = examined(merged(said))
    assert [one.name for one in project.models["Person"].uniques if one.properties == ("email",)] == ["own"]
    project, _ = examined(merged(native(Person={"base": "User"}), layout="loopback"))
    assert project.models["Person"].uniques == ()


def test_a_native_file_of_a_built_in_model_that_says_only_where_it_is_kept_attaches_it() -> None:
    user = {"type": "belongsTo", "model": "Person", "foreignKey": "userId"}
    models = {
        **native(Person={"base": "User"}),
        "AccessToken": {"wiring": {"dataSource": "db"}, "definition": {"public": False, "relations": {"user": user}}},
        "Role": {"wiring": {"dataSource": "db"}, "definition": {"properties": {"title": "string"}}},
    }
    project, _ = examined(merged(models))
    assert {"ttl", "scopes", "created", "userId"} < set(project.models["AccessToken"].properties)
    assert project.models["AccessToken"].relations["user"].target == "Person"
    assert set(project.models["Role"].properties) == {"id", "title"}
