"""Every diagnostic code, once. Codes are never reused; docs/diagnostics.md has a heading for each."""

from enum import StrEnum, unique

__all__ = ["Code"]


@unique
class Code(StrEnum):
    """Codes by stage: LB1xxx documents, 2 layers, 3 project, 4 state and plan, 5 connectors, 6 query, 7 api."""

    # LB1xxx documents: finding and reading files
    FILE_MISSING = "LB1001"
    FILE_EMPTY = "LB1002"
    FILE_NOT_REGULAR = "LB1003"
    FILE_NOT_UTF8 = "LB1004"
    FILE_UNREADABLE = "LB1005"
    SYNTAX = "LB1006"
    DUPLICATE_KEY = "LB1007"
    DOCUMENT_TOO_LARGE = "LB1008"
    LAYOUT_UNKNOWN = "LB1009"
    ENVIRONMENT_UNKNOWN = "LB1010"
    SCRIPT_NOT_STATIC = "LB1011"

    # LB2xxx layers: merging and variables

    # LB3xxx project: definitions and references

    # LB4xxx state and plan
    TYPE_NOT_STORABLE = "LB4001"
    MODEL_WITHOUT_COLUMNS = "LB4002"
    TABLE_DECLARED_TWICE = "LB4003"
    COLUMN_DECLARED_TWICE = "LB4004"
    INDEX_COLUMN_UNKNOWN = "LB4005"
    FOREIGN_KEY_UNUSABLE = "LB4006"
    POSSIBLE_RENAME = "LB4007"
    RENAME_SOURCE_GONE = "LB4008"
    HAZARD_NOT_ACCEPTED = "LB4009"
    PLAN_STALE = "LB4010"
    PLAN_FILE_INVALID = "LB4011"
    PLAN_FILE_EDITED = "LB4012"
    PLAN_FILE_VERSION = "LB4013"
    PLAN_OF_OTHER_PROJECT = "LB4014"
    CONFIRMATION_NEEDED = "LB4015"
    HAZARD_UNKNOWN = "LB4016"
    APPLY_INTERRUPTED = "LB4017"
    MODEL_NOT_PLANNED = "LB4018"
    DATA_SOURCE_NOT_PLANNED = "LB4019"
    KEY_NOT_CHANGED = "LB4020"
    ROWS_VIOLATE_FOREIGN_KEY = "LB4021"
    APPLY_LOCKED = "LB4022"

    # LB5xxx connectors

    # LB6xxx query: what a request asks for

    # LB7xxx api
    REQUEST_REFUSED = "LB7001"
    ADDRESS_IN_USE = "LB7002"
    ADDRESS_UNUSABLE = "LB7003"
    ACCESS_NOT_ENFORCED = "LB7004"
    WORKERS_SHARE_NOTHING = "LB7005"
    RELOAD_REFUSED = "LB7006"
    DATA_SOURCE_AWAY = "LB7007"
