"""Entity tags and preferences over HTTP, on every connector."""

import threading
from collections.abc import Iterator

import pytest

from tests.serving import Served
from tests.wares import CONNECTORS, Told, call, ware_server


@pytest.fixture(scope="module", params=CONNECTORS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server(request.param, request, tmp_path_factory.mktemp("wares")) as running:
        yield running


def made(server: Served, **values: object) -> str:
    """The path of a new person."""
    told = call(server, "POST", "/api/people", {"name": "Ada", **values})
    assert told.status == 200, told.body
    return f"/api/people/{told.json['id']}"


def test_an_instance_and_a_list_have_strong_tags_that_follow_their_content(server: Served) -> None:
    path = made(server)
    first, again, listed = call(server, "GET", path), call(server, "GET", path), call(server, "GET", "/api/people")

    assert first.headers["etag"] == again.headers["etag"]
    assert first.headers["etag"].startswith('"')
    assert listed.headers["etag"] != first.headers["etag"]
    call(server, "PATCH", path, {"name": "Bob"})
    assert call(server, "GET", path).headers["etag"] != first.headers["etag"]
    assert call(server, "GET", "/api/people").headers["etag"] != listed.headers["etag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_a_client_has_is_not_sent_again(server: Served, form: str) -> None:
    path = made(server)
    tag = call(server, "GET", path).headers["etag"]

    told = call(server, "GET", path, headers={"if-none-match": form.format(tag)})

    assert (told.status, told.body, told.headers["etag"]) == (304, b"", tag)
    assert call(server, "GET", path, headers={"if-none-match": '"other"'}).status == 200


@pytest.mark.parametrize(
    ("verb", "end", "body"),
    [
        ("PATCH", "", {"name": "Bob"}),
        ("PUT", "", {"name": "Bob"}),
        ("POST", "/replace", {"name": "Bob"}),
        ("DELETE", "", None),
    ],
)
def test_a_write_reaches_only_the_instance_that_was_seen(
    server: Served, verb: str, end: str, body: dict[str, str] | None
) -> None:
    path = made(server)
    tag = call(server, "GET", path).headers["etag"]
    call(server, "PATCH", path, {"name": "Eve"})

    refused = call(server, verb, path + end, body, {"if-match": tag})

    assert (refused.status, refused.json["error"]["name"]) == (412, "PreconditionFailedError")
    assert call(server, "GET", path).json["name"] == "Eve"
    current = call(server, "GET", path).headers["etag"]
    assert call(server, verb, path + end, body, {"if-match": f"W/{current}"}).status == 412
    done = call(server, verb, path + end, body, {"if-match": f'"other", {current}'})
    assert done.status == 200
    if verb != "DELETE":
        assert done.headers["etag"] == call(server, "GET", path).headers["etag"]


def test_a_star_means_whatever_is_there(server: Served) -> None:
    path = made(server)

    assert call(server, "PATCH", path, {"name": "B"}, {"if-none-match": "*"}).status == 412
    assert call(server, "PATCH", path, {"name": "B"}, {"if-match": "*"}).status == 200
    assert call(server, "PATCH", "/api/people/999999", {"name": "B"}, {"if-match": "*"}).status == 412


def test_a_related_instance_is_guarded_too(server: Served) -> None:
    path = made(server)
    ware = call(server, "POST", f"{path}/wares", {"name": "tea"}).json
    related = f"{path}/wares/{ware['id']}"
    tag = call(server, "GET", related).headers["etag"]

    assert call(server, "PUT", related, {"name": "rice"}, {"if-match": tag}).status == 200
    assert call(server, "PUT", related, {"name": "salt"}, {"if-match": tag}).status == 412
    assert call(server, "GET", related).json["name"] == "rice"


def test_a_write_that_names_a_tag_where_there_is_none_is_not_done(server: Served) -> None:
    before = call(server, "GET", "/api/people/count").json["count"]

    assert call(server, "POST", "/api/people", {"name": "x"}, {"if-match": '"some"'}).status == 412
    assert call(server, "GET", "/api/people/count").json["count"] == before


def test_of_two_clients_who_saw_the_same_only_one_writes(server: Served) -> None:
    """Four clients at once add one to what they saw, until each has done so ten times: nothing is lost."""
    path = made(server, name="0")
    done: list[int] = []

    def add() -> None:
        for _ in range(10):
            while True:
                seen = call(server, "GET", path)
                following = {"name": str(int(seen.json["name"]) + 1)}
                told = call(server, "PATCH", path, following, {"if-match": seen.headers["etag"]})
                if told.status == 200:
                    break
                assert told.status == 412, told.body
            done.append(1)

    clients = [threading.Thread(target=add) for _ in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    assert (len(done), call(server, "GET", path).json["name"]) == (40, "40")


def preferring(server: Served, verb: str, path: str, body: object, preference: str) -> Told:
    return call(server, verb, path, body, {"prefer": preference})


def test_a_minimal_answer_has_no_body_and_says_where_the_instance_is(server: Served) -> None:
    told = preferring(server, "POST", "/api/people", {"name": "Ada"}, "respond-async, return=minimal")

    assert (told.status, told.body, told.headers["preference-applied"]) == (204, b"", "return=minimal")
    assert call(server, "GET", told.headers["location"]).json["name"] == "Ada"
    path = made(server)
    for verb, body in (("PATCH", {"name": "Bob"}), ("PUT", {"name": "Eve"}), ("DELETE", None)):
        assert preferring(server, verb, path, body, "return=minimal").status == 204
    assert call(server, "GET", path).status == 404


def test_a_whole_answer_may_be_asked_for(server: Served) -> None:
    told = preferring(server, "POST", "/api/people", {"name": "Ada"}, "return=representation")

    assert (told.status, told.json["name"]) == (200, "Ada")
    assert told.headers["preference-applied"] == "return=representation"
    assert "preference-applied" not in preferring(server, "POST", "/api/people", {"name": "A"}, "return=some").headers


def test_a_refusal_keeps_its_body(server: Served) -> None:
    told = preferring(server, "POST", "/api/people", {}, "return=minimal")

    assert (told.status, told.json["error"]["name"]) == (422, "ValidationError")
