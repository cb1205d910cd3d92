"""Names of models, properties and relations made from names in a database: unique, legal, the same each time."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from lbconf.project.builtin import ABSTRACT, BUILT_IN
from lbconf.project.plural import plural

__all__ = [
    "RESERVED_PROPERTIES",
    "distinct",
    "legal",
    "lower_camel",
    "model_names",
    "pascal",
    "plural_camel",
    "property_names",
    "words",
]

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


NONE: Final[Mapping[Any, str]] = MappingProxyType({})


def words(name: str) -> list[str]:
    """The words of a name in ASCII, their case kept: `order_line`, `orderLine` and `order line` have two."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return [word for part in WORDS.split(plain) for word in HUMPS.split(part) if word]


def pascal(name: str) -> str:
    """`order_line` and `orderLine` as `OrderLine`; `T` and a digest for names without a letter or digit of ASCII."""
    found = words(name)
    made = "".join(word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in found)
    if not made:
        return f"T{sha256(name.encode()).hexdigest()[:8]}"
    return (made if made[0].isalpha() else f"T{made}")[:LONGEST]


def lower_camel(name: str) -> str:
    """`order_line`, `OrderLine` and `ORDER_LINE` as `orderLine`."""
    found = words(name)
    if not found:
        return f"p{sha256(name.encode()).hexdigest()[:8]}"
    first, *rest = found
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


def legal(name: str) -> bool:
    """Whether a name can be one of a model or property as it stands, in files and addresses too."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name[0].isalpha() and len(name) <= LONGEST
    return plain and name.lower() not in RESERVED_PROPERTIES


def model_names(
    tables: Iterable[tuple[str, str]],
    *,
    default_namespace: str,
    naming: Callable[[str], str] = pascal,
    known: Mapping[tuple[str, str], str] = NONE,
    taken: Iterable[str] = (),
) -> dict[tuple[str, str], str]:
    """A model name for each (namespace, table): those with a known one first, then the default namespace's.

    No two are equal in any case, none has the REST path or the file of another, none is a reserved one.

    Args:
        tables: What to name.
        default_namespace: Whose names need no telling apart.
        naming: The name that a table would like.
        known: Names that some of them have already.
        taken: Names of other models.
    """
    wanted = sorted(tables, key=lambda pair: (pair[0] != default_namespace, pair))
    found = {pair: known[pair] for pair in wanted if pair in known}
    used: set[str] = set()
    for name in (*taken, *found.values()):
        used |= _claims(name)
    for namespace, table in wanted:
        if (namespace, table) in found:
            continue
        name = naming(table)
        if name.lower() in RESERVED_MODELS:
            name = f"{name}Record"
        if not used.isdisjoint(_claims(name)) and namespace not in {"", default_namespace}:
            name = f"{pascal(namespace)}{name[:1].upper()}{name[1:]}"
        number = 2
        stem = name
        while not used.isdisjoint(_claims(name)) or name.lower() in RESERVED_MODELS:
            name = f"{stem}{number}"
            number += 1
        used |= _claims(name)
        found[namespace, table] = name
    return found


def _claims(name: str) -> set[str]:
    """What no other model may be called: the name, its path, and the model that a file of that name stands for."""
    return {name.lower(), plural(name).lower(), name.replace("_", "").lower()}


def property_names(
    columns: Iterable[str],
    *,
    naming: Callable[[str], str] = lower_camel,
    known: Mapping[str, str] = NONE,
) -> dict[str, str]:
    """A property name for each column; known ones stay, columns that are named as they like come before the others."""
    names = list(columns)
    found = {column: known[column] for column in names if column in known}
    for column in sorted(names, key=lambda name: naming(name) != name):
        if column in found:
            continue
        made = naming(column)
        if made.lower() in RESERVED_PROPERTIES:
            made = f"{made}Value"
        found[column] = distinct(made, found.values())
    return {column: found[column] for column in names}
