"""Ids of the list of diagnoses."""

from __future__ import annotations

from enum import StrEnum


class ReportsId(StrEnum):
    """Every diagnosis, to search and filter."""

    URL = "reports-url"
    SEARCH = "reports-search"
    STATUS = "reports-status"
    CLASS = "reports-class"
    OPINION = "reports-opinion"
    NOTHING = "reports-nothing"
    TABLE_AREA = "reports-table-area"
    TABLE = "reports-table"
    COUNT = "reports-count"
