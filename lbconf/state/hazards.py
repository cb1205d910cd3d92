"""Why a step may hurt."""

from enum import StrEnum

from lbconf.records import dataclass

__all__ = ["Hazard", "HazardKind"]


class HazardKind(StrEnum):
    """Hazard classes, as `--accept` names them."""

    DELETES_DATA = "deletes-data"
    MAY_FAIL_ON_DATA = "may-fail-on-data"
    REWRITES_TABLE = "rewrites-table"
    BLOCKS_WRITES = "blocks-writes"
    BLOCKS_READS = "blocks-reads"
    IRREVERSIBLE = "irreversible"
    INDEX_BUILD = "index-build"
    CHANGES_TYPE = "changes-type"
    BREAKS_API = "breaks-api"
    """Of a plan's API part: clients of the REST API break. No step has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One danger of one step."""

    kind: HazardKind
    message: str
    """What exactly happens, with the names of table and column."""
    accepted: bool = False
    """Whether the model accepts it in the configuration (`accept`)."""
