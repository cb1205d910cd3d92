"""Ways around an owner's rule, and rows of others: none leads anywhere."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import Served, run_lbconf, served

FILES = {
    "datasources.yaml": "db: {connector: sqlite, file: rows.db}\n",
    "server.yaml": "port: 3000\n",
    "models/member.yaml": """
name: Member
base: User
dataSource: db
properties:
  id: {type: integer, id: true, generated: true}
  secret: string
hidden: [secret]
relations:
  accessTokens:
    type: hasMany
    model: AccessToken
    polymorphic: {foreignKey: userId, discriminator: principalType}
    options: {disableInclude: true}
  memos: {type: hasMany, model: Memo, foreignKey: memberId}
acls:
  - principalType: ROLE
    principalId: $owner
    permission: ALLOW
    property:
      [__get__memos, __findById__memos, __updateById__memos, __destroyById__memos, __create__memos, __delete__memos]
  - {principalType: ROLE, principalId: $authenticated, permission: ALLOW, property: [find, findOne, count]}
""",
    "models/staff.yaml": """
name: Staff
base: User
plural: staff
dataSource: db
properties:
  id: {type: integer, id: true, generated: true}
relations:
  accessTokens:
    type: hasMany
    model: AccessToken
    polymorphic: {foreignKey: userId, discriminator: principalType}
    options: {disableInclude: true}
""",
    "models/access-token.yaml": """
name: AccessToken
dataSource: db
public: false
relations:
  user: {type: belongsTo, polymorphic: {idType: number, foreignKey: userId, discriminator: principalType}}
""",
    "models/role.yaml": "name: Role\ndataSource: db\npublic: false\n",
    "models/role-mapping.yaml": "name: RoleMapping\ndataSource: db\npublic: false\n",
    "models/acl.yaml": "name: ACL\ndataSource: db\npublic: false\n",
    "models/memo.yaml": """
name: Memo
dataSource: db
forceId: false
properties:
  id: {type: integer, id: true}
  text: {type: string, required: true}
  pin: string
hidden: [pin]
relations:
  member: {type: belongsTo, model: Member, foreignKey: memberId, constraint: false}
acls:
  - {principalType: ROLE, principalId: $everyone, permission: DENY}
  - {principalType: ROLE, principalId: $owner, permission: ALLOW}
  - {principalType: ROLE, principalId: $authenticated, permission: ALLOW, property: create}
  - {principalType: ROLE, principalId: keeper, permission: ALLOW}
""",
    "seed/memo.yaml": """
- {id: 1, text: anns, pin: "1111", memberId: 1}
- {id: 2, text: bens, pin: "2222", memberId: 2}
- {id: 3, text: nobodys}
""",
    "seed/member.yaml": """
- {id: 1, email: ann@example.org, username: ann, password: ann-secret, secret: s1}
- {id: 2, email: ben@example.org, username: ben, password: ben-secret, secret: s2}
- {id: 3, email: kim@example.org, username: kim, password: kim-secret}
""",
    "seed/staff.yaml": "- {id: 1, email: sue@example.org, username: sue, password: sue-secret}\n",
    "seed/role.yaml": "- {id: keeper, name: keeper}\n- {id: boss, name: boss}\n",
    "seed/role-mapping.yaml": """
- {id: a, principalType: ROLE, principalId: boss, roleId: keeper}
- {id: b, principalType: Member, principalId: "3", roleId: boss}
""",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that change nothing."""
    with _served(tmp_path_factory.mktemp("members")) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """For a test that changes rows."""
    with _served(tmp_path) as running:
        yield running


def _served(folder: Path) -> AbstractContextManager[Served]:
    for name, text in FILES.items():
        file = folder / "environments" / "base" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    for verb in (("apply", "--auto-approve"), ("seed",)):
        done = run_lbconf("--project", str(folder), *verb)
        assert done.returncode == 0, done.stderr
    return served(folder)


