import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.project.plural import plural


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
def test_a_plural_keeps_the_first_letter(name: str) -> None:
    assert plural(name)[0] == name[0]
