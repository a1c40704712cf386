"""Ids of the dialog that keeps bearings."""

from __future__ import annotations

from enum import StrEnum


class BearingId(StrEnum):
    """The dialog's parts; `FIELD`, `EDIT` and `DELETE` are kinds of pattern ids."""

    OPEN = "bearings-open"
    DIALOG = "bearings-dialog"
    LIST = "bearings-list"
    STAMP = "bearings-stamp"  # changes when an entry does: who lists bearings listens to it
    DOOMED = "bearings-doomed"  # the entry that the question is about
    CHOSEN = "bearings-chosen"  # the entry that the form is about; None: a new one
    HEADING = "bearings-heading"
    FORM = "bearings-form"
    FIELD = "bearings-field"
    PROBLEM = "bearings-problem"
    SAVE = "bearings-save"
    NEW = "bearings-new"
    EDIT = "bearings-edit"
    DELETE = "bearings-delete"
    DELETE_DIALOG = "bearings-delete-dialog"
    DELETE_WORDS = "bearings-delete-words"
    DELETE_CANCEL = "bearings-delete-cancel"
    DELETE_CONFIRM = "bearings-delete-confirm"
