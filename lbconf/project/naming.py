"""Names made from names: camel case, Pascal case, path segments."""

from lbconf.patterns import pattern

__all__ = ["dashed", "lower_first", "pascal"]

_WORD_BREAK = pattern(r"[^0-9A-Za-z]+")
_CASE_BREAK = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?:[A-Z]|$))[a-z])")


def lower_first(name: str) -> str:
    """The name in lower camel case: `OrderLine` gives `orderLine`, `ACL` gives `acl`, `URLPart` gives `urlPart`."""
    words = _CASE_BREAK.split(name)
    return words[0].lower() + "".join(words[1:])


def pascal(name: str) -> str:
    """A file name in Pascal case: `order-line` gives `OrderLine`."""
    return "".join(word[:1].upper() + word[1:] for word in _WORD_BREAK.split(name))


def dashed(path: str) -> str:
    """A REST path in lower case with dashes between words: `/OrderLines` gives `/order-lines`."""
    return "/".join("-".join(_CASE_BREAK.split(part)).lower().replace("_", "-") for part in path.split("/"))
