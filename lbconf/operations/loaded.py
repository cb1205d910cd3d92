"""The Python API: a project whose data sources and models can be used at once.

    with lbconf.load(".", "production") as project:
        project.data_source("accountDB").autoupdate()
        project.model("Account").create({"email": "a@example.org"})

Rows are dicts of property name to Python value, points in time in UTC; filters
and conditions are LoopBack's, as dicts. Everything may be used from several threads.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, Self, overload

from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import PlanError, ProjectError
from lbconf.operations.apply import DEFAULT_LOCK_RETRIES, DEFAULT_LOCK_TIMEOUT, accepted_hazards, current_user
from lbconf.operations.built import bare_project, with_definitions
from lbconf.operations.data_sources import create_connector, data_source_from_url, named_data_source
from lbconf.operations.discover import discovered_models
from lbconf.operations.load import load_project
from lbconf.operations.loaded_discovery import Discovering
from lbconf.operations.loaded_verbs import Remembering
from lbconf.operations.plan import plan_connector
from lbconf.plan.executor import Limits, Outcome, execute_plan
from lbconf.plan.plan import Plan
from lbconf.project.resolved import DataSource, Model, Project
from lbconf.query.nodes import Row
from lbconf.repository import NotFoundError, Repository

__all__ = ["LoadedDataSource", "LoadedModel", "LoadedProject", "connect", "load"]


def load(
    root: str | os.PathLike[str] = ".",
    env: str | None = None,
    *,
    layout: str | None = None,
    sets: Sequence[str] = (),
) -> "LoadedProject":
    """The project at `root`, checked; nothing is contacted before a data source is used.

    Args:
        root: The project's folder, or its `environments` or `server` folder.
        env: The environment; None asks `LBCONF_ENV` and `NODE_ENV`, and else takes `development`.
        layout: `native`, `loopback` or `loopback1`; None tells it from the files.
        sets: Overrides as `pointer=value`.

    Raises:
        ConfigError: the files are wrong; carries every finding.
    """
    return LoadedProject(load_project(Path(root), env, layout=layout, overrides=tuple(sets)))


def connect(url: str, *, name: str = "db") -> "LoadedProject":
    """A project of one data source that only this URL describes, and no models yet.

    `LoadedDataSource.discover_and_build_models` gives models for what is there.

    Raises:
        ConnectorError: no connector answers to the URL's scheme.
    """
    return LoadedProject(bare_project(data_source_from_url(url, name=name)))


class LoadedProject:
    """A resolved project; a context manager that closes its connections."""

    def __init__(self, project: Project) -> None:
        """Take the resolved project."""
        self.project = project
        self._closed = False
        self._sources = {name: LoadedDataSource(self, name) for name in project.data_sources}
        self._connectors = _Opened(self._sources)
        self._repository = Repository(project, self._connectors)
        self._built: dict[str, LoadedModel] = {}

    @property
    def environment(self) -> str:
        """Name of the environment it was loaded in."""
        return self.project.environment

    @property
    def data_sources(self) -> tuple[str, ...]:
        """Names of the data sources."""
        return tuple(self.project.data_sources)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, those built at run time last."""
        return (*self.project.models, *(name for name in self._built if name not in self.project.models))

    def data_source(self, name: str) -> "LoadedDataSource":
        """The data source of that name. Raises `ProjectError` with the nearest name."""
        return self._sources[named_data_source(self.project, name).name]

    def model(self, name: str) -> "LoadedModel":
        """The model of that name, those built at run time first. Raises `ProjectError` with the nearest name."""
        if name in self._built:
            return self._built[name]
        found = self.project.models.get(name)
        if found is None:
            near = nearest(name, self.models)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(self.models) or 'none'}"
            raise ProjectError(Diagnostic(code=Code.MODEL_MISSING, message=f"there is no model {name}", hint=hint))
        return LoadedModel(found, self._repository, self)

    def adopt(self, built: Project, names: Sequence[str]) -> "dict[str, LoadedModel]":
        """Take over models of a project that was made at run time on the same data sources; returns them by name."""
        repository = Repository(built, self._connectors)
        models = {name: LoadedModel(built.models[name], repository, self) for name in names}
        self._built.update(models)
        return models

    def close(self) -> None:
        """Close every connection; whatever is used then says so, until `with` opens the project again."""
        self._closed = True
        for source in self._sources.values():
            source.disconnect()

    def __enter__(self) -> Self:
        """The project itself."""
        self._closed = False
        return self

    def refuse_closed(self) -> None:
        """Raises `ProjectError` where the project was closed: a connection opened now would stay open."""
        if self._closed:
            raise ProjectError(
                Diagnostic(
                    code=Code.PROJECT_CLOSED,
                    message="the project was closed, and its connections with it",
                    hint="use its models and data sources inside the `with` block, or load it again",
                )
            )

    def __exit__(self, *exception: object) -> None:
        """Close every connection."""
        self.close()


