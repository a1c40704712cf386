"""Ids of the page that compares experiments."""

from __future__ import annotations

from enum import StrEnum


class CompareId(StrEnum):
    """Experiments beside one another."""

    URL = "compare-url"
    # which
    CHOOSER = "compare-chooser"
    CHOSEN = "compare-chosen"
    SEARCH = "compare-search"
    IDS = "compare-ids"
    ADD_SEEDS = "compare-add-seeds"
    CLEAR = "compare-clear"
    EXPORTS = "compare-exports"
    # what
    STATE = "compare-state"
    CONTENT = "compare-content"
    TABS = "compare-tabs"
    WARNINGS = "compare-warnings"
    OVERVIEW = "compare-overview"
    ACCURACIES = "compare-accuracies"
    CLASSES = "compare-classes"
    CLASS_TABLE = "compare-class-table"
    CONFUSIONS = "compare-confusions"
    QUANTITY = "compare-quantity"
    AGAINST = "compare-against"
    CURVES = "compare-curves"
    CURVES_NOTE = "compare-curves-note"
    READING = "compare-reading"
    TESTS = "compare-tests"
    GAPS = "compare-gaps"
    GAPS_TITLE = "compare-gaps-title"
    SETTINGS = "compare-settings"
    SHOW = "compare-show"
    RECORDINGS = "compare-recordings"
