"""What a connector is: small protocols, each one thing it may be able to do.

A connector implements `Connector` and those of the others that its server
allows; how far each goes is in its `Capabilities`. All methods are synchronous
and may be called from several threads at once, unless said otherwise. Errors
are `ConnectorError`s; a driver's own exception never leaves a connector.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from lbconf.connectors.capabilities import Capabilities
from lbconf.project.resolved import DataSource, Model, Property
from lbconf.project.validations import Validation
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.nodes import Condition, Query, Row
from lbconf.records import dataclass
from lbconf.state.changes import Change
from lbconf.state.steps import DataCheck, Statement, Step
from lbconf.state.structure import ColumnType, Default, Identity, Options, QualifiedName, State

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "Aggregator",
    "Announcing",
    "Answers",
    "Connector",
    "ConnectorType",
    "Cooperative",
    "DataChecker",
    "Explaining",
    "Failing",
    "FineReader",
    "Inspector",
    "JsonReader",
    "KeepsAnswers",
    "KeptAnswer",
    "KeyCounter",
    "LedgerEntry",
    "LedgerStart",
    "MigrationSession",
    "Migrator",
    "ModelMapping",
    "Offline",
    "PoolFigures",
    "Pooled",
    "Predicted",
    "ReadOnly",
    "Reader",
    "Script",
    "ServerFacts",
    "Snapshots",
    "Streamer",
    "TableSize",
    "TellsWaiting",
    "Transactional",
    "Undoing",
    "Unproved",
    "Writer",
]


@runtime_checkable
class ModelMapping(Protocol):
    """How models stand in one data source: names and types. Pure; needs no connection.

    Follows LOOPBACK naming and type rules for models of a LoopBack layout, and
    the native ones otherwise; a connector section in the model wins over both.
    """

    @property
    def sections(self) -> tuple[str, ...]:
        """Names under which a model or property may hold this connector's section, the first one preferred."""
        ...

    @property
    def shares_index_names(self) -> bool:
        """Whether two tables may have indexes of the same name."""
        ...

    def table_name(self, model: Model) -> QualifiedName:
        """The model's table."""
        ...

    def column_name(self, model: Model, prop: Property) -> str:
        """The property's column."""
        ...

    def column_type(self, model: Model, prop: Property) -> ColumnType:
        """The column's type, in the server's canonical words. Raises `PlanError` where there is none."""
        ...

    def column_default(self, model: Model, prop: Property) -> Default | None:
        """The column's default: the connector section's expression, else the constant the database can hold."""
        ...

    def identity(self, model: Model, prop: Property) -> Identity | None:
        """How the server counts the column up, where it does."""
        ...

    def index_name(self, table: QualifiedName, columns: Sequence[str], *, unique: bool) -> str:
        """Name of an index nobody named."""
        ...

    def constraint_name(self, table: QualifiedName, columns: Sequence[str], kind: str) -> str:
        """Name of a constraint nobody named; `kind` is `pkey`, `key`, `fkey` or `check`."""
        ...

    def check_expression(self, model: Model, expression: str) -> str:
        """A check of the model in words that mean in this database what they say."""
        ...

    def validation_check(self, model: Model, validation: Validation) -> str | None:
        """The condition of a check that holds a validation, never more than that; None where there is none."""
        ...


@runtime_checkable
class Connector(Protocol):
    """An open or openable place."""

    @property
    def data_source(self) -> DataSource:
        """The data source it was made from."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, for the server it is connected to (or the newest known one before `open`)."""
        ...

    def open(self) -> None:
        """Connect. Raises `ConnectionFailedError`. Calling it again on an open connector does nothing."""
        ...

    def close(self) -> None:
        """Let go of every connection. May be called at any time, more than once."""
        ...

    def ping(self) -> None:
        """Ask the server for a sign of life; reconnects. Raises `ConnectionFailedError`."""
        ...


