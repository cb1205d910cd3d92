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

    # LB5xxx connectors

    # LB6xxx query: what a request asks for

    # LB7xxx api
