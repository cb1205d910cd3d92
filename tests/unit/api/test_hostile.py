"""Requests of those who mean harm, each with the answer that it gets: tables, asked of one application in place."""

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.inside import Inside, Told, inside
from tests.place import made

SECRET = "a secret of at least thirty-two bytes"
DENY = "{principalType: ROLE, principalId: $everyone, permission: DENY}"
KNOWN = "principalType: ROLE, principalId: $authenticated, permission: ALLOW"
FILES = {
    "datasources.yaml": "db: {connector: sqlite, file: rows.db}\n",
    "server.yaml": f"""
port: 3000
access:
  currentUser: me
  jwt:
    - {{issuer: shop, audience: shop, secret: {SECRET}, roles: {{claim: roles}}, user: {{model: Person}}}}
    - {{issuer: others, audience: shop, secret: {SECRET}, roles: {{claim: roles}}}}
""",
    "models/person.yaml": f"""
name: Person
plural: people
base: User
dataSource: db
properties: {{id: {{type: integer, id: true, generated: true}}, secret: string}}
hidden: [secret]
relations: {{notes: {{type: hasMany, model: Note, foreignKey: personId}}}}
acls: [{{{KNOWN}, accessType: READ}}]
""",
    "models/access-token.yaml": """
name: AccessToken
dataSource: db
public: false
relations: {user: {type: belongsTo, model: Person, foreignKey: userId}}
""",
    "models/role.yaml": "name: Role\ndataSource: db\npublic: false\n",
    "models/role-mapping.yaml": "name: RoleMapping\ndataSource: db\npublic: false\n",
    "models/note.yaml": f"""
name: Note
dataSource: db
forceId: false
properties: {{id: {{type: string(40), id: true}}, text: string, pin: string, size: integer, facts: object}}
hidden: [pin]
relations: {{person: {{type: belongsTo, model: Person, foreignKey: personId, constraint: false}}}}
acls:
  - {DENY}
  - {{principalType: ROLE, principalId: $owner, permission: ALLOW}}
  - {{principalType: ROLE, principalId: keeper, permission: ALLOW}}
  - {{{KNOWN}, property: [create, find, count, aggregate]}}
""",
    "models/closed.yaml": f"""
name: Closed
plural: closed
dataSource: db
properties: {{id: {{type: integer, id: true, generated: true}}, noteId: string(40)}}
relations: {{note: {{type: belongsTo, model: Note, foreignKey: noteId, constraint: false}}}}
acls: [{DENY}]
""",
    "models/box.yaml": f"""
name: Box
dataSource: db
properties: {{id: {{type: integer, id: true, generated: true}}}}
relations: {{closed: {{type: belongsTo, model: Closed, foreignKey: closedId, constraint: false}}}}
acls: [{{{KNOWN}}}]
""",
}
NOW = int(time.time())
FAR = 10 * 3600  # seconds; a whole suite may run between this line and a test
HEAD = {"alg": "HS256", "typ": "JWT"}
CLAIMS = {"iss": "shop", "aud": "shop", "sub": "1", "exp": NOW + FAR}


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: Any, head: Any = HEAD) -> str:
    """A token that is signed well, whatever it says."""
    text = f"{part(head)}.{part(claims)}"
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{part(digest)}"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


ANN, BEN = bearer(signed(CLAIMS)), bearer(signed(CLAIMS | {"sub": "2"}))
OUTSIDER = bearer(signed(CLAIMS | {"iss": "others"}))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as found:
        yield found