@runtime_checkable
class Explaining(Protocol):
    """Tells how a query is answered."""

    def explain(self, query: Query) -> Sequence[str]:
        """The server's plan of the query, line by line; the query is not run. Raises `ConnectorError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """Connections of one data source at one moment."""

    used: int
    idle: int
    maximum: int


@runtime_checkable
class Pooled(Protocol):
    """Keeps connections."""

    def pool_figures(self) -> PoolFigures:
        """How many there are."""
        ...


@runtime_checkable
class ReadOnly(Protocol):
    """Can promise to write nothing."""

    def refuse_writes(self) -> None:
        """From now on, open only sessions that the server lets write nothing. Called before anything else."""
        ...


@runtime_checkable
class Inspector(Protocol):
    """Tells the actual state."""

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state of these namespaces (None: all that are not the server's own).

        A fixed number of catalogue queries, however many tables. lbconf's own tables are left out.
        """
        ...

    def normalize(self, desired: State) -> State:
        """A desired state as this server will report it: types, defaults, expressions, order."""
        ...

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, "TableSize"]:
        """Size of each of these tables that exists."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """How much a statement on a table touches."""

    rows: int
    """Rows; the server's estimate where counting is expensive."""
    bytes: int | None
    """Bytes on disk with indexes, where the server tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStart:
    """What the ledger is told when a plan starts."""

    user: str
    plan_digest: str
    """SHA-256 of the plan, hex."""
    environment: str = ""
    configuration: str = ""
    """Digest of the configuration that the plan was made from."""
    steps: str
    """JSON: the summaries, statements and hazards of the plan's steps."""
    state: str
    """JSON: the state the plan leads to (what lbconf manages), as `state` serialises it."""
    documents: str = ""
    """JSON: what the API and the access rules of the configuration say, for the next plan to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One row of lbconf's own history table in the target."""

    id: int
    started_at: str
    """ISO 8601, UTC."""
    finished_at: str | None
    """None: it was interrupted; `next_step` says where."""
    user: str
    plan_digest: str
    """SHA-256 of the plan, hex."""
    result: str
    """`running`, `applied`, `failed`."""
    next_step: int
    """0-based number of the first step not known to be done."""
    next_statement: int = 0
    """0-based number, in that step, of the first statement not known to be done; it may have been begun."""
    environment: str = ""
    configuration: str = ""
    """As in `LedgerStart`, here and below."""
    steps: str
    state: str
    """Empty in what `history` and `entries` give for all but the newest applied entry and later ones: a state of a
    thousand tables is a megabyte. `Migrator.entry` gives it for each."""
    documents: str = ""
    """Empty where `state` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a script for the server's own client is made from."""

    title: str
    """For its first line."""
    batches: tuple[tuple[Step, ...], ...]
    """The steps in order; those that share a transaction together, one that takes none alone."""
    start: LedgerStart
    """What the script writes into the ledger; its user is whoever runs the script."""


