import os
from pathlib import Path

import pytest

from lbconf.diagnostics import Code
from lbconf.documents.discovery import discover, environments, locate
from lbconf.documents.native_files import model_name


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")


@pytest.mark.parametrize(
    ("files", "layout", "folder"),
    [
        (["environments/base/server.yaml"], "native", "environments"),
        (["base/server.yaml"], "native", "."),
        (["environments/development/server.yaml"], "native", "environments"),
        (["server/model-config.json"], "loopback", "server"),
        (["model-config.json", "models.json", "datasources.json"], "loopback", "."),
        (["models.json", "datasources.json"], "loopback1", "."),
        (["server/datasources.json"], "loopback", "server"),
        (["environments/base/server.yaml", "server/model-config.json"], "native", "environments"),
    ],
)
def test_layouts_are_told_from_the_files(tmp_path: Path, files: list[str], layout: str, folder: str) -> None:
    write(tmp_path, *files)
    place = locate(tmp_path)
    assert (place.layout, place.folder, place.root) == (layout, Path(os.path.normpath(tmp_path / folder)), tmp_path)


def test_a_layout_can_be_demanded(tmp_path: Path) -> None:
    write(tmp_path, "environments/base/server.yaml", "server/model-config.json")
    assert locate(tmp_path, "loopback").folder == tmp_path / "server"


def test_folders_that_are_no_environments(tmp_path: Path) -> None:
    write(tmp_path, "base/server.yaml", "production/server.yaml", "scripts/run.sh", ".git/x", "_old/server.yaml")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert environments(locate(tmp_path)) == ("empty", "production")


def test_what_is_in_the_way(tmp_path: Path) -> None:
    # given
    write(tmp_path, "base/server.yaml", "base/models", "base/.hidden.yaml", "base/notes.txt", "local/models/_x.yaml")

    # when
    files = discover(tmp_path, None, environ={})

    # then
    assert [source.shown for source in files.sources] == ["base/server.yaml"]
    assert [(one.code, str(one.location)) for one in files.diagnostics] == [(Code.FILE_NOT_REGULAR, "base/models:1:1")]


def test_two_files_about_one_model(tmp_path: Path) -> None:
    write(tmp_path, "base/models/order-line.yaml", "base/models/OrderLine.json")
    files = discover(tmp_path, None, environ={})
    assert [one.code for one in files.diagnostics] == [Code.DOCUMENT_TWICE]


def test_names_of_models() -> None:
    names = ("order-line", "orderLine", "order_line", "Order", "ACL", "a.b")
    assert [model_name(name) for name in names] == ["OrderLine", "OrderLine", "OrderLine", "Order", "ACL", "AB"]


def test_a_folder_that_is_a_file_for_base(tmp_path: Path) -> None:
    write(tmp_path, "environments/production/server.yaml", "environments/base")
    files = discover(tmp_path, "production", environ={})
    assert [one.code for one in files.diagnostics] == [Code.FILE_NOT_REGULAR]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_nobody_may_list(tmp_path: Path) -> None:
    write(tmp_path, "base/models/a.yaml")
    (tmp_path / "base/models").chmod(0)
    files = discover(tmp_path, None, environ={})
    (tmp_path / "base/models").chmod(0o700)
    assert [one.code for one in files.diagnostics] == [Code.FILE_UNREADABLE]
