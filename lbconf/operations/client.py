"""Write a typed client of a project's REST API, by the generators that are kept well for each language."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError
from lbconf.operations.client_document import json_alone
from lbconf.operations.client_python import write_python
from lbconf.operations.client_typescript import write_typescript
from lbconf.operations.openapi import describe

__all__ = ["LANGUAGES", "write_client"]

LANGUAGES: Final[Mapping[str, Callable[[Mapping[str, Any], Path, Path], None]]] = {
    "typescript": write_typescript,
    "python": write_python,
}
"""Language to what writes a client from a description, in a folder, with a folder for what is not kept."""
MARK: Final = ".lbconf-client"


def write_client(
    language: str,
    out: Path,
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    sets: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Write the client into a folder and return the files' paths in it; files of an earlier client that are gone go.

    Raises:
        ConfigError: the project is wrong.
        LbconfError: the folder holds something else, the generator is missing, or it failed.

    """
    earlier = _earlier_files(out)
    document = json_alone(describe(root, environment, layout=layout, sets=sets))
    with tempfile.TemporaryDirectory(prefix="lbconf-client-") as folder:
        made, scratch = Path(folder, "client"), Path(folder, "scratch")
        made.mkdir()
        scratch.mkdir()
        LANGUAGES[language](document, made, scratch)
        files = sorted(
            path.relative_to(made).as_posix()
            for path in made.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        for name in files:
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((made / name).read_bytes())
    for name in earlier - set(files):
        (out / name).unlink(missing_ok=True)
    (out / MARK).write_text(json.dumps({"language": language, "files": files}, indent=1) + "\n", encoding="utf-8")
    return tuple(files)


def _earlier_files(out: Path) -> frozenset[str]:
    """The files of the client that is there. Raises `LbconfError` where there is something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return frozenset()
    try:
        written = json.loads((out / MARK).read_text("utf-8"))
        return frozenset(name for name in written["files"] if _is_inside(name))
    except (OSError, ValueError, KeyError, TypeError):
        raise LbconfError(
            Diagnostic(
                code=Code.CLIENT_FOLDER_TAKEN,
                message=f"{out} holds something that is no client written by lbconf.",
                hint="Name a folder that is new or empty; a client written earlier is written anew.",
            )
        ) from None


def _is_inside(name: Any) -> bool:
    return isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts
