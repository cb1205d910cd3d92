"""What a plan asks a database: what is there, and what lbconf manages of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from lbconf.connectors.contract import Connector, Inspector, Migrator, TableSize
from lbconf.connectors.registry import connector_type
from lbconf.errors import LbconfError
from lbconf.operations.apart import Apart, FailedApartError, possible
from lbconf.operations.data_sources import create_connector
from lbconf.operations.meanwhile import Aside, meanwhile
from lbconf.plan.managed import Managed, last_managed, managed_namespaces
from lbconf.project.resolved import DataSource
from lbconf.records import dataclass, replace
from lbconf.state.structure import EVERYTHING, QualifiedName, State

__all__ = ["Agrees", "Answers", "Asked", "EarlyQuestion", "Seen", "TakesOver", "owns_everything", "seen"]

_OPEN: Final[list[tuple[Connector, tuple[str, ...]]]] = []
"""Of the copy of this process: what it asked, and the texts of what is managed there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The answer."""

    managed: Managed
    namespaces: frozenset[str] | None
    """Those looked into; empty means all, None that nothing was."""
    actual: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A connector, and its answer as soon as it is there."""

    connector: Connector
    seen: Callable[[], Seen]


class Answers(Protocol):
    """Data sources that were asked before."""

    def take(self, data_source: DataSource) -> Asked | None:
        """What is known of the data source; None where it has to be asked. The connector is closed by who takes it."""
        ...


@runtime_checkable
class TakesOver(Protocol):
    """A connector that can go on from what another process saw, and needs its driver only for new questions."""

    def take_over(
        self,
        actual: State,
        sizes: Callable[[Sequence[QualifiedName]], Mapping[QualifiedName, TableSize] | None] | None = None,
    ) -> None:
        """Go on as if this state had been inspected here; `sizes` asks the process that did, and may know nothing."""
        ...


@runtime_checkable
class Agrees(Protocol):
    """A connector that tells what it noticed when it normalised the desired state last."""

    @property
    def agreed(self) -> frozenset[QualifiedName]:
        """Tables that are as they should be."""
        ...


@runtime_checkable
class Glances(Protocol):
    """A connector that can ask without its driver what a plan asks."""

    def glance(self) -> None:
        """Do so from now on."""
        ...


