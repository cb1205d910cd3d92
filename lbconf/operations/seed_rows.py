"""Seed rows as the files have them: found, read, put on top of each other by id."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, Location, nearest
from lbconf.documents.discovery import locate
from lbconf.documents.source import SourceFile
from lbconf.documents.spans import Parsed, Spans
from lbconf.documents.text import read_text
from lbconf.project.resolved import Layout, Model, Project
from lbconf.records import dataclass

__all__ = ["SeedRow", "example_rows", "own_seed_files", "read_seed", "seed_files"]

SUFFIXES: Final = (".yaml", ".yml", ".json", ".jsonc")
FOLDER: Final = "seed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRow:
    """One row to be written."""

    model: Model
    values: Mapping[str, Any]
    """JSON values by property name, the id among them."""
    location: Location


def seed_files(layers: Path, environment: str) -> tuple[Path, ...]:
    """Files in `seed/` of base, the environment and local, in this order, by name within each."""
    found: list[Path] = []
    for layer in ("base", environment, "local"):
        folder = layers / layer / FOLDER
        if folder.is_dir():
            found.extend(sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES))
    return tuple(found)


def own_seed_files(project: Project) -> tuple[Path, ...]:
    """The seed files of a project; LoopBack layouts have none."""
    if project.layout is not Layout.NATIVE:
        return ()
    return seed_files(locate(project.root, project.layout).folder, project.environment)


def example_rows(project: Project) -> Mapping[str, dict[str, Any]]:
    """The first seed row of each model that has one; of files that cannot be used, none."""
    found: dict[str, dict[str, Any]] = {}
    for row in read_seed(project, own_seed_files(project), Collector()):
        found.setdefault(row.model.name, dict(row.values))
    return found


def read_seed(project: Project, files: Iterable[Path], found: Collector) -> tuple[SeedRow, ...]:
    """The rows of all files, in their order; a later row of the same model and id adds to the earlier one.

    A file holds a list of rows, and its name is the model's: `order-line.yaml` or `OrderLine.json`. Findings tell
    about what cannot be used.
    """
    rows: dict[tuple[str, str], SeedRow] = {}
    for path in files:
        shown = _shown(path, project.root)
        model = _model_of(project, path.stem, shown, found)
        if model is None:
            continue
        for row in _rows(model, path, shown, found):
            key = (model.name, repr([row.values[prop.name] for prop in model.ids]))
            earlier = rows.get(key)
            values = {**earlier.values, **row.values} if earlier else row.values
            rows[key] = SeedRow(model=model, values=values, location=row.location)
    return tuple(rows.values())


def _model_of(project: Project, stem: str, shown: str, found: Collector) -> Model | None:
    by_plain = {_plain(name): model for name, model in project.models.items()}
    model = by_plain.get(_plain(stem))
    place = Location(file=shown)
    if model is None:
        near = nearest(stem, project.models)
        hint = f"did you mean {near}?" if near else "the file's name is the model's, such as account.yaml for Account"
        found.error(Code.SEED_UNUSABLE, f"there is no model for the seed file {stem}", place, hint=hint)
    elif model.data_source is None or not model.persisted:
        found.error(Code.SEED_UNUSABLE, f"model {model.name} keeps no rows: it has no data source", place)
    elif not model.ids:
        found.error(Code.SEED_UNUSABLE, f"model {model.name} has no id, so its rows cannot be told apart", place)
    else:
        return model
    return None


def _parsed(path: Path, text: str, shown: str, found: Collector) -> Parsed | None:
    if path.suffix in {".yaml", ".yml"}:
        from lbconf.documents.yaml_reader import read_yaml

        return read_yaml(text, shown, found)
    from lbconf.documents.json_reader import read_json

    return read_json(text, shown, found, markers=False)


def _rows(model: Model, path: Path, shown: str, found: Collector) -> Sequence[SeedRow]:
    source = SourceFile(path=path, shown=shown, section=FOLDER, layer=FOLDER, model=model.name)
    text = read_text(source, found)
    if text is None:
        return ()
    parsed = _parsed(path, text, shown, found)
    if parsed is None:
        return ()
    if not isinstance(parsed.data, list):
        found.error(
            Code.SEED_UNUSABLE, "a seed file holds a list of rows", Location(file=shown), hint="begin each row with `-`"
        )
        return ()
    spans = Spans(parsed.index)
    rows: list[SeedRow] = []
    for number, values in enumerate(parsed.data):
        place = spans.get(f"/{number}") or Location(file=shown)
        missing = _missing(model, values)
        if missing is None:
            found.error(Code.SEED_UNUSABLE, "a seed row maps property names to values", place)
        elif missing:
            found.error(
                Code.SEED_UNUSABLE,
                f"row {number + 1} of {model.name} has no {', '.join(missing)}",
                place,
                hint="without an id a second run would write the row again",
            )
        else:
            rows.append(SeedRow(model=model, values=values, location=place))
    return rows


def _missing(model: Model, values: Any) -> list[str] | None:
    """Names of the ids that the row lacks; None for what is no row."""
    if not isinstance(values, dict):
        return None
    return [prop.name for prop in model.ids if values.get(prop.name) is None]


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum()).casefold()


def _shown(path: Path, root: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and so change what is shown
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(path)
