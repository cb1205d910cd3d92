"""Forms of texts that JSON Schema names, checked in time linear in the text.

Source: JSON Schema 2020-12 Validation, section 7.3; RFC 3339 (dates), 5321 (mail), 1123 (hosts), 3986 (uri).
"""

import ipaddress
import string
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from lbconf.patterns import pattern

__all__ = ["FORMS", "form_check"]

Check = Callable[[str], bool]

_DATE: Final = pattern(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = pattern(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})")
_TIME: Final = pattern(r"\d{2}:\d{2}:\d{2}(\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})?")
_DURATION: Final = pattern(
    r"P(?=[\dT])(\d{1,9}Y)?(\d{1,9}M)?(\d{1,9}W)?(\d{1,9}D)?(T(?=\d)(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}(\.\d{1,9})?S)?)?"
)
_UUID: Final = pattern(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_LABEL: Final = pattern(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SCHEME: Final = pattern(r"[A-Za-z][A-Za-z0-9+.-]*")
_LOCAL: Final = frozenset(string.ascii_letters + string.digits + ".!#$%&'*+/=?^_`{|}~-")
_URI: Final = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")
_LONGEST_HOST: Final = 253
_LONGEST_MAIL: Final = 254
_LONGEST_LOCAL: Final = 64


def form_check(name: str) -> Check | None:
    """What tells whether a text has the form; None for a form that lbconf does not know, which every text has."""
    return FORMS.get(name)


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None or not text.isascii():
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_instant(text: str) -> bool:
    if _INSTANT.fullmatch(text) is None or not text.isascii():
        return False
    leap = text[17:19] == "60"
    plain = f"{text[:10]}T{text[11:17]}{'59' if leap else text[17:19]}"
    try:
        datetime.fromisoformat(plain)
    except ValueError:
        return False
    return text[-1] in "Zz" or (int(text[-5:-3]) <= 23 and int(text[-2:]) <= 59)  # noqa: PLR2004 - hours and minutes


def _is_time(text: str) -> bool:
    zoned = text[-1:] in {"Z", "z"} or text[-6:-5] in {"+", "-"}
    return _TIME.fullmatch(text) is not None and _is_instant(f"2020-01-01T{text}{'' if zoned else 'Z'}")


def _is_mail(text: str) -> bool:
    local, at, host = text.rpartition("@")
    if not at or len(text) > _LONGEST_MAIL or not 0 < len(local) <= _LONGEST_LOCAL:
        return False
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    return not dotted and all(char in _LOCAL for char in local) and _is_host(host)


def _is_host(text: str) -> bool:
    if not text or len(text) > _LONGEST_HOST or not text.isascii():
        return False
    return all(_LABEL.fullmatch(label) is not None for label in text.split("."))


def _is_uri(text: str) -> bool:
    scheme, colon, rest = text.partition(":")
    return bool(colon and rest) and _SCHEME.fullmatch(scheme) is not None and _is_reference(text)


def _is_reference(text: str) -> bool:
    if not all(char in _URI for char in text):
        return False
    return all(
        len(part) >= 2 and part[0] in string.hexdigits and part[1] in string.hexdigits  # noqa: PLR2004 - %XX
        for part in text.split("%")[1:]
    )


def _is_address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> Check:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return "%" not in text

    return check


def _is_pointer(text: str) -> bool:
    escapes = text.replace("~0", "").replace("~1", "")
    return (not text or text.startswith("/")) and "~" not in escapes


FORMS: Final[Mapping[str, Check]] = {
    "date": _is_date,
    "date-time": _is_instant,
    "time": _is_time,
    "duration": lambda text: text.isascii() and _DURATION.fullmatch(text) is not None,
    "email": _is_mail,
    "hostname": _is_host,
    "ipv4": _is_address(ipaddress.IPv4Address),
    "ipv6": _is_address(ipaddress.IPv6Address),
    "json-pointer": _is_pointer,
    "uri": _is_uri,
    "uri-reference": _is_reference,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}
"""By the name that JSON Schema gives it."""
