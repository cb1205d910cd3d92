import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.diagnostics import Code, Collector
from lbconf.documents.reader import read_document
from lbconf.documents.source import Document, SourceFile


def read(path: Path) -> tuple[Document | None, list[tuple[Code, str]]]:
    found = Collector()
    source = SourceFile(path=path, shown=path.name, section="server", layer="base")
    document = read_document(source, found, native=True)
    assert all(one.hint for one in found.errors)
    return document, [(one.code, str(one.location)) for one in found.errors]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.json"):
        (tmp_path / name).write_bytes(b'\xef\xbb\xbf{"a": 1}')
        document, found = read(tmp_path / name)
        assert found == []
        assert document is not None
        assert document.data == {"a": 1}
        assert str(document.spans["/a"]) == f"{name}:1:7"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.yaml", b"", (Code.FILE_EMPTY, "a.yaml:1:1")),
        ("a.json", b" \n", (Code.FILE_EMPTY, "a.json:1:1")),
        ("a.yaml", b"# nothing\n", (Code.FILE_EMPTY, "a.yaml:1:1")),
        ("a.json", b"\xef\xbb\xbf", (Code.FILE_EMPTY, "a.json:1:1")),
        ("a.yaml", b"a: 1\nb: \xc3\xa9\xff\n", (Code.FILE_NOT_UTF8, "a.yaml:2:5")),
        ("a.json", "{}".encode("utf-16"), (Code.FILE_NOT_UTF8, "a.json:1:1")),
        ("a.yaml", b"- 1\n", (Code.DOCUMENT_NOT_MAPPING, "a.yaml:1:1")),
        ("a.json", b"[1]", (Code.DOCUMENT_NOT_MAPPING, "a.json:1:1")),
        ("a.json", b"1", (Code.DOCUMENT_NOT_MAPPING, "a.json:1:1")),
    ],
)
def test_files_that_say_nothing_usable(tmp_path: Path, name: str, content: bytes, expected: tuple[Code, str]) -> None:
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name) == (None, [expected])


def test_things_that_are_no_files(tmp_path: Path) -> None:
    # given
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")

    # when
    names = ("folder.yaml", "pipe.yaml", "circle.yaml", "dangling.yaml", "missing.yaml")
    codes = {name: [code for code, _ in read(tmp_path / name)[1]] for name in names}

    # then
    assert codes == {
        "folder.yaml": [Code.FILE_NOT_REGULAR],
        "pipe.yaml": [Code.FILE_NOT_REGULAR],
        "circle.yaml": [Code.FILE_UNREADABLE],
        "dangling.yaml": [Code.FILE_MISSING],
        "missing.yaml": [Code.FILE_MISSING],
    }


def test_a_device_is_not_read() -> None:
    found = Collector()
    source = SourceFile(path=Path("/dev/zero"), shown="zero.yaml", section="server", layer="base")
    assert read_document(source, found, native=True) is None
    assert [one.code for one in found.errors] == [Code.FILE_NOT_REGULAR]


WORDS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "-",
    "?",
    "&",
    "*",
    "<<",
    "!unset",
    "!replace",
    "!!int",
    "'",
    '"',
    "#",
    "|",
    "${",
    "\\u0",
    "//",
    "/*",
    "*/",
    "`",
    "=>",
    ";",
    "||",
    "...",
    "a",
    "b",
    "1",
    "é",
    "---",
    "\u2028",
    "module.exports=",
    "process.env.A",
    "function(){}",
]
PIECES = st.lists(st.sampled_from([*WORDS, " ", "  ", "\n", "\t", "\r"]), max_size=25).map("".join)


@given(PIECES | st.text(max_size=40), st.sampled_from([".yaml", ".json", ".js"]))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, text: str, suffix: str) -> None:
    # given
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    # when
    document, found = read(path)

    # then
    assert (document is None) == bool(found)
    if document is not None:
        assert list(document.spans)
        assert all(pointer in document.spans for pointer in document.key_spans)
