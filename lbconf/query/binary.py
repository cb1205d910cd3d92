"""Bytes out of their JSON forms."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["to_bytes"]

_LARGEST_BYTE = 255


def to_bytes(value: Any) -> bytes:
    """Bytes out of base64 text (RFC 4648), a list of numbers, or `{"type": "Buffer", "data": [...]}`.

    Raises:
        RequestError: it is none of these.

    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, Mapping):
        value = value.get("data")
    if isinstance(value, list) and all(type(item) is int and 0 <= item <= _LARGEST_BYTE for item in value):
        return bytes(value)
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise RequestError(Code.VALUE_UNUSABLE, "the value is not binary data in base64")
