"""Where tokens are looked for in a request."""

import base64

import pytest

from lbconf.api.access.tokens import TokenPlaces, token_text
from lbconf.api.request import Request

TOKEN = "aB3" * 21 + "z"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(places: TokenPlaces | None = None, query: bytes = b"", **headers: str) -> str | None:
    sent = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    request = Request(verb="GET", path="/", query_string=query, headers=sent)
    return token_text(request, places or TokenPlaces())


@pytest.mark.parametrize(
    "header",
    [
        TOKEN,
        f"Bearer {encoded(TOKEN)}",
        f"Basic {encoded(TOKEN)}",
        f"basic {encoded(TOKEN + ':')}",
        f"Basic {encoded('token:' + TOKEN)}",
        f"Basic {encoded(':' + TOKEN)}",
    ],
)
def test_authorization_gives_the_token_in_every_form(header: str) -> None:
    assert found(authorization=header) == TOKEN


def test_bearer_is_taken_as_it_stands_where_told_so() -> None:
    assert found(TokenPlaces(bearer_is_base64=False), authorization=f"Bearer {TOKEN}") == TOKEN


def test_query_goes_before_headers_and_own_header_before_authorization() -> None:
    assert found(query=b"a=1&access_token=q", x_access_token="x", authorization="a") == "q"
    assert found(x_access_token="x", authorization="a") == "x"


def test_nothing_is_found_where_nothing_is() -> None:
    assert found(query=b"my_access_token=q") is None


@pytest.mark.parametrize("header", ["Bearer ", "Bearer %%%", "Basic =", "Bearer \xff", "Basic a"])
def test_what_is_no_base64_is_no_error(header: str) -> None:
    assert isinstance(found(authorization=header), str)
