"""Plain scalars of YAML 1.2's core schema."""

from typing import Any, Final

from lbconf.patterns import pattern

__all__ = ["NOT_TEXT", "scalar"]

NOT_TEXT: Final = frozenset("-+.0123456789nNtTfF~")
"""What a scalar that is no text may begin with."""
_WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER: Final = pattern(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = pattern(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = pattern(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DIGITS_MAX: Final = 4000
_BITS_MAX: Final = 13_288
"""As many as 4,000 decimal digits have: what Python writes out again."""


def scalar(text: str) -> Any:
    """The value of a plain scalar under the core schema: text, number, boolean or None.

    Raises:
        ValueError: for infinity and not-a-number, which JSON cannot say.
    """
    if text and text[0] not in NOT_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _DIGITS_MAX:
            msg = f"a number of {len(text)} digits is too long"
            raise ValueError(msg)
        number = int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if number.bit_length() > _BITS_MAX:
            msg = f"a number of {number.bit_length()} bits is too long"
            raise ValueError(msg)
        return number
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in {float("inf"), float("-inf")}:
            msg = f"{text} is beyond what a number can hold"
            raise ValueError(msg)
        return value
    if _NO_NUMBER.fullmatch(text):
        msg = f"{text} is no number that JSON or a database can hold"
        raise ValueError(msg)
    return text
