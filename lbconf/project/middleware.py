"""Entries of LoopBack's middleware.json, in the order of their phases."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.project.resolved import EMPTY
from lbconf.records import dataclass

__all__ = [
    "KNOWN_COMPONENTS",
    "KNOWN_MIDDLEWARE",
    "MiddlewareEntry",
    "has_counterpart",
    "helmet_headers",
    "middleware_entries",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MiddlewareEntry:
    """One use of a middleware that is not switched off."""

    phase: str
    name: str
    """The package with its fragment: `helmet#noSniff`."""
    params: Any
    """As written: a list of arguments, one argument, or an empty mapping."""
    paths: tuple[str, ...]

    def option(self, name: str) -> Any:
        """An option of the one argument; None where there is none."""
        first = self.params[0] if isinstance(self.params, list | tuple) and self.params else self.params
        return first.get(name) if isinstance(first, Mapping) else None


KNOWN_MIDDLEWARE: Final = frozenset(
    {"cors", "compression", "express-rate-limit", "helmet", "loopback#static", "serve-static", "express.static"}
    | {"loopback#token", "loopback#rest", "loopback#urlNotFound", "loopback#favicon", "loopback#status"}
    | {"loopback#errorHandler", "strong-error-handler", "errorhandler", "body-parser", "body-parser#json"}
    | {"body-parser#urlencoded", "loopback#context", "loopback#rewriteUserLiteral", "serve-favicon"}
    | {"express#static", "loopback#bodyParser", "morgan"}
)
KNOWN_COMPONENTS: Final = frozenset({"loopback-component-explorer"})
"""Components that have a counterpart."""


def middleware_entries(middleware: Mapping[str, Any]) -> Iterator[MiddlewareEntry]:
    """Every entry that is switched on."""
    for phase, entries in middleware.items():
        if not isinstance(entries, Mapping):
            continue
        for name, written in entries.items():
            for one in written if isinstance(written, list | tuple) else (written,):
                said = one if isinstance(one, Mapping) else EMPTY
                if written is False or written is None or said.get("enabled", True) is False:
                    continue
                paths = said.get("paths")
                found = (paths,) if isinstance(paths, str) else paths if isinstance(paths, list | tuple) else ()
                yield MiddlewareEntry(
                    phase=phase,
                    name=name,
                    params=said.get("params", EMPTY),
                    paths=tuple(path for path in found if isinstance(path, str)),
                )


def has_counterpart(name: str) -> bool:
    """Whether there is a counterpart."""
    return name in KNOWN_MIDDLEWARE or (name.startswith("helmet#") and name in HELMET)


def helmet_headers(middleware: Mapping[str, Any]) -> dict[str, str]:
    """Headers of the helmet entries, as helmet 3 sends them."""
    found: dict[str, str] = {}
    for entry in middleware_entries(middleware):
        said = entry.params[0] if isinstance(entry.params, list | tuple) and entry.params else entry.params
        if entry.name == "helmet":
            options = said if isinstance(said, Mapping) else EMPTY
            for name in USUAL:
                if options.get(name.removeprefix("helmet#")) is not False:
                    found.update(_helmet(name, EMPTY))
            for short, inner in options.items():
                if isinstance(inner, Mapping) or inner is True:
                    found.update(_helmet(f"helmet#{short}", inner))
        elif entry.name in HELMET:
            found.update(_helmet(entry.name, said))
    return found


HELMET: Final = frozenset(
    f"helmet#{name}"
    for name in (
        "xssFilter", "frameguard", "hsts", "hidePoweredBy", "ieNoOpen", "noSniff", "noCache", "dnsPrefetchControl",
        "referrerPolicy", "contentSecurityPolicy",
    )
)  # fmt: skip
USUAL: Final = tuple(
    f"helmet#{name}" for name in ("dnsPrefetchControl", "frameguard", "hsts", "ieNoOpen", "noSniff", "xssFilter")
)
DAYS_180: Final = 15_552_000


def _helmet(name: str, said: Any) -> dict[str, str]:
    options = said if isinstance(said, Mapping) else EMPTY
    match name.removeprefix("helmet#"):
        case "xssFilter":
            return {"x-xss-protection": "1; mode=block"}
        case "frameguard":
            action = said if isinstance(said, str) else options.get("action", "sameorigin")
            return {"x-frame-options": "DENY" if str(action).lower() == "deny" else "SAMEORIGIN"}
        case "hsts":
            age = options.get("maxAge", DAYS_180)
            within = options.get("includeSubDomains", options.get("includeSubdomains", True)) is not False
            preload = "; preload" if options.get("preload") is True else ""
            subdomains = "; includeSubDomains" if within else ""
            return {"strict-transport-security": f"max-age={age if isinstance(age, int) else 0}{subdomains}{preload}"}
        case "ieNoOpen":
            return {"x-download-options": "noopen"}
        case "noSniff":
            return {"x-content-type-options": "nosniff"}
        case "noCache":
            return {
                "surrogate-control": "no-store",
                "cache-control": "no-store, no-cache, must-revalidate, proxy-revalidate",
                "pragma": "no-cache",
                "expires": "0",
            }
        case "dnsPrefetchControl":
            return {"x-dns-prefetch-control": "on" if options.get("allow") is True else "off"}
        case "referrerPolicy":
            policy = options.get("policy", "no-referrer")
            return {"referrer-policy": ",".join(policy) if isinstance(policy, list | tuple) else str(policy)}
        case "contentSecurityPolicy":
            directives = options.get("directives")
            said_parts = directives.items() if isinstance(directives, Mapping) else ()
            parts = [f"{_dashed(key)} {_words(value)}".strip() for key, value in said_parts]
            return {"content-security-policy": "; ".join(parts)} if parts else {}
        case _:
            return {}


def _dashed(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name)


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is True else str(value)
