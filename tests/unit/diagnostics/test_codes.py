import re
from pathlib import Path

from lbconf.diagnostics import Code

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "diagnostics.md").read_text()


def test_every_code_has_a_heading_and_every_heading_a_code() -> None:
    headings = re.findall(r"^### (LB\d{4}) (\w+)$", DOCUMENT, re.MULTILINE)
    assert headings == sorted((code.value, code.name) for code in Code)


def test_every_heading_says_what_it_means_and_how_to_mend_it() -> None:
    for section in re.split(r"^### ", DOCUMENT, flags=re.MULTILINE)[1:]:
        heading, meaning, mending, *_ = [paragraph for paragraph in section.strip().split("\n\n") if paragraph]
        assert meaning.endswith("."), heading
        assert mending.startswith("*Mend it:* "), heading


def test_every_code_is_used() -> None:
    files = [path for path in (ROOT / "lbconf").rglob("*.py") if path.name != "codes.py"]
    used = set(re.findall(r"\bCode\.([A-Z_0-9]+)\b", "\n".join(path.read_text() for path in files)))
    assert sorted(code.name for code in Code if code.name not in used) == []
