"""Ids of one experiment's page."""

from __future__ import annotations

from enum import StrEnum


class ExperimentId(StrEnum):
    """One experiment: monitor and results."""

    PAGE = "experiment-page"
    URL = "experiment-url"
    TITLE = "experiment-title"
    SENTENCE = "experiment-sentence"
    LINKS = "experiment-links"
    TABS = "experiment-tabs"
    # monitor
    POLL = "experiment-poll"
    COMMANDED = "experiment-commanded"
    SEEN = "experiment-seen"
    STATUS = "experiment-status"
    CONTROLS = "experiment-controls"
    PAUSE = "experiment-pause"
    RESUME = "experiment-resume"
    STOP = "experiment-stop"
    CANCEL = "experiment-cancel"
    CANCEL_DIALOG = "experiment-cancel-dialog"
    CANCEL_TITLE = "experiment-cancel-title"
    CANCEL_CONFIRM = "experiment-cancel-confirm"
    CANCEL_BACK = "experiment-cancel-back"
    CURVES = "experiment-curves"
    NO_CURVES = "experiment-no-curves"
    LOSS = "experiment-loss"
    ACCURACY = "experiment-accuracy"
    NETWORK_CURVES = "experiment-network-curves"
    LEARNING_RATE = "experiment-learning-rate"
    GRADIENT_NORM = "experiment-gradient-norm"
    EPOCHS = "experiment-epochs"
    # results
    VERDICT = "experiment-verdict"
    PART = "experiment-part"
    LEVEL = "experiment-level"
    TABLES = "experiment-tables"
    PER_CLASS = "experiment-per-class"
    CONFUSION = "experiment-confusion"
    CELL = "experiment-cell"
    CHOSEN_CELL = "experiment-chosen-cell"
    RECORDINGS = "experiment-recordings"
    CARD = "experiment-card"
