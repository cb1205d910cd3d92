"""Names of models, properties and relations made from names in a database: unique, legal, the same each time."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from lbconf.project.builtin import ABSTRACT, BUILT_IN
from lbconf.project.plural import plural

__all__ = ["RESERVED_PROPERTIES", "distinct", "lower_camel", "model_names", "pascal", "plural_camel", "property_names"]

RESERVED_MODELS: Final = frozenset(
    name.lower()
    for name in (
        *ABSTRACT,
        *BUILT_IN,
        *[
            "Any",
            "Array",
            "Boolean",
            "Date",
            "File",
            "Integer",
            "Number",
            "Object",
            "String",
            "Text",
            "Json",
            "Buffer",
            "GeoPoint",
            "Null",
            "Model",
        ],
        *[
            "Binary",
            "Bigint",
            "Dateonly",
            "Datetime",
            "Datestring",
            "Decimal",
            "Enum",
            "Smallint",
            "Time",
            "Uuid",
            "DataSource",
        ],
    )
)
"""Names that mean something already, folded."""

RESERVED_PROPERTIES: Final = frozenset({"constructor", "prototype", "__proto__", "hasownproperty", "tostring"})
WORDS: Final = re.compile(r"[^0-9A-Za-z]+")
HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LONGEST: Final = 100
"""Most characters of a name; file names stay short enough for every file system."""


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return [word for part in WORDS.split(plain) for word in HUMPS.split(part) if word]


def pascal(name: str) -> str:
    """`order_line` and `orderLine` as `OrderLine`; `T` and a digest for names without a letter or digit of ASCII."""
    words = _words(name)
    made = "".join(word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in words)
    if not made:
        return f"T{sha256(name.encode()).hexdigest()[:8]}"
    return (made if made[0].isalpha() else f"T{made}")[:LONGEST]


def lower_camel(name: str) -> str:
    """`order_line`, `OrderLine` and `ORDER_LINE` as `orderLine`."""
    words = _words(name)
    if not words:
        return f"p{sha256(name.encode()).hexdigest()[:8]}"
    first, *rest = words
    made = first.lower() + "".join(word[:1].upper() + word[1:].lower() for word in rest)
    return (made if made[0].isalpha() else f"p{made}")[:LONGEST]


def plural_camel(name: str) -> str:
    """The plural of a model's name in lower camel case."""
    return plural(name[:1].lower() + name[1:])


def distinct(wanted: str, taken: Iterable[str]) -> str:
    """The name itself, or with the first number that makes it differ from all taken ones, whatever their case."""
    known = {name.lower() for name in taken}
    if wanted.lower() not in known:
        return wanted
    number = 2
    while f"{wanted}{number}".lower() in known:
        number += 1
    return f"{wanted}{number}"


def model_names(tables: Iterable[tuple[str, str]], *, default_namespace: str) -> dict[tuple[str, str], str]:
    """A model name for each (namespace, table), tables of the default namespace served first.

    No two are equal in any case, none has the REST path of another, none is a reserved one.
    """
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for namespace, table in sorted(tables, key=lambda pair: (pair[0] != default_namespace, pair)):
        name = pascal(table)
        if name.lower() in RESERVED_MODELS:
            name = f"{name}Record"
        if _clashes(name, taken) and namespace not in {"", default_namespace}:
            name = f"{pascal(namespace)}{name}"
        number = 2
        stem = name
        while _clashes(name, taken) or name.lower() in RESERVED_MODELS:
            name = f"{stem}{number}"
            number += 1
        taken |= {name.lower(), plural(name).lower()}
        found[namespace, table] = name
    return found


def _clashes(name: str, taken: set[str]) -> bool:
    return name.lower() in taken or plural(name).lower() in taken


def property_names(columns: Iterable[str]) -> dict[str, str]:
    """A property name for each column; columns that are legal camel case already come first to theirs."""
    names = list(columns)
    found: dict[str, str] = {}
    for column in sorted(names, key=lambda name: lower_camel(name) != name):
        made = lower_camel(column)
        if made.lower() in RESERVED_PROPERTIES:
            made = f"{made}Value"
        found[column] = distinct(made, found.values())
    return {column: found[column] for column in names}
