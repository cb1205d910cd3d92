"""Names that lbconf makes do not meet in what the server keeps unique."""

from pathlib import Path

import pytest

from tests.place import KINDS, made_of_kind


@pytest.mark.parametrize("kind", ["index", "unique"])
@pytest.mark.parametrize("place", KINDS)
def test_two_tables_whose_made_names_meet(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, kind: str
) -> None:
    request.param = place
    found = made_of_kind(request, tmp_path)
    for name, prop in (("a", "b_c"), ("a_b", "c")):
        text = f"name: {name}\ndataSource: db\nproperties:\n  {prop}: {{type: integer, {kind}: true}}\n"
        found.write(f"models/{name}.yaml", text)
    found.apply()
    assert found.changes() == []
