"""Ids of the list of experiments."""

from __future__ import annotations

from enum import StrEnum


class ExperimentsId(StrEnum):
    """The list of experiments."""

    PAGE = "experiments-page"
    URL = "experiments-url"
    SEARCH = "experiments-search"
    STATUS = "experiments-status"
    COUNT = "experiments-count"
    NOTHING = "experiments-nothing"
    TABLE_AREA = "experiments-table-area"
    TABLE = "experiments-table"
