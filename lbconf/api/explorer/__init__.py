"""The explorer: one bundled page that shows and tries every endpoint. No network but the API itself."""

import base64
import hashlib
import re
from html import escape
from importlib.resources import files
from typing import Any, Final

from litestar import HttpMethod, Request, Response, route
from litestar.handlers import HTTPRouteHandler

from lbconf.api.openapi import api_title
from lbconf.project.resolved import Project

__all__ = ["READING", "explorer_handlers", "explorer_page"]

READING: Final = (HttpMethod.GET, HttpMethod.HEAD)
"""Pages answer HEAD as well: load balancers ask that way."""

SCRIPTS: Final = ("elements", "schemas", "session", "panel", "main")
"""Parts of the page's script, in the order they are put together."""
BEGINNING: Final = """\
  const mount = document.querySelector('meta[name=mount]').content;
  const here = location.pathname.replace(/\\/+$/, '');
  const prefix = here.endsWith(mount) ? here.slice(0, here.length - mount.length) : '';
  let description = null;
  const base = () => prefix + ((description.servers && description.servers[0].url) || '').replace(/\\/+$/, '');
"""


def explorer_handlers(project: Project) -> list[HTTPRouteHandler]:
    """The handler of the page, at the project's own mount path."""
    mount = "/" + (project.server.explorer or "/explorer").strip("/")
    page = explorer_page(mount, api_title(project)).encode("utf-8")
    headers = {"content-security-policy": _policy(page.decode("utf-8")), "cache-control": "no-cache"}

    @route(mount, http_method=READING, media_type="text/html", include_in_schema=False)
    async def explorer(request: Request[Any, Any, Any]) -> Response[bytes]:
        raw = request.scope.get("raw_path", b"")
        if project.layout.is_loopback and not raw.partition(b"?")[0].endswith(b"/"):
            # As LoopBack does; relative, for a server behind a prefix.
            location = f"{mount.rpartition('/')[2]}/"
            return Response(b"", status_code=301, media_type="text/html", headers={"location": location})
        return Response(page, media_type="text/html", headers=headers)

    return [explorer]


def explorer_page(mount: str, title: str) -> str:
    """The page with its style and script inside; it finds the API description also behind a prefix."""
    folder = files(__name__)
    script = "".join(folder.joinpath(f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    places = {
        "mount": escape(mount),
        "title": escape(title),
        "style": folder.joinpath("style.css").read_text("utf-8"),
        "script": f"\n'use strict';\n(() => {{\n{BEGINNING}{script}}})();\n",
    }
    text = folder.joinpath("page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: places[place.group(1)], text)


def _policy(page: str) -> str:
    """Only the page's own script and style may run, and only its own server is asked."""
    scripts = " ".join(_digest(found) for found in re.findall(r"<script>(.*?)</script>", page, re.DOTALL))
    styles = " ".join(_digest(found) for found in re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
