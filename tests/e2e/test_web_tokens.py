"""JSON Web Tokens and API keys of a served project: whose are taken, which are not, keys that change."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lbconf.api.access.api_keys import key_digest, new_key
from tests.identity import Provider, provider
from tests.serving import Served, ask, served

READERS = [{"principalType": "ROLE", "principalId": "reader", "permission": "ALLOW", "accessType": "READ"}]
NOBODY = {"principalType": "ROLE", "principalId": "$everyone", "permission": "DENY"}
KEY, OLD_KEY = new_key(), new_key()
SECRET = "a secret of at least thirty-two bytes"


def write(root: Path, access: dict[str, Any], **environment: Any) -> Path:
    """A native project with an owned model, one for readers and keys as rows."""
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "server.json").write_text(json.dumps({"access": access, **environment}))
    (base / "datasources.json").write_text(json.dumps({"db": {"connector": "memory"}}))
    owned = [
        NOBODY,
        {"principalType": "ROLE", "principalId": "$owner", "permission": "ALLOW"},
        {"principalType": "ROLE", "principalId": "$authenticated", "permission": "ALLOW", "property": "create"},
    ]
    models: dict[str, Any] = {
        "Person": {
            "base": "User",
            "dataSource": "db",
            "acls": [{"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW", "property": "count"}],
        },
        "AccessToken": {
            "dataSource": "db",
            "public": False,
            "relations": {"user": {"type": "belongsTo", "model": "Person", "foreignKey": "userId"}},
        },
        "Note": {"dataSource": "db", "properties": {"text": "string", "userId": "integer"}, "acls": owned},
        "Report": {"dataSource": "db", "properties": {"text": "string"}, "acls": [NOBODY, *READERS]},
        "ClientKey": {
            "dataSource": "db",
            "properties": {
                "name": "string",
                "digest": "string",
                "userId": "integer",
                "roles": ["string"],
                "expires": "datetime",
            },
            "hidden": ["digest"],
            "acls": [{"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW"}],
        },
    }
    for name, definition in models.items():
        (base / "models" / f"{name}.json").write_text(json.dumps(definition))
    return root


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture(scope="module")
def server(issuer: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    access = {
        "currentUser": "me",
        "jwt": {
            "issuer": issuer.url,
            "audience": "shop",
            "algorithms": ["RS256", "ES256"],
            "leeway": 5,
            "refresh": 1,
            "user": {"model": "Person"},
            "roles": {"claim": "realm_access.roles", "names": {"report-reader": "reader"}},
        },
        "apiKeys": {
            "clients": [
                {"name": "nightly", "digest": key_digest(KEY), "roles": ["reader"]},
                {"name": "last year", "digest": key_digest(OLD_KEY), "roles": ["reader"], "expires": "2020-01-01"},
            ],
            "model": "ClientKey",
        },
    }
    with served(write(tmp_path_factory.mktemp("project"), access), variables={}) as found:
        yield found


def get(server: Served, path: str, token: str | None = None, **headers: str) -> tuple[int, Any, Any]:
    sent = {"authorization": f"Bearer {token}"} if token is not None else {}
    return ask(server, f"/api{path}", headers={**sent, **headers})


def reads(server: Served, token: str) -> int:
    return get(server, "/Reports", token)[0]


ROLES = {"realm_access": {"roles": ["report-reader"]}}


def test_the_roles_of_a_token_count_by_the_names_they_are_given(server: Served, issuer: Provider) -> None:
    assert get(server, "/Reports")[0] == 401
    assert reads(server, issuer.token("first", **ROLES)) == 200
    assert reads(server, issuer.token("first", realm_access={"roles": ["reader", "$owner"]})) == 403
    assert reads(server, issuer.token("first")) == 403


def test_the_subject_owns_what_carries_its_id(server: Served, issuer: Provider) -> None:
    owner, other = issuer.token("first", sub="7"), issuer.token("first", sub="8")
    sent = {"authorization": f"Bearer {owner}"}
    body = {"text": "mine", "userId": 7}
    assert ask(server, "/api/Notes", method="POST", body=body)[0] == 401
    status, made, _ = ask(server, "/api/Notes", method="POST", body=body, headers=sent)
    assert status == 200, made
    assert get(server, f"/Notes/{made['id']}", owner)[1]["text"] == "mine"
    assert get(server, f"/Notes/{made['id']}", other)[0] == 403
    assert get(server, f"/Notes/{made['id']}")[0] == 401


def test_the_literal_stands_for_the_own_id(server: Served, issuer: Provider) -> None:
    body = {"email": "me@example.com", "password": "secret"}
    status, made, _ = ask(server, "/api/People", method="POST", body=body)
    assert status == 200, made
    assert get(server, "/People/me", issuer.token("first", sub=str(made["id"])))[1]["email"] == "me@example.com"
    assert get(server, "/People/me")[0] == 401
    assert get(server, f"/People/{made['id']}", issuer.token("first", sub="99"))[0] == 403


def test_a_key_that_the_issuer_adds_is_found_and_one_it_takes_away_ends(server: Served, issuer: Provider) -> None:
    assert reads(server, issuer.token("first", **ROLES)) == 200
    issuer.add("second", kind="EC")
    token = issuer.token("second", **ROLES)
    deadline = time.monotonic() + 10
    while (status := reads(server, token)) != 200 and time.monotonic() < deadline:
        assert status == 401
        time.sleep(0.1)
    assert status == 200


def test_unknown_keys_are_asked_for_once_an_interval(issuer: Provider, tmp_path: Path) -> None:
    access = {"jwt": {"issuer": issuer.url, "audience": "shop", "refresh": 3600}}
    stranger = rsa.generate_private_key(65537, 2048)
    with served(write(tmp_path, access)) as server:
        issuer.asked.clear()
        for number in range(20):
            token = issuer.token(f"unknown-{number}", key=stranger)
            status, answer, headers = get(server, "/Reports", token)
            assert (status, answer["error"]["code"]) == (401, "INVALID_TOKEN")
            assert headers["www-authenticate"].startswith("Bearer")
        assert issuer.asked == ["/.well-known/openid-configuration", "/jwks"]


def forged(issuer: Provider) -> dict[str, str]:
    """Tokens that must not be taken, by what is wrong with them."""
    now = int(time.time())
    stranger, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    public = issuer.keys["first"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = issuer.token("first", **ROLES)
    head, body, signature = good.split(".")
    claims = {"iss": issuer.url, "aud": "shop", "sub": "1", "exp": now + 60, **ROLES}
    return {
        "expired": issuer.token("first", exp=now - 60, **ROLES),
        "without an end": issuer.token("first", exp=None, **ROLES),
        "not yet good": issuer.token("first", nbf=now + 600, **ROLES),
        "for others": issuer.token("first", aud="bank", **ROLES),
        "for nobody": issuer.token("first", aud=None, **ROLES),
        "of another issuer": issuer.token("first", iss="https://elsewhere.example", **ROLES),
        "without a subject": issuer.token("first", sub=None, **ROLES),
        "signed by another": issuer.token("first", key=stranger, **ROLES),
        "signed by another kind of key": issuer.token("first", key=curve, **ROLES),
        "without a signature": f"{head}.{body}.",
        "changed": f"{head}.{encoded(claims | {'sub': '2'})}.{signature}",
        "unsigned": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}.",
        "signed with the public key": hmac_signed(claims, public),
        "with a key of its own": issuer.token(
            "first",
            key=stranger,
            headers={"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))},
        ),
        "with the place of a key": issuer.token("first", key=stranger, headers={"jku": f"{issuer.url}/jwks"}),
        "with another id of the key": issuer.token("../first", key=issuer.keys["first"], **ROLES),
    }


def encoded(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def hmac_signed(claims: Any, key: bytes) -> str:
    """A token signed with HMAC and a public key as its secret, which libraries refuse to make."""
    import hashlib
    import hmac

    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{encoded(claims)}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def test_what_is_forged_or_out_of_date_is_refused(server: Served, issuer: Provider) -> None:
    got = {name: get(server, "/Reports", token) for name, token in forged(issuer).items()}
    assert {name: status for name, (status, _, _) in got.items()} == dict.fromkeys(got, 401)
    assert {answer["error"]["code"] for _, answer, _ in got.values()} == {"INVALID_TOKEN"}


def test_clocks_may_differ_a_little(server: Served, issuer: Provider) -> None:
    assert reads(server, issuer.token("first", exp=int(time.time()) - 2, **ROLES)) == 200


@pytest.mark.parametrize("text", ["eyJ", "eyJ.a.b", "eyJhbGciOiJSUzI1NiJ9.e30.", "a.b.c", "eyJ" + "x" * 20000 + ".a.b"])
def test_what_only_looks_like_a_token_is_nobody_or_refused(server: Served, text: str) -> None:
    assert reads(server, text) == 401


def test_an_issuer_that_is_away_is_told_and_asked_again(tmp_path: Path) -> None:
    with provider() as issuer:
        issuer.away = True
        access = {"jwt": {"issuer": issuer.url, "audience": "shop", "refresh": 1, "roles": {"claim": "roles"}}}
        with served(write(tmp_path, access)) as server:
            token = issuer.token("first", roles=["reader"])
            status, answer, headers = get(server, "/Reports", token)
            assert (status, answer["error"]["message"]) == (503, "The issuer of the token cannot be reached; try again")
            assert headers["retry-after"] == "1"
            issuer.away = False
            deadline = time.monotonic() + 10
            while (status := reads(server, token)) == 503 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert status == 200


def test_a_discovered_issuer_that_says_another_name_is_not_believed(tmp_path: Path) -> None:
    with provider() as issuer:
        issuer.issuer = "https://elsewhere.example"
        access = {"jwt": {"issuer": issuer.url, "audience": "shop", "roles": {"claim": "roles"}}}
        with served(write(tmp_path, access)) as server:
            assert reads(server, issuer.token("first", roles=["reader"])) == 503


def test_a_shared_secret_and_a_key_in_a_file_serve_as_well(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    project = write(
        tmp_path,
        {
            "jwt": [
                {"issuer": "secret", "audience": "shop", "secret": "${SHARED_SECRET}", "roles": {"claim": "scope"}},
                {
                    "issuer": "file",
                    "audience": "shop",
                    "keyFile": "key.pem",
                    "algorithms": ["ES256"],
                    "roles": {"claim": "roles"},
                },
            ]
        },
    )
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (project / "key.pem").write_bytes(pem)
    claims = {
        "aud": ["other", "shop"],
        "sub": "x",
        "exp": int(time.time()) + 60,
        "scope": "openid reader",
        "roles": ["reader"],
    }
    with served(project, variables={"SHARED_SECRET": SECRET}) as server:
        assert reads(server, jwt.encode({**claims, "iss": "secret"}, SECRET, "HS256")) == 200
        assert reads(server, jwt.encode({**claims, "iss": "secret"}, SECRET + "!", "HS256")) == 401
        assert reads(server, jwt.encode({**claims, "iss": "file"}, key, "ES256")) == 200
        assert reads(server, jwt.encode({**claims, "iss": "file"}, SECRET, "HS256")) == 401
        assert not any(SECRET in line for line in server.lines)


def test_an_api_key_is_taken_until_it_runs_out(server: Served) -> None:
    assert get(server, "/Reports", **{"x-api-key": KEY})[0] == 200
    for wrong in (OLD_KEY, new_key(), "", key_digest(KEY), "lbk_", "\xff"):
        status, answer, _ = get(server, "/Reports", **{"x-api-key": wrong})
        assert (status, answer["error"]["code"]) == (401, "INVALID_API_KEY")


def test_an_api_key_that_is_a_row_is_taken_until_the_row_goes(server: Served) -> None:
    key = new_key()
    row = {"name": "weekly", "digest": key_digest(key), "userId": 7, "roles": ["reader"]}
    status, made, _ = ask(server, "/api/ClientKeys", method="POST", body=row)
    assert status == 200
    assert get(server, "/Reports", **{"x-api-key": key})[0] == 200
    assert (
        ask(server, f"/api/ClientKeys/{made['id']}", method="PATCH", body={"expires": "2020-01-01T00:00:00Z"})[0] == 200
    )
    assert get(server, "/Reports", **{"x-api-key": key})[0] == 401
