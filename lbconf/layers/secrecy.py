"""Which values are secret: by the key they stand under, by the URL they are, by the variable they came from."""

import re
from typing import Any, Final

from lbconf.documents.markers import Replace, Unset, VariableText
from lbconf.layers.secret import MASK, Secret
from lbconf.patterns import pattern

__all__ = ["conceal", "conceal_text", "inner_key", "is_secret_key", "is_secret_variable", "item_key", "shown_url"]

_SECRET_KEY: Final = pattern(
    r"""(?: .*(?:password|passwd|passphrase|secret) | pass | pwd | .*[_-]pass(?:word)? | token
        | .*(?:access|auth|bearer|refresh|id|session|api|bot|device|master|push|[_-])[_-]?token
        | key | .*(?:api|access|secret|private|master|client|signing|encryption|storage|account|shared|session|auth
                     |service|windows|script)[_-]?key
        | keyfilename | .*credentials? | authorization | cookie | .*connection[_-]?string )""",
    re.VERBOSE,
)
_SIGNS: Final = ("pass", "pwd", "secret", "token", "key", "cred", "author", "cook", "str", "pw")
"""One of these is in every name that the patterns find; most names have none, which is told without the patterns."""
_PUBLIC_KEY: Final = pattern(r".*(?:foreign|primary|public|sort|partition|entity)[_-]?key")
_BLOCKS: Final = frozenset({"cookie", "authorization", "token"})
"""Names of secrets that are also names of groups of settings."""
_LIST_KEY: Final = pattern(r"keys|secrets|tokens|passwords", re.IGNORECASE)
_SECRET_VARIABLE: Final = pattern(
    r"PASS(WORD|WD|PHRASE)?(_|$)|PWD?(_|$)|SECRET|TOKEN(_|$)|CREDENTIAL|(^|_)(API|ACCESS|PRIVATE|MASTER)?_?KEY(_|$)|KEY$",
    re.IGNORECASE,
)
_NOT_SECRET_VARIABLE: Final = frozenset({"PWD", "OLDPWD"})
_URL: Final = pattern(r"(?P<start>[A-Za-z][A-Za-z0-9+.\-]*://[^:/?#@\s]*:)(?P<secret>[^\s]*)(?P<end>@[^@\s]*)")
_SETTING: Final = pattern(
    r"(?P<start>(?:^|[?&;])\s*(?:[a-z_]*(?:password|passwd|pwd|secret|token|api_?key|access_?key))\s*=)(?P<secret>[^&;\s]+)",
    re.IGNORECASE,
)


def is_secret_key(key: str) -> bool:
    """Whether values under this name are secret."""
    folded = key.casefold()
    if not any(sign in folded for sign in _SIGNS):
        return False
    return _SECRET_KEY.fullmatch(folded) is not None and _PUBLIC_KEY.fullmatch(folded) is None


def is_secret_variable(name: str) -> bool:
    """Whether a variable of this name holds a secret: it ends in PW, PASS, PASSWORD, SECRET, TOKEN or KEY."""
    folded = name.casefold()
    if name in _NOT_SECRET_VARIABLE or not any(sign in folded for sign in _SIGNS):
        return False
    return _SECRET_VARIABLE.search(name) is not None


def item_key(key: str) -> str:
    """The name that the items of a list under this name stand under."""
    return "secret" if _LIST_KEY.fullmatch(key) or is_secret_key(key) else ""


def inner_key(key: str, name: str) -> str:
    """What a value in a mapping counts as: what is secret as one value is no less so when it is taken apart."""
    if key == "url" or (is_secret_key(key) and key.casefold() not in _BLOCKS):
        return "secret"
    return name


def shown_url(text: str) -> str:
    """The text with the passwords of its URLs and connection strings masked; itself where there are none."""
    if "://" in text or "=" in text:
        text = _URL.sub(_mask, text)
        text = _SETTING.sub(_mask, text)
    return text


def conceal(value: Any, key: str, *, keys_matter: bool) -> Any:
    """The same data with what is secret in `Secret`; data without secrets is returned as it is, not copied.

    Args:
        value: Plain data, perhaps with markers.
        key: Name it stands under.
        keys_matter: Whether names tell secrets; in a model they name properties, not values.
    """
    if isinstance(value, str):
        return conceal_text(value, key if keys_matter else "")
    if isinstance(value, dict):
        return _same_or(value, {k: conceal(v, inner_key(key, k), keys_matter=keys_matter) for k, v in value.items()})
    if isinstance(value, list):
        inner = item_key(key) if keys_matter else ""
        made = [conceal(item, inner, keys_matter=keys_matter) for item in value]
        return value if all(a is b for a, b in zip(made, value, strict=True)) else made
    if isinstance(value, Replace):
        return Replace(conceal(value.value, key, keys_matter=keys_matter))
    if isinstance(value, Unset) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and keys_matter and is_secret_key(key):
        return Secret(value)
    return value


def conceal_text(text: str, key: str) -> str | Secret:
    """The text, or a `Secret` of it. References to variables (`${NAME}`) stay readable; their defaults do not."""
    if isinstance(text, VariableText):
        variable, text = text.variable, str(text)
        if text and is_secret_variable(variable) and shown_url(text) == text:
            return Secret(text)
    if key and text and is_secret_key(key) and not _is_reference(text):
        return Secret(text, _shown_template(text))
    if key == "url" and "@" in text and "://" not in text:
        return Secret(text)  # no URL, but perhaps meant as one, with a password
    shown = shown_url(text)
    return text if shown == text else Secret(text, shown)


def _is_reference(text: str) -> bool:
    return re.fullmatch(r"\$\{(?:\w+(?::\?[^}]*)?|file:[^}]*)\}", text) is not None


def _shown_template(text: str) -> str:
    """A lone variable with a secret default shows its name; anything else shows nothing."""
    match = re.fullmatch(r"(\$\{\w+):-.*\}", text)
    if match:
        return f"{match.group(1)}:-{MASK}}}"
    url = shown_url(text)
    return url if url != text and "://" in text else MASK


def _mask(match: re.Match[str]) -> str:
    secret = match.group("secret")
    end = match.groupdict().get("end") or ""
    if not secret or _is_reference(secret):
        return match.group()
    return f"{match.group('start')}{MASK}{end}"


def _same_or(value: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    return value if all(made[key] is value[key] for key in value) else made
