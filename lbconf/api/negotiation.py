"""What a client accepts. Source: RFC 9110, 12.5.1."""

from functools import lru_cache

__all__ = ["accepts_json", "error_form", "wants_problem"]

SUPPORTED = ("application/json", "application/javascript", "text/javascript", "application/problem+json")


def accepts_json(accept: bytes | None) -> bool:
    """Whether JSON is among what a client takes; so it is when it does not say."""
    return accept is None or accept in _COMMON or _accepts_json(accept)


def wants_problem(accept: bytes | None) -> bool:
    """Whether a client names problem details as something it takes."""
    return accept is not None and b"problem+json" in accept.lower() and "application/problem+json" in _ranges(accept)


ERROR_FORMS = {
    "application/json": "json",
    "text/html": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/*": "json",
    "text/*": "html",
    "*/*": "json",
}
"""What LoopBack writes errors in, by what a client takes."""


@lru_cache(256)
def error_form(accept: bytes | None) -> str:
    """`json`, `html` or `xml`: what LoopBack's error handler would write; JSON where the client takes none of them."""
    best, form = 0.0, "json"
    for part in (accept or b"").decode("latin-1").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((found for one in parameters if (found := _weight(one)) is not None), 1.0)
        if media in ERROR_FORMS and weight > best:
            best, form = weight, ERROR_FORMS[media]
    return form


@lru_cache(256)
def _accepts_json(accept: bytes) -> bool:
    ranges = _ranges(accept)
    return not accept.strip() or any(
        wanted in ranges for media in SUPPORTED for wanted in (media, media.partition("/")[0] + "/*", "*/*")
    )


def _ranges(accept: bytes) -> frozenset[str]:
    found: set[str] = set()
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(_weight(parameter) == 0 for parameter in parameters)
        if media and not refused:
            found.add("*/*" if media == "*" else media)
    return frozenset(found)


def _weight(parameter: str) -> float | None:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return None
    try:
        return float(value)
    except ValueError:
        return None


_COMMON = frozenset({b"*/*", b"application/json"})