@pytest.fixture(scope="module")
def app(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    root = tmp_path_factory.mktemp("hostile")
    place = made(root, None)
    for name, text in FILES.items():
        place.write(name, text)
    place.apply()
    (rows,) = root.rglob("rows.db")
    with sqlite3.connect(rows) as database:
        for number in (1, 2):
            values = (number, f"u{number}", f"u{number}@example.org", "x", f"s{number}")
            database.execute('INSERT INTO "Person" (id, username, email, password, secret) VALUES (?,?,?,?,?)', values)
            note = (f"n{number}", f"text {number}", f"{number}111", number)
            database.execute('INSERT INTO "Note" (id, text, pin, "personId") VALUES (?,?,?,?)', note)
        database.execute("INSERT INTO \"Role\" (id, name) VALUES ('k', 'keeper')")
        mapping = ("m", "USER", "7", "k")
        database.execute(
            'INSERT INTO "RoleMapping" (id, "principalType", "principalId", "roleId") VALUES (?,?,?,?)', mapping
        )
    database.close()
    running = inside(root)
    yield runner.run(running.__aenter__())
    runner.run(running.__aexit__(None, None, None))


@pytest.fixture
def ask(runner: asyncio.Runner, app: Inside) -> Any:
    def run(verb: str, target: str, body: Any = None, headers: Any = ANN) -> Told:
        told = runner.run(app.ask(verb, target, body, headers))
        assert told.status < 500, told.body
        for secret in (b"1111", b"2111", b'"s1"', b'"s2"', SECRET.encode()):
            assert secret not in told.body
        return told

    return run


def filtered(parts: Any) -> str:
    return quote(parts if isinstance(parts, str) else json.dumps(parts), safe="")


TOKENS: list[tuple[str, str, int]] = [
    ("as it should be", signed(CLAIMS), 200),
    ("an issuer that is a list", signed(CLAIMS | {"iss": ["shop"]}), 401),
    ("an issuer that is an object", signed(CLAIMS | {"iss": {"a": 1}}), 401),
    ("another issuer", signed(CLAIMS | {"iss": "bank"}), 401),
    ("no algorithm", signed(CLAIMS, {"alg": "none"}), 401),
    ("an algorithm of null", signed(CLAIMS, {"alg": None}), 401),
    ("a list of algorithms", signed(CLAIMS, {"alg": ["HS256"]}), 401),
    ("an algorithm in other letters", signed(CLAIMS, {"alg": "hs256"}), 401),
    ("something critical", signed(CLAIMS, HEAD | {"crit": ["x"], "x": 1}), 401),
    ("a body that is not encoded", signed(CLAIMS, HEAD | {"crit": ["b64"], "b64": False}), 401),
    ("a key that is a number", signed(CLAIMS, HEAD | {"kid": 5}), 401),
    ("an end of infinity", signed(json.dumps(CLAIMS).replace(str(NOW + FAR), "Infinity").encode()), 401),
    ("an end that is no number", signed(json.dumps(CLAIMS).replace(str(NOW + FAR), "NaN").encode()), 401),
    ("an end that is a list", signed(CLAIMS | {"exp": [NOW + FAR]}), 401),
    ("an end that is true", signed(CLAIMS | {"exp": True}), 401),
    ("no end", signed({name: value for name, value in CLAIMS.items() if name != "exp"}), 401),
    ("an end before", signed(CLAIMS | {"exp": NOW - 100}), 401),
    ("a beginning to come", signed(CLAIMS | {"nbf": NOW + FAR}), 401),
    ("a beginning far away", signed(CLAIMS | {"nbf": 10**400}), 401),
    ("a beginning that is none", signed(CLAIMS | {"nbf": "x"}), 401),
    ("issued in times to come", signed(CLAIMS | {"iat": NOW + FAR}), 401),
    ("another audience", signed(CLAIMS | {"aud": "bank"}), 401),
    ("an audience that is an object", signed(CLAIMS | {"aud": {"shop": 1}}), 401),
    ("a list in the audience", signed(CLAIMS | {"aud": [["shop"]]}), 401),
    ("a subject that is a number", signed(CLAIMS | {"sub": 1}), 401),
    ("a subject that is a list", signed(CLAIMS | {"sub": [1]}), 401),
    ("a subject that is a condition", signed(CLAIMS | {"sub": {"neq": 0}}), 401),
    ("no subject", signed(CLAIMS | {"sub": ""}), 401),
    ("a subject with a blank", signed(CLAIMS | {"sub": " 1"}), 401),
    ("a subject with a fraction", signed(CLAIMS | {"sub": "1.0"}), 401),
    ("a subject with a plus", signed(CLAIMS | {"sub": "+1"}), 401),
    ("a subject with a NUL", signed(CLAIMS | {"sub": "1\0"}), 401),
    ("a subject with half a character", signed(CLAIMS | {"sub": "\ud800"}), 401),
    ("a subject without end", signed(CLAIMS | {"sub": "9" * 400}), 401),
    ("a role of the server's own", signed(CLAIMS | {"sub": "2", "roles": ["$owner", "$everyone"]}), 403),
    ("roles in roles", signed(CLAIMS | {"sub": "2", "roles": [[["keeper"]]]}), 403),
    ("a role", signed(CLAIMS | {"sub": "2", "roles": ["keeper"]}), 200),
    ("a subject whom the data give a role", signed(CLAIMS | {"sub": "7"}), 200),
    ("a kind that it says itself", signed(CLAIMS | {"sub": "2", "principalType": "ROLE"}), 403),
    ("a list", signed(b"[1]"), 401),
    ("a text", signed(b'"x"'), 401),
    ("no text", signed(b'{"iss":"\xff"}'), 401),
    ("very deep", signed(b"[" * 5000 + b"]" * 5000), 401),
    ("a head that is a list", signed(CLAIMS, [1]), 401),
    ("more parts", signed(CLAIMS) + ".a.b", 401),
    ("too large", signed(CLAIMS | {"x": "a" * 20_000}), 401),
    ("the same subject of another issuer", signed(CLAIMS | {"iss": "others"}), 403),
    ("a role that the data give user 7, of another issuer", signed(CLAIMS | {"iss": "others", "sub": "7"}), 403),
    ("a kind, by another", signed(CLAIMS | {"iss": "others", "sub": "7", "principalType": "USER"}), 403),
]


@pytest.mark.parametrize(("token", "status"), [row[1:] for row in TOKENS], ids=[row[0] for row in TOKENS])
def test_a_token_holds_for_whom_it_says(ask: Any, token: str, status: int) -> None:
    assert ask("GET", "/api/notes/n1", headers=bearer(token)).status == status


def test_a_token_holds_a_little_longer_than_it_says(ask: Any) -> None:
    token = signed(CLAIMS | {"exp": int(time.time()) - 5})
    assert ask("GET", "/api/notes/n1", headers=bearer(token)).status == 200


CARRIED: list[tuple[Any, int]] = [
    ({}, 401),
    ({"authorization": "abc"}, 401),
    ({"authorization": "Bearer a\0b"}, 401),
    ({"authorization": "x" * 5000}, 401),
    ({"x-access-token": "x'; drop table Note"}, 401),
    ({"cookie": f"access_token={signed(CLAIMS)}"}, 401),
    ([("authorization", ANN["authorization"]), ("authorization", BEN["authorization"])], 400),
    ([*ANN.items(), ("host", "a"), ("host", "b")], 400),
]


@pytest.mark.parametrize(("headers", "status"), CARRIED)
def test_what_carries_no_token_is_nobodys(ask: Any, headers: Any, status: int) -> None:
    assert ask("GET", "/api/notes/n1", headers=headers).status == status


REFUSED_QUERIES: list[tuple[str, str]] = [
    ("filter={bad", 'The filter is not JSON: a name in double quotes is expected at character 2, where "bad" stands'),
    ('filter={"where":', "The filter is not JSON: a value is expected at its end"),
    ("filter={'a':1}", "The filter is not JSON: a name in double quotes is expected at character 2"),
    ('filter={"a":1}}', 'The filter is not JSON: nothing more is expected at character 8, where "}" stands'),
    ("filter=[1]", 'The filter "[1]" is not an object'),
    ('filter={"limit":NaN}', "The filter is not JSON"),
    ("filter=" + "[" * 3000, "The filter is not JSON"),
    ("filter=" + '{"where":' * 40 + "1" + "}" * 40, "The filter nests more than 32 levels"),
    ("filter[where][__proto__]=x", 'The parameter "filter[where][__proto__]" is not understood'),
    ("filter%5Bwhere%5D%5B__proto__%5D=x", 'The parameter "filter[where][__proto__]" is not understood'),
    ("filter[__proto__][where]=1", 'The parameter "filter[__proto__][where]" is not understood'),
    ("filter[where=1", 'The parameter "filter[where" is not understood'),
    ("filter[where][constructor]=x", 'Note has no property "constructor"'),
    ("filter[where][text][constructor][name]=1", "unknown operator"),
    ('filter={"where":{"__proto__":{"x":1}}}', 'Note has no property "__proto__"'),
    ('filter={"where":{"pin":"1111"}}', 'Note has no property "pin"'),
    ('filter={"where":{"or":[{"pin":{"gt":"1"}}]}}', 'Note has no property "pin"'),
    ('filter={"where":{"person.secret":"s1"}}', 'Person has no property "secret"'),
    ('filter={"where":{"person.password":{"like":"%"}}}', 'Person has no property "password"'),
    ('filter={"order":"person.secret"}', 'Person has no property "secret"'),
    ('filter={"order":"pin"}', 'Note has no property "pin"'),
    ('filter={"order":"text; drop table Note"}', "invalid direction"),
    ('filter={"order":"(select 1)"}', "invalid direction"),
    ('filter={"fields":["pin"]}', 'Note has no property "pin"'),
    ('filter={"where":{"$where":"1"}}', "$where"),
    ('filter={"where":{"text":{"$ne":1}}}', "unknown operator"),
    ("filter={\"where\":{\"text' or '1'='1\":1}}", "Note has no property"),
    ('filter={"include":{"relation":"person","scope":{"where":{"secret":"s1"}}}}', 'Person has no property "secret"'),
    ('filter={"include":{"relation":"person","scope":{"fields":["secret"]}}}', 'Person has no property "secret"'),
    ("after=!!!", "The cursor in after cannot be used"),
    ("after=" + "a" * 5000, "The cursor in after cannot be used"),
    ("after=" + part(["pin", 1]), "The cursor in after cannot be used"),
    ("after=" + part({"a": 1}), "The cursor in after cannot be used"),
    ("after=" + part(b"[" * 3000), "The cursor in after cannot be used"),
    ("after=%00", "The cursor in after cannot be used"),
    ("after[]=a", "The parameter after is not one text"),
]


@pytest.mark.parametrize(("query", "message"), REFUSED_QUERIES)
def test_a_query_that_is_not_understood_is_refused_and_says_why(ask: Any, query: str, message: str) -> None:
    told = ask("GET", f"/api/notes?{quote(query, safe='=&[]%')}" if "%5B" not in query else f"/api/notes?{query}")
    assert told.status == 400
    assert message in told.message


@pytest.mark.parametrize(
    "parts",
    [
        {"where": {"text": {"regexp": "(a+)+$"}}},
        {"where": {"text": {"like": "\\"}}},
        {"where": {"facts.a') or 1=1 --": 1}},
        {"where": {'facts.a"b': 1}},
        {"where": {"text": "' or '1'='1"}},
        {"include": {"relation": "person", "scope": {"include": "accessTokens"}}},
    ],
)
def test_a_query_that_is_only_strange_finds_no_more_than_it_asks_for(ask: Any, parts: Any) -> None:
    told = ask("GET", f"/api/notes?filter={filtered(parts)}")
    assert told.status == 200
    assert b"accessTokens" not in told.body
    assert "regexp" in str(parts) or "include" in parts or told.json == []


def test_a_cursor_is_good_for_its_own_order_and_unchanged(ask: Any) -> None:
    page = "/api/notes?filter=" + filtered({"limit": 1, "order": "text"})
    link = ask("GET", page + "&after=").headers["link"]
    cursor = link.rpartition("after=")[2].partition(">")[0]
    assert ask("GET", f"{page}&after={cursor}").status == 200
    other = "/api/notes?filter=" + filtered({"limit": 1, "order": "size"})
    for target in (f"{page}&after={cursor[:-3]}", f"{page}&after={cursor}x", f"{other}&after={cursor}"):
        assert "cannot be used" in ask("GET", target).message


@pytest.mark.parametrize(
    "query",
    [
        *(
            "filter=" + filtered(parts)
            for parts in (
                {"groupBy": "pin"},
                {"min": "pin"},
                {"distinct": ["pin"]},
                {"having": {"min.pin": "1"}},
                {"groupBy": "text", "having": {"pin": 1}},
                {"where": {"pin": "1111"}},
                {"where": {"person.secret": "s1"}, "count": True},
                {"groupBy": "person.secret"},
                {"groupBy": "pin.month"},
                {"order": "pin"},
                {"sum": {"a": "pin"}},
                {"min": ["__proto__"]},
            )
        ),
        "groupBy=pin",
        "where=" + filtered({"text": "a"}),
        "filter[__proto__]=1",
        "filter={bad",
    ],
)
def test_an_aggregate_tells_nothing_that_is_hidden_and_takes_nothing_unread(ask: Any, query: str) -> None:
    told = ask("GET", f"/api/notes/aggregate?{query}")
    assert told.status == 400
    if "=" in query and not query.startswith("filter"):
        assert query.partition("=")[0] in told.message


def test_a_refused_include_is_named(ask: Any) -> None:
    target = "/api/boxes?filter=" + filtered({"include": "closed"})
    assert (ask("GET", target).status, ask("GET", target).message) == (
        403,
        "Access Denied: the filter includes closed of Box",
    )
    looks = ask("GET", "/api/boxes?filter=" + filtered({"where": {"closed.noteId": "x"}}))
    assert (looks.status, looks.message) == (403, "Access Denied: a condition or the order looks at Closed")


BODIES: list[tuple[Any, int, str]] = [
    ({"id": ""}, 422, "`id` can't be blank"),
    ({"id": None}, 422, "`id` can't be blank"),
    ({"id": ["a"]}, 422, "`id` is not a text"),
    ({"id": {"neq": 1}}, 422, "`id` is not a text"),
    ({"id": "x" * 100}, 422, "`id` is longer"),
    ({"id": "b1", "text": "\ud800"}, 400, "The data holds half of a surrogate pair"),
    ({"id": "b2", "__proto__": {"pin": 1}}, 422, "`__proto__` is not defined"),
    ({"id": "b3", "constructor": 1}, 422, "`constructor` is not defined"),
    ({"id": "b4", "personId": {"neq": 2}}, 422, "`personId` is not a whole number"),
    ({"id": "b5", "size": 2**70}, 422, "`size` is not between"),
    ([[]], 400, "Value is not an object"),
    ("x", 400, "Value is not an object"),
    (b"[" * 50_000, 400, "nested too deeply"),
    (b'{"id": "b6", "size": ' + b"9" * 50_000 + b"}", 422, "`size` is not"),
]


@pytest.mark.parametrize(("body", "status", "message"), BODIES)
def test_a_body_that_is_no_note_is_refused(ask: Any, body: Any, status: int, message: str) -> None:
    headers = {**ANN, "content-type": "application/json"} if isinstance(body, bytes) else ANN
    told = ask("POST", "/api/notes", body, headers)
    assert told.status == status, told.body
    assert message in told.message


TOGETHER: list[tuple[Any, int]] = [
    ([{"method": "GET", "path": "/notes/n2"}], 403),
    ([{"method": "GET", "path": "/closed"}], 403),
    ([{"method": "GET", "path": "/notes/n1"}, {"method": "GET", "path": "/notes/$0.pin"}], 400),
    (
        [
            {"method": "GET", "path": "/notes/n1"},
            {"method": "POST", "path": "/notes", "body": {"id": "z", "text": "$0.pin"}},
        ],
        400,
    ),
    ([{"method": "GET", "path": "/notes/n2", "headers": dict(BEN)}], 400),
    ([{"method": "GET", "path": "/notes/n2?access_token=" + signed(CLAIMS | {"sub": "2"})}], 403),
    ([{"method": "GET", "path": "//evil/notes"}], 404),
    ([{"method": "GET", "path": "/notes/../people/2"}], 404),
    ([{"method": "POST", "path": "/batch", "body": []}], 404),
    ([{"method": "POST", "path": "/people/login", "body": {}}], 400),
    ([{"method": "GET", "path": "/notes/\ud800"}], 400),
    ([{"method": "GET", "path": "/notes/n1"}] * 1001, 413),
]


@pytest.mark.parametrize(("operations", "status"), TOGETHER)
def test_a_batch_leads_nowhere_else(ask: Any, operations: Any, status: int) -> None:
    assert ask("POST", "/api/batch", operations).status == status


@pytest.mark.parametrize(
    ("path", "lists", "status"),
    [
        ("/notes/bulk", {"delete": ["n2"]}, 403),
        ("/notes/bulk", {"update": [{"id": "n2", "text": "x"}]}, 403),
        ("/notes/bulk", {"delete": [{"id": {"neq": ""}}]}, 400),
        ("/notes/bulk", {"delete": ["n2"] * 1001}, 413),
        ("/people/bulk", {"delete": [2]}, 404),
        ("/closed/bulk", {"create": [{}]}, 403),
    ],
)
def test_a_bulk_write_reaches_no_rows_of_others(ask: Any, path: str, lists: Any, status: int) -> None:
    assert ask("POST", f"/api{path}", lists).status == status
    assert ask("GET", "/api/notes/n2", headers=BEN).json["text"] == "text 2"


def test_bulk_writes_are_described_where_they_are_served(ask: Any) -> None:
    paths = ask("GET", "/openapi.json", headers={}).json["paths"]
    assert {path for path in paths if path.endswith("/bulk")} == {"/notes/bulk", "/closed/bulk", "/boxes/bulk"}


def test_a_key_for_once_is_its_callers_own(ask: Any) -> None:
    key, row = {"idempotency-key": "the same"}, {"id": "once", "personId": 1}
    first = ask("POST", "/api/notes", row, {**ANN, **key})
    again = ask("POST", "/api/notes", row, {**ANN, **key})
    assert (first.status, again.status, again.headers.get("idempotent-replayed")) == (200, 200, "true")
    assert ask("POST", "/api/notes", row, {**BEN, **key}).status == 409
    assert ask("POST", "/api/notes", row, key).status == 401


def test_an_issuers_user_is_no_user_of_the_project(ask: Any) -> None:
    assert ask("PATCH", "/api/people/1", {"username": "mine"}, OUTSIDER).status == 403
    assert ask("GET", "/api/people/1", headers=OUTSIDER).status == 200, "for it is somebody"
    assert ask("PATCH", "/api/notes/n1", {"text": "mine"}, OUTSIDER).status == 403


@pytest.mark.parametrize("path", ["/api/notes/n1", "/api/notes", "/api/people/count", "/api/people/me"])
def test_what_a_known_caller_gets_is_kept_for_nobody_else(ask: Any, path: str) -> None:
    assert ask("GET", path).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(("verb", "path"), [("PATCH", "/1"), ("PUT", "/1"), ("POST", "/1/replace"), ("DELETE", "/1")])
def test_a_user_is_written_only_as_it_was_seen(ask: Any, verb: str, path: str) -> None:
    body = None if verb == "DELETE" else {"username": "u1", "email": "u1@example.org", "password": "a long password"}
    for condition in ({"if-match": '"other"'}, {"if-none-match": "*"}):
        assert ask(verb, f"/api/people{path}", body, {**ANN, **condition}).status == 412


def test_a_user_is_written_as_it_was_seen(ask: Any) -> None:
    tag = ask("GET", "/api/people/1").headers["etag"]
    told = ask("PATCH", "/api/people/1", {"username": "u1"}, {**ANN, "if-match": tag})
    assert (told.status, told.headers["etag"]) == (200, tag)
