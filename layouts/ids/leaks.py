"""Ids of the leak report."""

from __future__ import annotations

from enum import StrEnum


class LeaksId(StrEnum):
    """What the leak check finds in a dataset or a split."""

    PAGE = "leaks-page"
    URL = "leaks-url"
    TITLE = "leaks-title"
    SUBJECT = "leaks-subject"
    OFFER = "leaks-offer"
    START = "leaks-start"
    STARTED = "leaks-started"
    PROGRESS = "leaks-progress"
    COMPARISON = "leaks-comparison"
    REPORT = "leaks-report"