class MigrationSession(Protocol):
    """One connection that holds the target's apply lock. Not for use from several threads."""

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """As `Inspector.inspect`, seen by this connection."""
        ...

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries, oldest first; empty where nothing was ever applied."""
        ...

    def begin_entry(self, start: LedgerStart) -> int:
        """Record, and commit, that a plan starts. Makes the ledger's tables at the first call. Returns its id."""
        ...

    def record(self, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        """Record progress in the transaction of the moment, if there is one; else it is durable at return."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction around steps; rolled back when an exception leaves it."""
        ...

    def execute(self, statement: Statement) -> int:
        """Execute a statement once; the number of rows it changed, where that means anything.

        Raises `ConnectorError`, a `TimedOutError` where it waited too long for a lock: it did nothing then.
        """
        ...

    def is_true(self, query: str) -> bool:
        """The one truth value that a query (`Statement.done`) gives."""
        ...


@runtime_checkable
class TellsWaiting(Protocol):
    """A migration session that notices while a statement waits for a lock."""

    def tell_waiting(self, told: Callable[[tuple[str, ...]], None]) -> None:
        """From now on call this, from another thread, with who holds the lock that a statement waits for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """Rows that would make a step fail."""

    rows: int
    examples: tuple[str, ...] = ()
    """Up to three, as `column=value, ...`."""


@runtime_checkable
class DataChecker(Protocol):
    """Finds rows that would make a step fail, reading only."""

    def failing(self, check: DataCheck) -> Failing:
        """Ask both queries of the check. Raises `ConnectorError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What has to be known of a server to plan for it without asking it."""

    product: str
    """For people: `PostgreSQL`, `MariaDB`."""
    version: str
    """As the server says it: `16.4`, `10.11.6-MariaDB`."""
    settings: Options = ()
    """Settings of the server that decide how it reports a structure or what it can do, by name."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """A part of a desired table whose words only the server could tell."""

    table: QualifiedName
    kind: str
    """`column`, `check` or `index`."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A desired state as the server will presumably report it."""

    state: State
    unproved: tuple[Unproved, ...] = ()
    """Where such a part differs from what is there, it may be equal all the same; it never counts as equal where it
    may differ."""


@runtime_checkable
class Offline(Protocol):
    """Plans for a server that was asked before, without asking it again."""

    def server_facts(self) -> ServerFacts:
        """What has to be known of the server; asks it. Raises `ConnectorError`."""
        ...

    def assume(self, facts: ServerFacts) -> None:
        """From now on compile and predict as for this server. Contacts nothing."""
        ...

    def predict(self, desired: State, actual: State) -> Predicted:
        """As `Inspector.normalize`, without any connection."""
        ...


@runtime_checkable
class Migrator(Protocol):
    """Changes the actual state."""

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        """The steps that make these ordered changes, without any connection.

        `online`: in the way that holds up readers and writers least, where the server has one, even where that takes
        more steps and no transaction around them.
        """
        ...

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        """A session with the target's apply lock held.

        Args:
            lock_timeout: Seconds to wait for another apply, and the most that one statement waits for a lock.
            statement_timeout: Seconds one statement may take; None for any number.

        Raises `TimedOutError` after `lock_timeout` seconds.
        """
        ...

    def entry(self, number: int) -> LedgerEntry | None:
        """One entry of the ledger with its state and documents; None where there is none of that number."""
        ...

    def history(self) -> tuple[LedgerEntry, ...]:
        """The ledger, without the lock; empty where nothing was ever applied."""
        ...


@runtime_checkable
class Reader(Protocol):
    """Reads rows."""

    def find(self, query: Query) -> list[Row]:
        """Rows of `query.model` in order. Includes are not its business. Near conditions order by distance."""
        ...

    def count(self, model: Model, where: Condition | None) -> int:
        """Number of rows that match."""
        ...


@runtime_checkable
class Streamer(Protocol):
    """Reads rows without ever holding all of them."""

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """Rows of the query in order, in parts of `size` rows, as they were at one moment.

        Each part may be asked for by another thread. Closing the generator ends the query and frees its connection.
        """
        ...


@runtime_checkable
class Aggregator(Protocol):
    """Counts, adds up and groups rows."""

    def aggregate(self, asked: Aggregate) -> list[Row]:
        """One row for each group, in order, cut to the page: groups and measures by name."""
        ...


@runtime_checkable
class FineReader(Protocol):
    """Keeps points in time more finely than its rows tell."""

    def fine_times(self, model: Model, where: Condition, names: Sequence[str]) -> Mapping[str, datetime]:
        """Those of the named properties of the one row that matches, where they may be finer than milliseconds."""
        ...


@runtime_checkable
class JsonReader(Protocol):
    """Reads rows as JSON text that the database builds."""

    def find_json(self, query: Query) -> bytes:
        """A JSON array of the rows, in the API's own forms of dates and numbers, hidden properties left out."""
        ...

    def find_json_included(self, query: Query) -> tuple[bytes, tuple[int, ...]] | None:
        """The same with the related rows of its includes, asked for at once, and how many each include gave.

        None where that cannot be asked for at once. All models are of this data source.
        """
        ...

    def find_json_rows(
        self, query: Query, names: tuple[str, ...], *, nested: bool, grouped: bool = False
    ) -> Sequence[tuple[Row, str]] | None:
        """For each row the named properties, and its JSON text without the closing brace.

        Rows that are `grouped` come as one for each of the named properties' values, with their whole texts, in order,
        joined by commas. `nested` rows lack their protected properties, too. None where the server cannot write them.
        """
        ...


@runtime_checkable
class Cooperative(Protocol):
    """Reads and writes without blocking the event loop, where it is called by way of `lbconf.cooperation`."""

    def cooperates(self) -> bool:
        """Whether it does."""
        ...


@runtime_checkable
class Writer(Protocol):
    """Writes rows. Conditions are already bound; rows hold only what is to be written."""

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """Insert and return the rows with what the store gave them (generated ids). All or none."""
        ...

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """Set these values on every row that matches; the number of rows that matched."""
        ...

    def delete(self, model: Model, where: Condition | None) -> int:
        """Delete every row that matches; how many went."""
        ...


@runtime_checkable
class KeyCounter(Protocol):
    """Has ids that the server counts up, without looking at rows that brought an id of their own."""

    def count_on(self, model: Model) -> None:
        """Let the model's generated ids go on after the greatest there is. Never counts back."""
        ...


@runtime_checkable
class Transactional(Protocol):
    """Groups reads and writes of the calling thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """Until it is left, this thread's reads and writes are one transaction; nested ones join the outer."""
        ...


@runtime_checkable
class Snapshots(Protocol):
    """Shows one moment to several reads of the calling thread."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Until it is left, this thread's reads see the rows of one moment; inside a transaction, what that sees."""
        ...


@runtime_checkable
class Announcing(Protocol):
    """Tells other processes of changes, through the server that all of them use."""

    def announce(self, channel: str, message: str) -> None:
        """Tell everybody who listens on a channel, once the transaction at hand ends well; at once without one.

        Raises:
            ConnectorError: as for a write.
        """
        ...

    def listen(self, channel: str, told: Callable[[str], None], stop: Event) -> None:
        """Call `told` with each message on a channel, in the calling thread, until `stop` is set. Starts with `""`.

        Raises:
            ConnectorError: the connection cannot be made, or is lost; messages may be missed until the next call.
        """
        ...


@runtime_checkable
class Undoing(Protocol):
    """Takes back a part of a transaction."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of the calling thread's transaction, undone alone when an exception leaves it; else one of its own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What is known of a request that came before."""

    fingerprint: str
    """Digest of what it asked for."""
    answer: str | None
    """What it was answered; None while it is being answered."""


class Answers(Protocol):
    """Answers to requests that may come again, by keys of at most 64 characters."""

    def claim(self, key: str, fingerprint: str, lease: float) -> KeptAnswer | None:
        """None: nobody else gets the key for `lease` seconds; else what is known of it."""
        ...

    def keep(self, key: str, answer: str, seconds: float) -> None:
        """Keep the answer for so many seconds; a part of the calling thread's transaction."""
        ...

    def release(self, key: str) -> None:
        """Let the key be claimed again."""
        ...


@runtime_checkable
class KeepsAnswers(Protocol):
    """Has room for answers beside its rows."""

    @property
    def answers(self) -> Answers:
        """Where they are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorType:
    """What an entry point in the group `lbconf.connectors` names: a kind of connector, no driver imported yet."""

    name: str
    """Canonical name, as `DataSource.connector`."""
    title: str
    """For people: `PostgreSQL`."""
    aliases: tuple[str, ...]
    """Other names it goes by in files, npm package names included."""
    settings: "Callable[[], type[BaseModel]]"
    """What checks a data source's settings, pydantic imported here; its fields document them."""
    extra: str | None
    """The extra to install when the driver is missing; None where none is needed."""
    drivers: tuple[str, ...]
    """Modules that must be importable before `open_connector`."""
    schemes: tuple[str, ...]
    """URL schemes it answers to: `postgresql`, `postgres`."""
    mapping: Callable[[DataSource], ModelMapping | None]
    """How models stand in such a data source; None where that has no meaning."""
    create: Callable[[DataSource], Connector]
    """Make a connector (driver imported here), not yet opened. Raises `ConnectorError` for unusable settings."""
    capabilities: Callable[[], Capabilities]
    """For the newest known server version: what the README's table shows."""
    script: Callable[[Script], str] | None = None
    """Steps as a script for the server's own client, which ends where an apply ends, ledger included: transactions as
    an apply uses them, repeated statements as a loop, the first error ends it. Pure; needs no driver."""