def call(server: Served, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    where = urlsplit(server.url)
    assert where.hostname is not None
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    headers = {"content-type": "application/json", **({"authorization": token} if token else {})}
    connection.request(verb, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text and text[:1] in b"{[" else text.decode()


def login(server: Served, name: str, model: str = "members") -> str:
    status, answer = call(server, "POST", f"/api/{model}/login", {"username": name, "password": f"{name}-secret"})
    assert status == 200, answer
    return str(answer["id"])


def memos(server: Served) -> list[Any]:
    found = call(server, "GET", "/api/memos?filter[order]=id", None, login(server, "kim"))
    assert found[0] == 200, found
    return list(found[1])


ROWS = [
    {"id": 1, "text": "anns", "memberId": 1},
    {"id": 2, "text": "bens", "memberId": 2},
    {"id": 3, "text": "nobodys", "memberId": None},
]

READING = [
    "/api/memos/1",
    "/api/memos/1/",
    "/api/MEMOS/1",
    "/api/memos/%31",
    "/api/memos/1?id=2",
    "/api/memos/1/exists",
    "/api/memos/1/member",
    "/api/memos",
    "/api/memos?id=2",
    "/api/memos?filter[where][id]=2",
    "/api/memos/findOne?id=2",
    "/api/memos/count?id=2",
    '/api/memos?filter={"where":{"memberId":2}}',
    "/api/members/1/memos",
    "/api/members/1/memos/1",
    "/api/Members/1/Memos/1/",
    "/api/members/1",
    "/api/members/1/accessTokens",
    "/api/members/2/accessTokens",
]


@pytest.mark.parametrize("path", READING)
def test_nobody_else_reads_it(server: Served, path: str) -> None:
    ben = login(server, "ben")
    for verb in ("GET", "HEAD"):
        assert call(server, verb, path, None, ben)[0] in {403, 404}, verb
        assert call(server, verb, path)[0] in {401, 404}, verb
    assert call(server, "GET", "/api/memos/2", None, ben)[0] == 200


WRITING = [
    ("PATCH", "/api/memos/1", {"text": "x"}),
    ("PATCH", "/api/memos/1?id=2", {"id": 2, "text": "x"}),
    ("PUT", "/api/memos/1", {"id": 2, "text": "x", "memberId": 2}),
    ("POST", "/api/memos/1/replace", {"text": "x"}),
    ("DELETE", "/api/memos/1", None),
    ("DELETE", "/api/memos/1/?id=2", None),
    ("PATCH", "/api/memos", {"id": 1, "text": "x", "memberId": 2}),
    ("PATCH", "/api/memos?id=2", {"id": 1, "text": "x"}),
    ("PATCH", "/api/memos", {"id": [1], "text": "x"}),
    ("PATCH", "/api/memos", {"id": {"neq": 2}, "text": "x"}),
    ("PUT", "/api/memos", {"id": 1, "text": "x", "memberId": 2}),
    ("PUT", "/api/memos", {"id": "1", "text": "x", "memberId": 2}),
    ("PUT", "/api/memos", {"text": "x"}),
    ("POST", "/api/memos/replaceOrCreate", {"id": 1, "text": "x"}),
    ("POST", '/api/memos/upsertWithWhere?where={"id":1}', {"id": 2, "text": "x"}),
    ("POST", '/api/memos/upsertWithWhere?where={"id":1}&id=2', {"text": "x"}),
    ("POST", '/api/memos/update?where={"id":1}', {"id": 2, "text": "x"}),
    ("POST", '/api/memos/update?where={"id":1}&id=2', {"text": "x"}),
    ("POST", "/api/memos/update?id=2", {"text": "x"}),
    ("POST", "/api/members/1/memos", {"id": 9, "text": "x"}),
    ("PUT", "/api/members/1/memos/1", {"text": "x"}),
    ("PUT", "/api/members/2/memos/1", {"text": "x"}),
    ("DELETE", "/api/members/2/memos/1", None),
    ("DELETE", "/api/members/1/memos", None),
    ("PATCH", "/api/members/1", {"secret": "x"}),
    ("PATCH", "/api/members", {"id": 1, "secret": "x"}),
    ("DELETE", "/api/members/1", None),
]


@pytest.mark.parametrize(("verb", "path", "body"), WRITING)
def test_nobody_else_changes_it(server: Served, verb: str, path: str, body: Any) -> None:
    status, answer = call(server, verb, path, body, login(server, "ben"))
    assert status in {400, 403, 404, 422}, answer
    assert call(server, verb, path, body)[0] in {400, 401, 404, 422}
    assert memos(server) == ROWS
    assert login(server, "ann")


def test_the_owner_does_all_that(own: Served) -> None:
    ann = login(own, "ann")
    assert call(own, "GET", "/api/memos/1", None, ann) == (200, ROWS[0])
    assert call(own, "PATCH", "/api/memos/1", {"text": "a"}, ann)[0] == 200
    assert call(own, "PATCH", "/api/memos", {"id": 1, "text": "b"}, ann)[0] == 200
    assert call(own, "PUT", "/api/memos", {"id": 1, "text": "c", "memberId": 1}, ann)[0] == 200
    assert call(own, "GET", "/api/members/1/memos", None, ann)[1] == [{"id": 1, "text": "c", "memberId": 1}]
    made = call(own, "POST", "/api/members/1/memos", {"id": 7, "text": "d", "memberId": 2}, ann)
    assert made == (200, {"id": 7, "text": "d", "memberId": 1})
    assert call(own, "DELETE", "/api/memos/1", None, ann)[0] == 200


def test_a_user_of_another_model_with_the_same_id_is_somebody_else(server: Served) -> None:
    sue = login(server, "sue", "staff")
    assert call(server, "GET", "/api/staff/1", None, sue)[0] == 200
    for path in ("/api/members/1", "/api/memos/1", "/api/members/1/memos"):
        assert call(server, "GET", path, None, sue)[0] == 403, path
    assert call(server, "PATCH", "/api/members/1", {"secret": "x"}, sue)[0] == 403
    assert call(server, "GET", "/api/staff/1", None, login(server, "ann"))[0] == 403


def test_a_role_in_a_role_counts_in_native_projects_and_ends_with_its_mapping(own: Served, tmp_path: Path) -> None:
    kim, ann = login(own, "kim"), login(own, "ann")
    assert call(own, "GET", "/api/memos", None, kim)[0] == 200
    assert call(own, "GET", "/api/memos", None, ann)[0] == 403
    (rows,) = tmp_path.rglob("rows.db")
    with sqlite3.connect(rows) as database:
        database.execute("""UPDATE "RoleMapping" SET "principalId" = '1' WHERE id = 'b'""")
    assert call(own, "GET", "/api/memos", None, kim)[0] == 403, "a mapping that went is heeded at once"
    assert call(own, "GET", "/api/memos", None, ann)[0] == 200


def test_a_stored_rule_holds_from_the_next_request_on(own: Served, tmp_path: Path) -> None:
    ben = login(own, "ben")
    assert call(own, "GET", "/api/memos/count", None, ben)[0] == 403
    (rows,) = tmp_path.rglob("rows.db")
    said = "'Memo', 'count', '*', 'ALLOW', 'Member', '2'"
    with sqlite3.connect(rows) as database:
        names = '"model", "property", "accessType", "permission", "principalType", "principalId"'
        database.execute(f'INSERT INTO "ACL" ({names}) VALUES ({said})')
    assert call(own, "GET", "/api/memos/count", None, ben) == (200, {"count": 3})
    assert call(own, "GET", "/api/memos/count", None, login(own, "sue", "staff"))[0] == 403
    with sqlite3.connect(rows) as database:
        database.execute('DELETE FROM "ACL"')
    assert call(own, "GET", "/api/memos/count", None, ben)[0] == 403


HIDDEN = [
    '/api/members?filter={"where":{"secret":"s1"}}',
    '/api/members?filter={"where":{"or":[{"secret":{"like":"s1%25"}}]}}',
    '/api/members?filter={"where":{"password":{"like":"%25argon2%25"}}}',
    '/api/members?filter={"order":"secret%20DESC"}',
    '/api/members?filter={"fields":["id","secret"]}',
    '/api/members/count?where={"secret":"s1"}',
    '/api/members/findOne?filter={"where":{"secret":{"gt":"s1"}}}',
    '/api/members?filter={"where":{"memos.pin":"1111"}}',
    "/api/members/aggregate?groupBy=secret",
    "/api/members/aggregate?min=secret",
]


@pytest.mark.parametrize("path", HIDDEN)
def test_a_hidden_property_tells_nothing(server: Served, path: str) -> None:
    ann = login(server, "ann")
    plain = path.partition("?")[0]
    status, answer = call(server, "GET", path, None, ann)
    assert status in {400, 403, 404} or answer == call(server, "GET", plain, None, ann)[1], (status, answer)
    assert "s1" not in json.dumps(answer).replace("s1%", "") or status == 400
    assert "s2" not in json.dumps(answer)


def test_a_token_without_scopes_is_good_for_the_usual_methods_and_one_with_none_for_nothing(
    own: Served, tmp_path: Path
) -> None:
    kim = login(own, "kim")
    (rows,) = tmp_path.rglob("rows.db")
    for scopes, status in ((None, 200), ('["DEFAULT"]', 200), ("[]", 403), ('["other"]', 403)):
        with sqlite3.connect(rows) as database:
            database.execute('UPDATE "AccessToken" SET "scopes" = ?', (scopes,))
        assert call(own, "GET", "/api/memos", None, kim)[0] == status, scopes
