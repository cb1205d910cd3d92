"""Modules of a project, read as text: which functions are marked, however the decorators were imported."""

from pathlib import Path

import pytest

from lbconf.code.checking import code_findings
from lbconf.code.marks import Kind
from lbconf.code.names import camel, implemented, parameter_of, snake
from lbconf.code.reading import FoundModule, module_path, read_module
from lbconf.diagnostics import Code, Diagnostic
from lbconf.operations.load import load_project


def read(folder: Path, text: str) -> FoundModule:
    (folder / "app.py").write_text(text)
    found = read_module(folder, "app")
    assert isinstance(found, FoundModule)
    return found


@pytest.mark.parametrize(
    ("imported", "decorator"),
    [
        ("from lbconf.code import before_save", "@before_save"),
        ("from lbconf.code import before_save as stamp", "@stamp"),
        ("from lbconf.code import *", "@before_save"),
        ("from lbconf import code", "@code.before_save"),
        ("import lbconf.code", "@lbconf.code.before_save"),
        ("import lbconf.code as hooks", "@hooks.before_save"),
        ("if True:\n    from lbconf.code import before_save", "@before_save"),
    ],
)
def test_a_decorator_is_known_however_it_was_imported(tmp_path: Path, imported: str, decorator: str) -> None:
    found = read(tmp_path, f"{imported}\n\n\n{decorator}\nasync def f(context): ...\n")

    assert [(one.name, [mark.kind for mark in one.marks]) for one in found.functions] == [("f", [Kind.BEFORE_SAVE])]


def test_decorators_of_others_are_none_of_lbconfs_business(tmp_path: Path) -> None:
    text = (
        "from other import before_save\nfrom lbconf.code import HttpError\n\n\n@before_save\ndef f(context): ...\n\n\n"
    )
    text += "@access\ndef g(context): ...\n\n\n@HttpError\ndef h(context): ...\n"

    assert read(tmp_path, text).functions == ()


def test_parameters_and_names_are_read(tmp_path: Path) -> None:
    text = "from lbconf.code import remote\n\n\n@remote('prototype.close')\n@remote()\n"
    text += "def close(context, a, b=1, *more, c, d=2, **rest): ...\n"

    (found,) = read(tmp_path, text).functions

    assert [mark.name for mark in found.marks] == ["prototype.close", None]
    assert (found.required, found.optional, found.named, found.named_optional) == (
        ("context", "a"),
        ("b",),
        ("c",),
        ("d",),
    )
    assert (found.takes_more, found.takes_any, found.location.line) == (True, True, 6)


def test_a_module_is_a_file_or_a_package_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "app" / "hooks").mkdir(parents=True)
    (tmp_path / "app" / "hooks" / "__init__.py").write_text("")
    (tmp_path / "app" / "one.py").write_text("")

    assert module_path(tmp_path, "app.hooks") == tmp_path / "app" / "hooks" / "__init__.py"
    assert module_path(tmp_path, "app.one") == tmp_path / "app" / "one.py"
    for name in ("app.two", "../app.one", "/etc/passwd", "app.one/../one", "", "app..one"):
        assert module_path(tmp_path, name) is None
        missing = read_module(tmp_path, name)
        assert isinstance(missing, Diagnostic)
        assert missing.code is Code.CODE_MISSING


def test_names_in_snake_case_stand_for_camel_case() -> None:
    assert (camel("mark_paid"), snake("markPaid"), snake("id")) == ("markPaid", "mark_paid", "id")
    assert implemented("mark_paid", None, ["markPaid", "mark_paid"]) == "mark_paid"
    assert implemented("mark_paid", None, ["prototype.markPaid"]) == "prototype.markPaid"
    assert implemented("f", "close", ["prototype.close"]) is None
    assert parameter_of("dueDate", {"due_date"}) == "due_date"
    assert parameter_of("dueDate", {"due"}) is None


def test_inherited_code_comes_first_and_is_told_once(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    (base / "models" / "a.yaml").write_text("public: false\ncode: [one, gone]\nproperties: {x: string}\n")
    (base / "models" / "b.yaml").write_text("base: A\ndataSource: db\ncode: two\n")
    (tmp_path / "one.py").write_text("")
    (tmp_path / "two.py").write_text("")

    project = load_project(tmp_path)

    assert project.models["B"].code == ("one", "gone", "two")
    assert [finding.code for finding in code_findings(project)] == [Code.CODE_MISSING]
