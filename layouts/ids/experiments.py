"""Ids of the list of experiments."""

from __future__ import annotations

from enum import StrEnum


class ExperimentsId(StrEnum):
    """The list of experiments."""

    URL = "experiments-url"
    SEARCH = "experiments-search"
    STATUS = "experiments-status"
    NETWORK = "experiments-network"
    DATASET = "experiments-dataset"
    SHELF = "experiments-shelf"
    ROWS = "experiments-rows"
    OPTIONS = "experiments-options"
    COUNT = "experiments-count"
    CSV = "experiments-csv"
    NOTHING = "experiments-nothing"
    TABLE_AREA = "experiments-table-area"
    TABLE = "experiments-table"
    FIRST_FILTERS = "experiments-first-filters"
    ASKED = "experiments-asked"
    TOGGLED = "experiments-toggled"  # written by the table's cells
    EXPANDED = "experiments-expanded"
    OPTION_COLUMNS = "experiments-option-columns"
    SELECTION = "experiments-selection"
    SELECTED = "experiments-selected"
    COMPARE = "experiments-compare"
    COMBINE = "experiments-combine"
    TRASH = "experiments-trash"
    RESTORE = "experiments-restore"
    PURGE = "experiments-purge"
    CLEAR = "experiments-clear"
    CHANGED = "experiments-changed"
    PURGED = "experiments-purged"
    DIALOG = "experiments-dialog"
    DIALOG_TITLE = "experiments-dialog-title"
    DIALOG_WORDS = "experiments-dialog-words"
    DIALOG_BACK = "experiments-dialog-back"
    DIALOG_CONFIRM = "experiments-dialog-confirm"
