"""Options of every verb, before it and after it."""

from pathlib import Path

import click
import pytest

from lbconf.cli.global_options import GlobalOptions, nearest_project
from lbconf.cli.options import shared_options


def seen(*arguments: str) -> GlobalOptions:
    """What a verb gets for these arguments."""

    @click.group()
    @shared_options
    @click.pass_context
    def group(ctx: click.Context, options: GlobalOptions) -> None:
        ctx.obj = options

    @group.command("verb")
    @shared_options
    def verb(options: GlobalOptions) -> GlobalOptions:
        return options

    found = group.main(list(arguments), standalone_mode=False)
    assert isinstance(found, GlobalOptions)
    return found


def test_without_options_everything_is_left_open() -> None:
    assert seen("verb") == GlobalOptions()


def test_options_work_before_and_after_the_verb() -> None:
    before = seen("--project", "p", "--env", "e", "--layout", "native", "--set", "/a=1", "--no-color", "-q", "verb")
    after = seen("verb", "--project", "p", "--env", "e", "--layout", "native", "--set", "/a=1", "--no-color", "-q")

    assert before == after
    assert after == GlobalOptions(
        project=Path("p"), environment="e", layout="native", sets=("/a=1",), color=False, verbosity=-1
    )


def test_after_the_verb_wins_and_sets_add_up() -> None:
    found = seen("--env", "a", "--set", "/x=1", "--quiet", "verb", "--env", "b", "--set", "/x=2", "--verbose")

    assert found == GlobalOptions(environment="b", sets=("/x=1", "/x=2"), verbosity=1)


def test_quiet_and_verbose_exclude_each_other() -> None:
    with pytest.raises(click.UsageError):
        seen("verb", "--quiet", "--verbose")


@pytest.mark.parametrize("marker", ["environments/base/datasources.yaml", "server/model-config.json", "models.json"])
def test_the_nearest_project_upward_is_found(tmp_path: Path, marker: str) -> None:
    (tmp_path / marker).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / marker).touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert nearest_project(below) == tmp_path


def test_inside_environments_the_project_is_the_folder_above(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)

    assert nearest_project(base) == tmp_path
    assert nearest_project(base.parent) == tmp_path