class LoadedDataSource(Discovering, Remembering):
    """One data source, connected when it is first used."""

    def __init__(self, owner: LoadedProject, name: str) -> None:
        """Take the project it belongs to and its name."""
        self.name = name
        self._owner = owner
        self._lock = RLock()
        self._made: Connector | None = None
        self._open = False

    @property
    def connector(self) -> Connector:
        """The open connector. Raises `ConnectorError`, and `ProjectError` where the project was closed."""
        self._owner.refuse_closed()
        with self._lock:
            if self._made is None:
                self._made = create_connector(self._project.data_sources[self.name], self._project.root)
            if not self._open:
                self._made.open()
                self._open = True
            return self._made

    def connect(self) -> None:
        """Connect now. Raises `ConnectionFailedError`."""
        _ = self.connector

    def disconnect(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._made is not None and self._open:
                self._made.close()
                self._open = False

    def ping(self) -> None:
        """Ask the server for a sign of life. Raises `ConnectionFailedError`."""
        self.connector.ping()

    def plan(self, models: Sequence[str] = (), *, recreate: Sequence[str] = (), to: int | None = None) -> Plan:
        """What would have to change; reads only.

        Args:
            models: Only the tables of these.
            recreate: Models whose tables are to be dropped and made again.
            to: The way back to what that apply of `history` left behind, instead; goes with neither of the others.

        Raises:
            PlanError: the models cannot be kept here, a name is unknown, or there is no apply of that number.
            ValueError: `to` with one of the others.
            ConnectorError: the server fails.
        """
        if to is not None:
            if models or recreate:
                msg = "the way back is of everything: `to` goes without `models` and `recreate`"
                raise ValueError(msg)
            return self._back(to)
        self._refuse_unknown([*models, *recreate])
        source = self._project.data_sources[self.name]
        return plan_connector(self._project, source, self.connector, models=tuple(models), recreate=tuple(recreate))

    def apply(
        self, plan: Plan | None = None, *, accept: Sequence[str] = (), lock_timeout: float = DEFAULT_LOCK_TIMEOUT
    ) -> Outcome:
        """Execute a plan, by default a fresh one.

        Args:
            plan: What `plan` gave.
            accept: Names of hazards that may be there, or `all`.
            lock_timeout: Seconds of one wait for a lock, another apply's or a table's.

        Raises:
            HazardError: some hazard is not accepted; nothing was done.
            StalePlanError: the database is no longer as it was when the plan was made; nothing was done.
            ConnectorError: a step failed.
        """
        accepted = accepted_hazards(tuple(accept))
        made = self.plan() if plan is None else plan
        return execute_plan(
            made,
            self.connector,  # type: ignore[arg-type]
            accepted=accepted,
            user=current_user(),
            lock_timeout=lock_timeout,
            limits=Limits(retries=DEFAULT_LOCK_RETRIES),
        )

    def autoupdate(self, models: Sequence[str] = (), *, accept: Sequence[str] = ()) -> Outcome:
        """Bring the tables of the models (all by default) up to date, rows kept. Raises as `apply`."""
        return self.apply(self.plan(models), accept=accept)

    def automigrate(self, models: Sequence[str] = (), *, accept: Sequence[str] = ()) -> Outcome:
        """Drop the tables of the models (all by default) and make them again. Raises as `apply`.

        `accept` must hold `deletes-data`, and `irreversible` where the database cannot take a drop back.
        """
        names = models or [model.name for model in self._project.models_of(self.name) if model.persisted]
        return self.apply(self.plan(models, recreate=names), accept=accept)

    def is_actual(self, models: Sequence[str] = ()) -> bool:
        """Whether there is nothing to change. Raises as `plan`."""
        return self.plan(models).empty

    def discover_and_build_models(self, *, namespaces: Sequence[str] | None = None) -> "dict[str, LoadedModel]":
        """Models for every table and view, usable at once, by name; `LoadedProject.model` finds them too.

        Raises:
            ConnectorError: the server fails, or has no tables.
        """
        found = discovered_models(self.connector, namespaces=namespaces)
        built = with_definitions(self._project, found.models)
        return self._owner.adopt(built, [str(definition["name"]) for definition in found.models])

    @property
    def _project(self) -> Project:
        return self._owner.project

    @property
    def _source(self) -> tuple[Project, DataSource]:
        return self._project, self._project.data_sources[self.name]

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        here = {model.name for model in self._project.models_of(self.name)}
        for name in names:
            if name not in here:
                near = nearest(name, here)
                raise PlanError(
                    Diagnostic(
                        code=Code.MODEL_NOT_PLANNED,
                        message=f"data source {self.name} has no model {name}",
                        hint=f"did you mean {near}?" if near else f"it has {', '.join(sorted(here)) or 'none'}",
                    )
                )


class LoadedModel:
    """One model's rows."""

    def __init__(self, model: Model, repository: Repository, owner: LoadedProject) -> None:
        """Take the model, what reads and writes its rows, and the project it belongs to."""
        self.model = model
        self._rows = repository
        self._owner = owner

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def _repository(self) -> Repository:
        self._owner.refuse_closed()
        return self._rows

    @overload
    def create(self, data: Mapping[str, Any]) -> Row: ...
    @overload
    def create(self, data: Sequence[Mapping[str, Any]]) -> list[Row]: ...
    def create(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Row | list[Row]:
        """Insert one row, or several at once; returns them with what the store gave them. Raises `LbconfError`."""
        if isinstance(data, Mapping):
            return self._repository.create_one(self.model, data)
        created: list[Row] = self._repository.create(self.model, data)
        return created

    def find(self, filter: Mapping[str, Any] | None = None) -> list[Row]:  # noqa: A002 - LoopBack's word
        """Rows that match, in order. Raises `QueryError` for a filter that cannot be."""
        return self._repository.find(self.model, filter)

    def find_one(self, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's word
        """The first row that matches, or None."""
        return self._repository.first(self.model, filter)

    def find_by_id(self, id: Any, filter: Mapping[str, Any] | None = None) -> Row | None:  # noqa: A002 - LoopBack's words
        """The row with that id, or None. Of the filter, `fields` and `include` count."""
        try:
            return self._repository.find_by_id(self.model, id, filter)
        except NotFoundError:
            return None

    def exists(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        """Whether there is a row with that id."""
        return self._repository.exists(self.model, id)

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """Number of rows that match."""
        return self._repository.count(self.model, where)

    def upsert(self, data: Mapping[str, Any]) -> Row:
        """Change the row with the data's id, or insert it. Raises `LbconfError`."""
        return self._repository.patch_or_create(self.model, dict(data))

    def replace_by_id(self, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - LoopBack's word
        """Replace every property of the row. Raises `NotFoundError` where there is none."""
        return self._repository.replace_by_id(self.model, id, dict(data))

    def update_all(self, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        """Set these properties on every row that matches; how many there were."""
        return self._repository.update_all(self.model, where, dict(data))

    def delete_by_id(self, id: Any) -> bool:  # noqa: A002 - LoopBack's word
        """Delete the row with that id; whether there was one."""
        return bool(self._repository.delete_by_id(self.model, id))

    def delete_all(self, where: Mapping[str, Any] | None = None) -> int:
        """Delete every row that matches; how many went."""
        return self._repository.delete_all(self.model, where)


class _Opened(Mapping[str, Connector]):
    """The connectors of a project's data sources, each opened when it is first asked for."""

    def __init__(self, sources: Mapping[str, LoadedDataSource]) -> None:
        self._sources = sources

    def __getitem__(self, name: str) -> Connector:
        return self._sources[name].connector

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)
