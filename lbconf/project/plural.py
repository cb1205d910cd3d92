"""English plurals of model names, as the REST paths of LoopBack projects have them.

The rules reproduce what clients of existing LoopBack applications see in
their URLs, quirks included: `Legacy` gives `Legacies`, `Replacey` gives
`Replaceys`. The case of the name is kept.
"""

import re
from functools import lru_cache

from lbconf.patterns import pattern

__all__ = ["plural"]

_UNCOUNTABLE = frozenset(
    [
        "advice",
        "aircraft",
        "art",
        "baggage",
        "bison",
        "butter",
        "clothing",
        "coal",
        "cotton",
        "deer",
        "equipment",
        "experience",
        "feedback",
        "fish",
        "flour",
        "food",
        "furniture",
        "gas",
        "homework",
        "impatience",
        "information",
        "jeans",
        "knowledge",
        "leather",
        "love",
        "luggage",
        "management",
        "money",
        "moose",
        "music",
        "news",
        "oil",
        "patience",
        "police",
        "polish",
        "progress",
        "research",
        "rice",
        "salmon",
        "sand",
        "series",
        "sheep",
        "silk",
        "sms",
        "soap",
        "spam",
        "species",
        "sugar",
        "swine",
        "talent",
        "toothpaste",
        "traffic",
        "travel",
        "trout",
        "vinegar",
        "wood",
        "wool",
    ]
)

_ALREADY_PLURAL = pattern(
    r"(?:[ti]a|(?:m|wom)en|people|children|(?:m|l)ice|oxen|(?:octop|vir)i|(?:alias|status|bus|quizz)es"
    r"|(?:matr|vert|append|ind)ices|[^aeiouy]ies|(?:x|ch|ss|sh)es|[^aeious]s|[lr]ves|[aeiou]ys|teeth|geese|feet)$",
    re.IGNORECASE,
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (pattern(text, re.IGNORECASE), ending)
    for text, ending in (
        (r"(pe)rson$", r"\1ople"),
        (r"(child)$", r"\1ren"),
        (r"^(ox)$", r"\1en"),
        (r"(?<!hu)(?<!ger)(m)an$", r"\1en"),
        (r"(t)ooth$", r"\1eeth"),
        (r"(g)oose$", r"\1eese"),
        (r"(f)oot$", r"\1eet"),
        (r"(octop|vir)us$", r"\1i"),
        (r"(alias|status|bus)$", r"\1es"),
        (r"(buffal|tomat|potat|her|ech)o$", r"\1oes"),
        (r"([ti])um$", r"\1a"),
        (r"^(s)is$", r"\1es"),
        (r"sis$", r"ses"),
        (r"(?:([^f])fe|([lr])f)$", r"\1\2ves"),
        (r"([^aeiouy]|qu)y$", r"\1ies"),
        (r"(matr|vert|append|ind)(?:ix|ex)$", r"\1ices"),
        (r"(x|ch|ss|sh)$", r"\1es"),
        (r"([ml])ouse$", r"\1ice"),
        (r"(quiz)$", r"\1zes"),
        (r"s$", r"s"),
        (r"$", r"s"),
    )
)

_REGULAR = (*"bcgjklpqrvw0123456789", "ct", "ion", "nt", "pt", "rt", "st", "xt")
"""Endings that no rule but the last one is about, so that most names need no pattern."""


@lru_cache(maxsize=4096)
def plural(name: str) -> str:
    """The plural of a name; never empty for a name that is not."""
    lower = name.lower()
    if lower in _UNCOUNTABLE:
        return name
    if lower.endswith(_REGULAR):
        return f"{name}s"
    if _ALREADY_PLURAL.search(name):
        return name
    for rule, ending in _RULES:
        if rule.search(name):
            return rule.sub(ending, name, count=1)
    return name
