import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lbconf.project.plural import _ALREADY_PLURAL, _REGULAR, _RULES, _UNCOUNTABLE, plural


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Account", "Accounts"),
        ("Category", "Categories"),
        ("Person", "People"),
        ("Child", "Children"),
        ("Woman", "Women"),
        ("Human", "Humans"),
        ("Ox", "Oxen"),
        ("Checked", "Checkeds"),
        ("Replacey", "Replaceys"),
        ("Legacy", "Legacies"),
        ("Loose", "Looses"),
        ("Wish", "Wishes"),
        ("Address", "Addresses"),
        ("Status", "Statuses"),
        ("Analysis", "Analyses"),
        ("Sis", "Ses"),
        ("Quiz", "Quizzes"),
        ("Matrix", "Matrices"),
        ("Shelf", "Shelves"),
        ("Wife", "Wives"),
        ("Series", "Series"),
        ("Data", "Data"),
        ("Equipment", "Equipment"),
        ("People", "People"),
        ("Categories", "Categories"),
        ("OrderLine", "OrderLines"),
        ("ACL", "ACLs"),
        ("Staff", "Staffs"),
    ],
)
def test_plurals_of_loopback_projects(name: str, expected: str) -> None:
    assert plural(name) == expected


@given(st.text(min_size=1))
def test_a_plural_is_never_empty(name: str) -> None:
    assert plural(name)


@given(st.from_regex(r"[A-Z][a-z]{1,12}", fullmatch=True))
@example("Sis")
def test_a_plural_keeps_the_first_letter(name: str) -> None:
    assert plural(name)[0] == name[0]


@given(
    st.text(st.sampled_from("abcefgijklmnopqrstuvwxyzAI"), max_size=6),
    st.sampled_from([*_REGULAR, *(ending.upper() for ending in _REGULAR)]),
)
def test_regular_endings_get_what_the_rules_give(start: str, ending: str) -> None:
    name = start + ending
    if name.lower() in _UNCOUNTABLE:
        return
    assert _ALREADY_PLURAL.search(name) is None
    rule, with_ending = next((rule, made) for rule, made in _RULES if rule.search(name))
    assert plural(name) == rule.sub(with_ending, name, count=1) == f"{name}s"
