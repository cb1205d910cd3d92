"""An identity provider for tests: a small HTTP server on this machine with real keys, which it may change."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

__all__ = ["Provider", "provider"]


@dataclass
class Provider:
    """A running provider."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    """Private keys that are published, by id."""
    asked: list[str] = field(default_factory=list)
    """Paths in the order they were asked for."""
    away: bool = False
    """Whether it answers 503."""
    issuer: str = ""
    """What the discovery document says; the URL where empty."""

    def add(self, name: str, *, kind: str = "RSA") -> Any:
        """A new key, published from now on."""
        key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
        self.keys[name] = key
        return key

    def token(self, key_id: str, *, key: Any = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is good for a minute, signed with a key."""
        private = key if key is not None else self.keys[key_id]
        algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
        said = {"iss": self.url, "aud": "shop", "sub": "1", "exp": int(time.time()) + 60} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, private, algorithm=algorithm, headers={"kid": key_id} | (headers or {}))

    def document(self, path: str) -> Any:
        """What stands at a path; None where nothing does."""
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.issuer or self.url, "jwks_uri": f"{self.url}/jwks"}
        if path != "/jwks":
            return None
        return {"keys": [_public(name, key) for name, key in self.keys.items()]}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider with one RSA key `first`, until the block ends."""
    found = Provider()
    found.add("first")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            document = found.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(503 if found.away else 404 if document is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
            del format, arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _public(name: str, key: Any) -> dict[str, Any]:
    kind: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": name, "use": "sig"}
