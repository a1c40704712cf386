"""Ids of the training wizard."""

from __future__ import annotations

from enum import StrEnum


class NewExperimentId(StrEnum):
    """The training wizard."""

    PAGE = "new-experiment-page"
    URL = "new-experiment-url"
    PREFILL = "new-experiment-prefill"
    STEPS = "new-experiment-steps"
    CHOSEN_DATA = "new-experiment-chosen-data"
    CHOSEN_NETWORK = "new-experiment-chosen-network"
    CHOSEN_OPTIONS = "new-experiment-chosen-options"
    CHOSEN_REVIEW = "new-experiment-chosen-review"
    DATASET = "new-experiment-dataset"
    DATASET_NOTE = "new-experiment-dataset-note"
    SPLIT = "new-experiment-split"
    SPLIT_NOTE = "new-experiment-split-note"
    FINDINGS = "new-experiment-findings"
    ACCEPT = "new-experiment-accept"
    ACCEPT_AREA = "new-experiment-accept-area"
    NETWORK = "new-experiment-network"
    NETWORK_EXTRAS = "new-experiment-network-extras"
    PARENT = "new-experiment-parent"
    BASELINE = "new-experiment-baseline"
    CHANNEL = "new-experiment-channel"
    SEEDS = "new-experiment-seeds"
    NAME = "new-experiment-name"
    NOTES = "new-experiment-notes"
    OPTIONS = "new-experiment-options"
    OPTION = "new-experiment-option"
    PROBLEM = "new-experiment-problem"
    REVIEW = "new-experiment-review"
    START = "new-experiment-start"
