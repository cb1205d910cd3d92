"""What a connector can do and how far: one frozen value per connector, version and settings.

Used by the planner and the binder to refuse early, by the conformance suite to
know what to expect, and by the README's table. There are no defaults: a new
question is a type error until every connector answers it.
"""

from enum import StrEnum

from lbconf.records import dataclass

__all__ = [
    "FULL",
    "Capabilities",
    "QueryCapabilities",
    "StateCapabilities",
    "Support",
    "SupportLevel",
    "TypeCapabilities",
    "WriteCapabilities",
    "emulated",
    "impossible",
    "not_implemented",
    "questions",
    "since",
]


class SupportLevel(StrEnum):
    """Degrees of support."""

    FULL = "full"
    EMULATED = "emulated"
    SINCE = "since"
    """From a server version on that is newer than the one we speak to."""
    NOT_IMPLEMENTED = "not implemented"
    """The server could, we do not yet."""
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Support:
    """One answer."""

    level: SupportLevel
    reason: str = ""
    """Why not, or how; never empty but for FULL."""

    def __bool__(self) -> bool:
        """Whether it can be used."""
        return self.level in {SupportLevel.FULL, SupportLevel.EMULATED}


FULL = Support(SupportLevel.FULL)


def emulated(reason: str) -> Support:
    """Works, by our doing."""
    return Support(SupportLevel.EMULATED, reason)


def since(version: str, reason: str) -> Support:
    """Needs a newer server."""
    return Support(SupportLevel.SINCE, f"since {version}: {reason}")


def not_implemented(reason: str) -> Support:
    """The server could, we do not yet."""
    return Support(SupportLevel.NOT_IMPLEMENTED, reason)


def impossible(reason: str) -> Support:
    """Can never be here."""
    return Support(SupportLevel.IMPOSSIBLE, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCapabilities:
    """Inspection and change of structure."""

    inspect: Support
    apply: Support
    transactional_ddl: Support
    namespaces: Support
    foreign_keys: Support
    checks: Support
    enum_types: Support
    partial_indexes: Support
    expression_indexes: Support
    comments: Support
    alter_column: Support
    online_indexes: Support
    online_constraints: Support
    """Foreign keys, checks and NOT NULL are checked without holding up writers."""
    instant_columns: Support
    """A column is added without writing the table anew."""
    lock_clauses: Support
    """A statement can say how much it may hold up, and is refused by the server otherwise."""
    generated_columns: Support
    expression_defaults: Support
    sequences: Support
    domains: Support
    partitions: Support
    views: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCapabilities:
    """Reading rows."""

    json_paths: Support
    regexp: Support
    ilike: Support
    near: Support
    json_result: Support
    """The store builds the JSON text of a result itself."""
    case_sensitive_like: Support
    related: Support
    """Conditions and orders lead to related models of the same data source within one statement."""
    aggregate: Support
    """The store counts, adds up and groups rows itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCapabilities:
    """Writing rows."""

    transactions: Support
    returning: Support
    generated_ids: Support
    composite_ids: Support
    unique: Support
    unknown_properties: Support
    """Keeps properties the model does not have."""
    announced_changes: Support
    """Tells change streams of what other processes write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCapabilities:
    """Portable types kept without loss."""

    decimal: Support
    bigint: Support
    uuid: Support
    json: Support
    enum: Support
    datetime_milliseconds: Support
    binary: Support
    geo_point: Support
    boolean: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """All answers of one connector."""

    state: StateCapabilities
    query: QueryCapabilities
    write: WriteCapabilities
    types: TypeCapabilities


def questions(capabilities: Capabilities) -> tuple[tuple[str, str, Support], ...]:
    """Every answer as (group, question, support), in declared order."""
    from dataclasses import fields, is_dataclass

    found: list[tuple[str, str, Support]] = []
    for group in fields(capabilities):
        answers = getattr(capabilities, group.name)
        assert is_dataclass(answers)  # noqa: S101 - a programming error otherwise
        found.extend((group.name, question.name, getattr(answers, question.name)) for question in fields(answers))
    return tuple(found)
