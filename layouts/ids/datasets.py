"""Ids of the list of datasets."""

from __future__ import annotations

from enum import StrEnum


class DatasetsId(StrEnum):
    """The list of datasets."""

    PAGE = "datasets-page"
    URL = "datasets-url"
    SEARCH = "datasets-search"
    SHELF = "datasets-shelf"
    COUNT = "datasets-count"
    NOTHING = "datasets-nothing"
    TABLE_AREA = "datasets-table-area"
    TABLE = "datasets-table"
