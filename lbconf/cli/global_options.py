"""The options of every verb as values: which project and environment, how much to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lbconf.cli.output import Output
from lbconf.diagnostics import Diagnostic
from lbconf.records import dataclass

__all__ = ["LAYOUTS", "GlobalOptions", "nearest_project"]

LAYOUTS: Final = ("native", "loopback", "loopback1")
"""What `--layout` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The options of every verb, those before and those after it put together."""

    project: Path | None = None
    """As given; `root` is what to use."""
    environment: str | None = None
    """None: the operation asks `LBCONF_ENV` and `NODE_ENV`, and else takes `development`."""
    layout: str | None = None
    """None: told from the files."""
    sets: tuple[str, ...] = ()
    """`pointer=value`, later ones win."""
    color: bool = True
    """False after `--no-color`; `output` asks the terminal too."""
    verbosity: int = 0
    """-1 quiet, 0, 1 verbose."""

    @property
    def root(self) -> Path:
        """The project's folder: as given, else the nearest one upward that holds a project, else the current one."""
        return self.project if self.project is not None else nearest_project(Path.cwd())

    @property
    def output(self) -> Output:
        """Where results and messages go."""
        return Output(color=self.color, verbosity=self.verbosity, render=self._render)

    def _render(self, found: Sequence[Diagnostic], color: bool) -> str:  # noqa: FBT001 - as a `Renderer`
        from lbconf.cli.views.diagnostics import render_text

        return render_text(found, self.root, color=color)


_MARKERS: Final = (
    "environments/base",
    "server/model-config.json",
    "server/datasources.json",
    "server/config.json",
    "models.json",
    "datasources.json",
)
"""Files and folders that only the root of a project has, native ones first."""


def nearest_project(start: Path) -> Path:
    """The folder itself or the nearest one above it that holds a project; `start` where there is none."""
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    return start
