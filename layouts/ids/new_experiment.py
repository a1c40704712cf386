"""Ids of the training wizard."""

from __future__ import annotations

from enum import StrEnum


class NewExperimentId(StrEnum):
    """The training wizard."""

    PAGE = "new-experiment-page"
    URL = "new-experiment-url"
    PREFILL = "new-experiment-prefill"
    DATASET = "new-experiment-dataset"
    DATASET_NOTE = "new-experiment-dataset-note"
    SPLIT = "new-experiment-split"
    SPLIT_NOTE = "new-experiment-split-note"
    NETWORK = "new-experiment-network"
    CHANNEL = "new-experiment-channel"
    SEEDS = "new-experiment-seeds"
    NAME = "new-experiment-name"
    NOTES = "new-experiment-notes"
    OPTIONS = "new-experiment-options"
    OPTION = "new-experiment-option"
    REVIEW = "new-experiment-review"
    START = "new-experiment-start"
