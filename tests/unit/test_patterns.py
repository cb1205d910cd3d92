import re

from lbconf.patterns import pattern


def test_a_pattern_finds_what_a_compiled_one_finds() -> None:
    late = pattern(r"(\w)=(\d+)", re.IGNORECASE)
    for text in ("x=1, Y=22", "", "nothing"):
        assert late.findall(text) == re.compile(r"(\w)=(\d+)", re.IGNORECASE).findall(text)
    assert late.sub(r"\2", "x=1") == "1"
    assert late.flags & re.IGNORECASE


def test_a_pattern_is_compiled_at_its_first_use() -> None:
    late = pattern("(")  # no pattern: compiling it fails
    try:
        late.search("")
    except re.error:
        return
    raise AssertionError
