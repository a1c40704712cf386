"""Ids of the report of a diagnosis."""

from __future__ import annotations

from enum import StrEnum


class ReportId(StrEnum):
    """One report."""

    PAGE = "report-page"
    TITLE = "report-title"
    SENTENCE = "report-sentence"
    ACTIONS = "report-actions"
    BODY = "report-body"
