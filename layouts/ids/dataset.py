"""Ids of one dataset's page."""

from __future__ import annotations

from enum import StrEnum


class DatasetId(StrEnum):
    """One dataset: card, recordings, splits."""

    PAGE = "dataset-page"
    URL = "dataset-url"
    TITLE = "dataset-title"
    SENTENCE = "dataset-sentence"
    VERSION = "dataset-version"
    TABS = "dataset-tabs"
    CARD = "dataset-card"
    SEARCH = "dataset-search"
    CLASS = "dataset-class"
    CHANNEL = "dataset-channel"
    COUNT = "dataset-count"
    TABLE = "dataset-table"
    EXPORT = "dataset-export"
    DOWNLOAD = "dataset-download"
    ARCHIVE = "dataset-archive"
    SPLITS = "dataset-splits"
    CHANGED = "dataset-changed"
    CREATED = "dataset-split-created"
    SPLIT_FORM = "dataset-split-form"
    SPLIT_NAME = "dataset-split-name"
    SPLIT_BY = "dataset-split-by"
    SPLIT_VALUES = "dataset-split-values"
    SPLIT_VALUES_GROUP = "dataset-split-values-group"
    SPLIT_SHARES = "dataset-split-shares"
    SPLIT_CHANNEL = "dataset-split-channel"
    SPLIT_TEST_SHARE = "dataset-split-test-share"
    SPLIT_VALIDATION_SHARE = "dataset-split-validation-share"
    SPLIT_SEED = "dataset-split-seed"
    SPLIT_FINDINGS = "dataset-split-findings"
    SPLIT_CHECKED = "dataset-split-checked"
    SPLIT_ACCEPTANCE = "dataset-split-acceptance"
    SPLIT_ACCEPT = "dataset-split-accept"
    SPLIT_REASON = "dataset-split-reason"
    SPLIT_CREATE = "dataset-split-create"
