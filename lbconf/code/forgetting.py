"""Importing a project's modules anew while the old ones are still at work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["modules_forgotten"]


@contextmanager
def modules_forgotten(root: Path) -> Iterator[None]:
    """Inside the block the project's modules are imported anew; where it fails, the old ones are back afterwards."""
    folder = root.resolve()
    old = {name: module for name, module in list(sys.modules.items()) if _is_below(module, folder)}
    for name in old:
        del sys.modules[name]
    try:
        yield
    except BaseException:
        for name, module in list(sys.modules.items()):
            if name not in old and _is_below(module, folder):
                del sys.modules[name]
        sys.modules.update(old)
        raise


def _is_below(module: object, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder) and "site-packages" not in file
