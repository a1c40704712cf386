"""Ids of the data explorer."""

from __future__ import annotations

from enum import StrEnum


class ExplorerId(StrEnum):
    """What the stored features of a dataset version look like."""

    PAGE = "explorer-page"
    URL = "explorer-url"
    AREA = "explorer-area"
    CONTENT = "explorer-content"
    DATASET = "explorer-dataset"
    VERSION = "explorer-version"
    SET = "explorer-set"
    TABS = "explorer-tabs"
    FEATURE = "explorer-feature"
    DISTRIBUTION = "explorer-distribution"
    DISTRIBUTION_SHOWN = "explorer-distribution-shown"
    DISTRIBUTION_PLOT = "explorer-distribution-plot"
    DISTRIBUTION_NOTE = "explorer-distribution-note"
    DISTRIBUTION_TABLE = "explorer-distribution-table"
    CORRELATION = "explorer-correlation"
    CORRELATION_SHOWN = "explorer-correlation-shown"
    CORRELATION_PLOT = "explorer-correlation-plot"
    CORRELATION_PAIRS = "explorer-correlation-pairs"
    METHOD = "explorer-method"
    PROJECTION = "explorer-projection"
    PROJECTION_SHOWN = "explorer-projection-shown"
    PROJECTION_PLOT = "explorer-projection-plot"
    PROJECTION_NOTE = "explorer-projection-note"
    PROJECT = "explorer-project"
    PROJECT_OFFER = "explorer-project-offer"
    POINT = "explorer-point"
    SPECTRA = "explorer-spectra"
    SPECTRA_SHOWN = "explorer-spectra-shown"
    SPECTRA_PLOT = "explorer-spectra-plot"
    SPECTRA_NOTE = "explorer-spectra-note"
