"""Write seed rows, so that a second run changes nothing more."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from lbconf.connectors.contract import Connector, KeyCounter, Transactional
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Collector, Diagnostic
from lbconf.errors import DocumentError, LbconfError
from lbconf.operations.data_sources import create_connector, named_data_source, opened
from lbconf.operations.load import load_project
from lbconf.operations.seed_rows import SeedRow, own_seed_files, read_seed
from lbconf.project.resolved import Model, Project, RelationKind
from lbconf.query.nodes import Filter, Row
from lbconf.records import dataclass, replace
from lbconf.repository import Repository
from lbconf.repository.credentials import password_fits
from lbconf.repository.user_rows import is_user_model

__all__ = ["SeededModel", "seed", "seed_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededModel:
    """What became of one model's rows."""

    data_source: str
    model: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0


def seed(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    sets: Sequence[str] = (),
    data_sources: Sequence[str] = (),
    files: Sequence[Path] = (),
    warn: Callable[[tuple[Diagnostic, ...]], None] = lambda _diagnostics: None,
) -> tuple[SeededModel, ...]:
    """Load a project and write its seed rows, as `seed_project`. Raises `LbconfError`.

    `warn` is called with the findings about data sources whose rows are left out.
    """
    project = load_project(root, environment, layout=layout, overrides=sets)
    warn(tuple(found for found in project.diagnostics if found.code is Code.CONNECTOR_UNSUPPORTED))
    return seed_project(project, data_sources=data_sources, files=files)


def seed_project(
    project: Project, *, data_sources: Sequence[str] = (), files: Sequence[Path] = ()
) -> tuple[SeededModel, ...]:
    """Write seed rows; rows that others need come first.

    Each data source is one transaction where its connector has them. Nothing is
    written anywhere unless every file can be used. Rows of a data source whose
    connector lbconf does not have are left out, unless it is named.

    Args:
        project: The resolved project.
        data_sources: Only these.
        files: Only these; by default those of the native layout's `seed` folders.

    Raises:
        DocumentError: a file cannot be used; carries the findings of all files.
        LbconfError: a row was refused; its file and line are in the finding.
    """
    chosen = {named_data_source(project, name).name for name in data_sources} or set(project.data_sources)
    found = Collector()
    rows = read_seed(project, files or own_seed_files(project), found)
    if found.errors:
        raise DocumentError(found.diagnostics)
    result: list[SeededModel] = []
    for name in project.data_sources:
        here = [row for row in rows if row.model.data_source == name]
        if name in chosen and here and (data_sources or connector_type(project.data_sources[name].connector)):
            result.extend(_seed_data_source(project, name, here))
    return tuple(result)


def _seed_data_source(project: Project, name: str, rows: Sequence[SeedRow]) -> list[SeededModel]:
    connector = create_connector(project.data_sources[name], project.root)
    by_model: dict[str, list[SeedRow]] = {}
    for row in rows:
        by_model.setdefault(row.model.name, []).append(row)
    repository = Repository(project, {name: connector})
    with opened([connector]), _transaction(connector):
        seeded = [_seed_model(repository, by_model[model]) for model in _in_order(project, by_model)]
        if isinstance(connector, KeyCounter):
            for model in by_model:
                connector.count_on(project.models[model])
        return seeded


def _transaction(connector: Connector) -> AbstractContextManager[None]:
    if isinstance(connector, Transactional) and connector.capabilities.write.transactions:
        return connector.transaction()
    return nullcontext()


def _seed_model(repository: Repository, rows: Sequence[SeedRow]) -> SeededModel:
    model = replace(rows[0].model, force_id=False)  # a seed row brings its id, also where clients may not
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for row in rows:
        wanted = Filter(where={prop.name: row.values[prop.name] for prop in model.ids})
        try:
            before = repository.find(model, wanted)
            after = repository.patch_or_create(model, _values(model, row, before))
        except LbconfError as error:
            raise _placed(error, row) from error
        counts["unchanged" if before == [after] else "updated" if before else "created"] += 1
    return SeededModel(data_source=model.data_source or "", model=model.name, **counts)


def _values(model: Model, row: SeedRow, before: Sequence[Row]) -> dict[str, Any]:
    """The row's values; without a user's password where it is the one already, whose hash would only become another."""
    values = dict(row.values)
    if before and is_user_model(model) and password_fits(values.get("password"), before[0].get("password"))[0]:
        del values["password"]
    return values


def _placed(error: LbconfError, row: SeedRow) -> LbconfError:
    """The error with the row's place, so that the line to mend is known."""
    return LbconfError(
        [
            Diagnostic(
                code=Code.SEED_UNUSABLE,
                message=f"a seed row of {row.model.name} was refused: {found.message}",
                location=row.location,
                hint=found.hint,
                related=found.related,
            )
            for found in error.diagnostics
        ]
    )


def _in_order(project: Project, names: Iterable[str]) -> list[str]:
    """The models, those that others belong to first; as given where they go round in a circle."""
    wanted = list(names)
    needs = {name: _needed(project.models[name], wanted) for name in wanted}
    ordered: list[str] = []
    while needs:
        ready = [name for name, needed in needs.items() if needed <= set(ordered)] or [next(iter(needs))]
        ordered.extend(ready)
        for name in ready:
            del needs[name]
    return ordered


def _needed(model: Model, names: Sequence[str]) -> set[str]:
    """Those of the names that the model belongs to, itself left out."""
    owners = {r.target for r in model.relations.values() if r.kind is RelationKind.BELONGS_TO and r.target}
    return (owners & set(names)) - {model.name}
