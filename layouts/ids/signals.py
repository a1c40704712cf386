"""Ids of the list of recordings to view."""

from __future__ import annotations

from enum import StrEnum


class SignalsId(StrEnum):
    """Choose a recording."""

    PAGE = "signals-page"
    URL = "signals-url"
    AREA = "signals-area"
    DATASET = "signals-dataset"
    SEARCH = "signals-search"
    CLASS = "signals-class"
    TABLE = "signals-table"
    COUNT = "signals-count"
    CONTENT = "signals-content"