class EarlyQuestion:
    """One data source is asked while the models are still being read, where it is plain which one the plan is about.

    What comes of that is the same as without, errors too, but the server works meanwhile. Where it can be, a copy of
    this process asks, and makes a state of the answer: then even that is done beside the reading.
    """

    def __init__(self, names: Collection[str] = (), *, apart: bool = False, ahead: Apart | None = None) -> None:
        """Ask only a data source with one of these names; any where there are none.

        Args:
            names: Of data sources.
            apart: This process may be copied, because it is ours alone.
            ahead: A copy that was made already.
        """
        self._ahead = ahead
        self._names = names
        self._may_copy = apart
        self._asked: tuple[str, Asked] | None = None
        self._aside: Aside[Seen] | None = None
        self._apart: Apart | None = None
        self._connector: Connector | None = None
        self._forgotten = False

    def ask(self, data_sources: Mapping[str, DataSource], root: Path) -> None:
        """Begin, where there is one data source to plan and it has a server. Raises nothing."""
        wanted = [source for source in data_sources.values() if not self._names or source.name in self._names]
        kinds = [(source, connector_type(source.connector)) for source in wanted]
        planned = [(source, kind) for source, kind in kinds if kind is None or kind.mapping(source) is not None]
        if len(planned) != 1:
            return
        source, kind = planned[0]
        if kind is None or kind.extra is None:  # what needs no package of its own is a file, and answers at once
            return
        try:
            connector = create_connector(source, root)
        except LbconfError:  # told when it is planned
            return
        if isinstance(connector, Inspector) and isinstance(connector, Migrator):
            if self._may_copy and isinstance(connector, TakesOver) and possible():
                answer = self._ask_apart(source, connector, connector, connector)
                if answer is not None:
                    self._asked = (source.name, Asked(connector=connector, seen=answer))
                    return
            self._connector, inspector, migrator = connector, connector, connector

            def work() -> Seen:
                try:
                    return _seen_as_managed(inspector, migrator, source)
                finally:
                    if self._forgotten:
                        connector.close()

            aside = self._aside = Aside(work)
            self._asked = (source.name, Asked(connector=connector, seen=aside.result))

    def _ask_apart(
        self, source: DataSource, connector: TakesOver, inspector: Inspector, migrator: Migrator
    ) -> Callable[[], Seen] | None:
        """Let a copy of this process ask; what waits for its answer, None where there can be no copy."""
        try:
            apart, self._ahead = self._ahead or Apart(), None
        except OSError:
            return None
        # What is not told is not needed to ask; where the data source stands is said here.
        if not apart.ask(seen_from_afar, replace(source, location=None, locations={})):
            apart.forget()
            return None
        self._apart = apart

        def answer() -> Seen:
            try:
                found: Seen = apart.answer()
            except FailedApartError:
                return _seen_as_managed(inspector, migrator, source)
            except LbconfError as error:
                error.diagnostics = tuple(
                    replace(one, location=source.location) if one.location is None else one for one in error.diagnostics
                )
                raise
            if found.namespaces is not None:
                connector.take_over(found.actual, sizes)
            return replace(found, managed=replace(found.managed, fetch=texts))

        def texts() -> tuple[str, ...]:
            try:
                if apart.ask(texts_from_afar):
                    told: tuple[str, ...] = apart.answer()
                    return told
            except FailedApartError:
                pass
            return last_managed(migrator.history()).texts

        def sizes(tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize] | None:
            try:
                told: Mapping[QualifiedName, TableSize] | None = (
                    apart.answer() if apart.ask(sizes_from_afar, tables) else None
                )
            except (FailedApartError, LbconfError):
                return None  # asked again here, where it can be told what is wrong
            return told

        return answer

    def take(self, data_source: DataSource) -> Asked | None:
        """What was asked of the data source, once; the connector may be closed by who takes it."""
        asked = self._asked
        if asked is None or asked[0] != data_source.name:
            return None
        self._asked = None
        return asked[1]

    def close(self) -> None:
        """Let go of the connector, without waiting for an answer that nobody waited for."""
        if self._ahead is not None:
            self._ahead.forget()
            self._ahead = None
        if self._apart is not None:
            self._apart.forget()
            self._apart = None
        if self._aside is not None and self._connector is not None:
            self._aside.forget()
            self._forgotten = True  # a connection that is made after this is closed by the thread
            self._connector.close()


def seen_from_afar(source: DataSource) -> Seen:
    """What a data source that needs no more than its settings has; for another process."""
    connector = create_connector(source)
    if not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        raise FailedApartError
    if isinstance(connector, Glances):
        connector.glance()
    found = _seen_as_managed(connector, connector, source)
    _OPEN.append((connector, found.managed.texts))
    return replace(found, managed=replace(found.managed, texts=()))  # long, and hardly ever needed


def sizes_from_afar(tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
    """The sizes of tables of the data source that was asked before."""
    connector, _ = _OPEN[-1]
    return connector.sizes(tables) if isinstance(connector, Inspector) else {}


def texts_from_afar() -> tuple[str, ...]:
    """The texts of what is managed in the data source that was asked before."""
    return _OPEN[-1][1]


def seen(inspector: Inspector, migrator: Migrator, likely: Collection[str] | None) -> Seen:
    """What the ledger says, and what is in its namespaces and the likely ones (all: None, or none at all)."""
    return _look(inspector, last_managed(migrator.history()), likely)


def _seen_as_managed(inspector: Inspector, migrator: Migrator, source: DataSource) -> Seen:
    """What the ledger says, and what is in its namespaces (all where the project owns all); nothing where none."""
    entries = migrator.history()
    managed = managed_namespaces(entries)
    if not managed:
        return Seen(managed=last_managed(entries), namespaces=None, actual=State())
    namespaces = frozenset[str]() if owns_everything(source) else frozenset(managed)
    with meanwhile(lambda: last_managed(entries)) as answer:
        actual = inspector.inspect(sorted(namespaces) or None)
    return Seen(managed=answer(), namespaces=namespaces, actual=actual)


def owns_everything(source: DataSource) -> bool:
    """Whether the project speaks for all namespaces of the data source."""
    return any(entry.name == EVERYTHING for entry in source.structure.owns)


def _look(inspector: Inspector, managed: Managed, likely: Collection[str] | None) -> Seen:
    namespaces = frozenset[str]() if likely is None else frozenset((*likely, *managed.namespaces))
    return Seen(managed=managed, namespaces=namespaces, actual=inspector.inspect(sorted(namespaces) or None))
