"""Write the JSON Schemas of the configuration files, or tell which are out of date."""

import json
from pathlib import Path

from lbconf.connectors.registry import connector_types

__all__ = ["outdated", "schema_files", "write_schemas"]

_PACKAGE = Path(__file__).parent.parent
_OWN_CONNECTORS = ("memory", "mysql", "postgresql", "sqlite")


def schema_files() -> dict[str, str]:
    """The text of every schema by file name, `model.json` and so on."""
    from lbconf.plan.plan_file import plan_file_schema
    from lbconf.plan.snapshot import snapshot_schema
    from lbconf.project.json_schema import json_schemas

    connectors = [(kind.name, kind.aliases, kind.settings()) for kind in connector_types()]
    schemas = {**json_schemas(connectors), "plan": plan_file_schema(), "snapshot": snapshot_schema()}
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in sorted(schemas.items())
    }


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write every schema into the folder, which is made where it is missing; the paths that changed.

    In lbconf's own repository the tables that files are checked against are written too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: text for name, text in schema_files().items()}
    if folder.resolve() == _PACKAGE.parent.resolve() / "schemas":
        files.update(_tables())
    changed = []
    for path, text in files.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return tuple(changed)


def outdated(folder: Path) -> tuple[Path, ...]:
    """The schemas in the folder that are missing or differ, and the tables inside lbconf that differ."""
    stale = [
        folder / name
        for name, text in schema_files().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    stale.extend(path for path, text in _tables().items() if path.read_text(encoding="utf-8") != text)
    return tuple(stale)


def _tables() -> dict[Path, str]:
    """The tables inside lbconf that files are checked against, by path."""
    from lbconf.project.json_schema import connectors_module, shapes_module

    own = [(kind.name, kind.aliases, kind.settings()) for kind in connector_types() if kind.name in _OWN_CONNECTORS]
    return {
        _PACKAGE / "project" / "shapes.py": shapes_module(),
        _PACKAGE / "connectors" / "table.py": connectors_module(own),
    }
