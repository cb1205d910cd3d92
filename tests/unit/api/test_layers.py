"""The layers around the application, each by itself: limits, proxies, names, compression, files."""

import asyncio
import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lbconf.api.compression import Compressed, chosen
from lbconf.api.proxies import ForwardedRequests, NamedHosts
from lbconf.api.rate_limits import Bucket, RateLimits
from lbconf.api.static_files import StaticFiles
from lbconf.project.middleware import helmet_headers
from lbconf.project.serving import Compression, RateLimit, StaticFolder

Headers = Sequence[tuple[bytes, bytes]]


class Application:
    """Answers every request alike and remembers the last scope."""

    def __init__(self, *chunks: bytes, headers: Headers = ((b"content-type", b"application/json"),)) -> None:
        self.chunks = chunks or (b"{}",)
        self.headers = headers
        self.scope: dict[str, Any] = {}

    async def __call__(self, scope: Any, _: Any, send: Any) -> None:
        self.scope = scope
        await send({"type": "http.response.start", "status": 200, "headers": [*self.headers]})
        for number, chunk in enumerate(self.chunks, start=1):
            await send({"type": "http.response.body", "body": chunk, "more_body": number < len(self.chunks)})


def answered(
    app: Any, path: str = "/", *, headers: Headers = (), method: str = "GET", client: str = "127.0.0.1"
) -> tuple[int, Mapping[bytes, bytes], bytes]:
    """Status, headers and body of an answer."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [*headers], "client": (client, 1)}
    asyncio.run(app(scope, None, send))
    start, *bodies = told
    assert [body.get("more_body", False) for body in bodies] == [True] * (len(bodies) - 1) + [False]
    return start["status"], dict(start["headers"]), b"".join(body["body"] for body in bodies)


async def refuse(scope: Any, send: Any, *_: Any) -> None:
    await send({"type": "http.response.start", "status": 429, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class TestRateLimits:
    def test_a_bucket_empties_and_fills(self) -> None:
        now = 100.0
        bucket = Bucket(RateLimit(requests=2, seconds=10), lambda: now)

        assert [bucket.take("a") for _ in range(3)] == [0, 0, 5]
        assert bucket.take("b") == 0
        now += 5
        assert [bucket.take("a"), bucket.take("a")] == [0, 5]

    @given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
    def test_no_window_has_more_than_twice_what_is_allowed(self, pauses: list[float], requests: int) -> None:
        now = 0.0
        bucket = Bucket(RateLimit(requests=requests, seconds=10), lambda: now)
        let: list[float] = []
        for pause in pauses:
            now += pause
            if not bucket.take("a"):
                let.append(now)

        assert all(sum(start <= moment < start + 10 for moment in let) <= 2 * requests for start in let)

    @pytest.mark.parametrize(
        ("path", "method", "asked", "expected"),
        [
            ("/*", None, ("GET", "/anything"), True),
            ("/api/*", None, ("GET", "/api"), True),
            ("/api/*", None, ("GET", "/apis"), False),
            ("/api/users/login", "POST", ("POST", "/api/users/login"), True),
            ("/api/users/login", "POST", ("GET", "/api/users/login"), False),
            ("/api/*/login", None, ("POST", "/api/members/login"), True),
            ("/api/*/login", None, ("POST", "/api/members/logout"), False),
            ("/a*a", None, ("GET", "/a"), False),
        ],
    )
    def test_what_counts(self, path: str, method: str | None, asked: tuple[str, str], expected: bool) -> None:  # noqa: FBT001
        assert Bucket(RateLimit(requests=1, seconds=1, path=path, method=method)).concerns(*asked) is expected

    def test_a_network_is_one_client(self) -> None:
        limited = RateLimits(Application(), [RateLimit(requests=1, seconds=60)], refuse)

        assert answered(limited, client="2001:db8::1")[0] == 200
        assert answered(limited, client="2001:db8::2")[0] == 429
        assert answered(limited, client="2001:db8:0:1::2")[0] == 200
        assert answered(limited, client="::ffff:10.0.0.1")[0] == 200
        assert answered(limited, client="10.0.0.1")[0] == 429


class TestProxies:
    FORWARDED = ((b"x-forwarded-for", b"9.9.9.9, 8.8.8.8, 10.0.0.2"), (b"x-forwarded-proto", b"https"))

    @pytest.mark.parametrize(
        ("trusted", "peer", "client"),
        [
            (("10.0.0.0/8",), "10.0.0.1", "8.8.8.8"),
            (("10.0.0.0/8",), "1.1.1.1", "1.1.1.1"),
            (("uniquelocal", "8.8.8.8"), "10.0.0.1", "9.9.9.9"),
            (("loopback",), "127.0.0.1", "10.0.0.2"),
            (True, "1.1.1.1", "9.9.9.9"),
            (1, "1.1.1.1", "10.0.0.2"),
            (2, "1.1.1.1", "8.8.8.8"),
        ],
    )
    def test_the_client_is_the_last_that_nobody_trusted_vouches_for(self, trusted: Any, peer: str, client: str) -> None:
        app = Application()
        answered(ForwardedRequests(app, trusted), headers=self.FORWARDED, client=peer)

        assert app.scope["client"][0] == client
        assert app.scope.get("scheme") == (None if client == "1.1.1.1" else "https")
        assert all(not name.startswith(b"x-forwarded") for name, _ in app.scope["headers"])

    def test_nonsense_ends_the_chain(self) -> None:
        app = Application()
        answered(
            ForwardedRequests(app, trusted=True), headers=((b"x-forwarded-for", b"9.9.9.9, <script>, 7.7.7.7:80"),)
        )

        assert app.scope["client"][0] == "7.7.7.7"

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            (b"api.example.org", 200),
            (b"API.example.org:3000", 200),
            (b"a.b.test", 200),
            (b"b.test", 429),
            (b"evil", 429),
        ],
    )
    def test_names_of_the_server(self, host: bytes, status: int) -> None:
        named = NamedHosts(Application(), ("api.example.org", "*.b.test"), refuse)

        assert answered(named, headers=((b"host", host),))[0] == status
        assert answered(named, "/healthz", headers=((b"host", host),))[0] == 200

    def test_two_names_are_none(self) -> None:
        named = NamedHosts(Application(), ("a",), refuse)

        assert answered(named, headers=((b"host", b"a"), (b"host", b"a")))[0] == 429


UNPACK: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.decompress,
    b"br": brotli.decompress,
    b"zstd": lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed),
}


class TestCompression:
    @pytest.mark.parametrize("encoding", sorted(UNPACK))
    @given(chunks=st.lists(st.binary(max_size=3000), min_size=1, max_size=5))
    def test_what_is_unpacked_is_what_was_sent(self, encoding: bytes, chunks: list[bytes]) -> None:
        app = Compressed(Application(*chunks), Compression(minimum=100))
        _, headers, body = answered(app, headers=((b"accept-encoding", encoding),))

        packed = b"content-encoding" in headers
        assert packed or (len(chunks) == 1 and len(chunks[0]) < 100)
        assert (UNPACK[encoding](body) if packed else body) == b"".join(chunks)
        assert int(headers.get(b"content-length", str(len(body)))) == len(body)
        assert headers[b"vary"] == b"Accept-Encoding"

    @pytest.mark.parametrize(
        ("accepted", "expected"),
        [
            (b"gzip, deflate, br, zstd", "br"),
            (b"gzip", "gzip"),
            (b"br;q=0.5, gzip;q=0.8", "gzip"),
            (b"br;q=0, *", "zstd"),
            (b"identity", None),
            (b"", None),
            (b"gzip;q=x", None),
        ],
    )
    def test_the_client_chooses(self, accepted: bytes, expected: str | None) -> None:
        assert chosen(accepted, ("br", "zstd", "gzip")) == expected

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/api/users/login", ()),
            ("/", ((b"cookie", b"a=b"), (b"sec-fetch-site", b"cross-site"))),
        ],
    )
    def test_nothing_is_told_by_sizes(self, path: str, headers: Headers) -> None:
        app = Compressed(Application(b"x" * 5000), Compression())

        assert b"content-encoding" not in answered(app, path, headers=((b"accept-encoding", b"gzip"), *headers))[1]

    @pytest.mark.parametrize("kind", [b"image/png", b"text/event-stream"])
    def test_some_kinds_stay(self, kind: bytes) -> None:
        app = Compressed(Application(b"x" * 5000, headers=((b"content-type", kind),)), Compression())

        assert b"content-encoding" not in answered(app, headers=((b"accept-encoding", b"gzip"),))[1]

    def test_a_strong_tag_becomes_a_weak_one(self) -> None:
        app = Compressed(
            Application(b"x" * 5000, headers=((b"content-type", b"text/plain"), (b"etag", b'"a"'))), Compression()
        )

        assert answered(app, headers=((b"accept-encoding", b"gzip"),))[1][b"etag"] == b'W/"a"'


class TestStaticFiles:
    @pytest.fixture
    def files(self, tmp_path: Path) -> StaticFiles:
        (tmp_path / "public/in").mkdir(parents=True)
        (tmp_path / "public/index.html").write_text("<h1>start</h1>")
        (tmp_path / "public/in/a b.txt").write_text("text")
        (tmp_path / "public/.env").write_text("secret")
        (tmp_path / "secret.txt").write_text("secret")
        (tmp_path / "public/link.txt").symlink_to(tmp_path / "secret.txt")
        folders = [StaticFolder(mount="/", folder="public"), StaticFolder(mount="/more", folder="public/in")]
        return StaticFiles(Application(b"app"), folders, tmp_path, lambda path: path.startswith("/api"))

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/", b"<h1>start</h1>"),
            ("/in/a%20b.txt", b"app"),  # the server has decoded once
            ("/more/a b.txt", b"text"),
            ("/.env", b"app"),
            ("/../secret.txt", b"app"),
            ("/%2e%2e/secret.txt", b"app"),
            ("/in/..%2f..%2fsecret.txt", b"app"),
            ("/link.txt", b"app"),
            ("/in", b"app"),
            ("/a\0b", b"app"),
            ("/api/index.html", b"app"),
        ],
    )
    def test_files_and_only_those(self, files: StaticFiles, path: str, body: bytes) -> None:
        assert answered(files, path)[2] == body

    @pytest.mark.parametrize("folder", [".", "..", "environments", "environments/base", "server", "/"])
    def test_settings_are_never_among_them(self, tmp_path: Path, folder: str) -> None:
        for name in ("environments/base/datasources.yaml", "server/datasources.json", "rows.db"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("secret")
        files = StaticFiles(Application(b"app"), [StaticFolder(mount="/", folder=folder)], tmp_path, lambda _: False)

        for path in ("/rows.db", "/datasources.yaml", "/base/datasources.yaml", "/environments/base/datasources.yaml"):
            assert answered(files, path)[2] == b"app"

    def test_a_known_file_is_not_sent_again(self, files: StaticFiles) -> None:
        tag = answered(files)[1][b"etag"]

        assert answered(files, headers=((b"if-none-match", tag),))[0] == 304
        assert answered(files, method="HEAD")[2] == b""
        assert answered(files, method="POST")[2] == b"app"


def test_helmet_of_a_new_loopback_project() -> None:
    middleware = {
        "initial": {
            "helmet#xssFilter": {},
            "helmet#frameguard": {"params": ["deny"]},
            "helmet#hsts": {"params": {"maxAge": 0, "includeSubdomains": True}},
            "helmet#hidePoweredBy": {},
            "helmet#ieNoOpen": {},
            "helmet#noSniff": {},
            "helmet#noCache": {"enabled": False},
        }
    }

    assert helmet_headers(middleware) == {
        "x-xss-protection": "1; mode=block",
        "x-frame-options": "DENY",
        "strict-transport-security": "max-age=0; includeSubDomains",
        "x-download-options": "noopen",
        "x-content-type-options": "nosniff",
    }
    assert helmet_headers({"initial": {"helmet": {"params": {"frameguard": False}}}}) == {
        "x-dns-prefetch-control": "off",
        "strict-transport-security": "max-age=15552000; includeSubDomains",
        "x-download-options": "noopen",
        "x-content-type-options": "nosniff",
        "x-xss-protection": "1; mode=block",
    }
