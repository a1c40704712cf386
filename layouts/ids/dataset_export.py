"""Ids of the export tab of a dataset's page."""

from __future__ import annotations

from enum import StrEnum


class ExportId(StrEnum):
    """Write a version into a file, and take such files away."""

    FORMAT = "dataset-export-format"
    START = "dataset-export-start"
    STARTED = "dataset-export-started"
    LIST = "dataset-export-list"
    DOWNLOAD = "dataset-export-download"
    ADDRESS = "dataset-export-address"
