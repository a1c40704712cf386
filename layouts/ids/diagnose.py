"""Ids of the diagnosis page."""

from __future__ import annotations

from enum import StrEnum


class DiagnoseId(StrEnum):
    """Ask a classifier about one recording."""

    PAGE = "diagnose-page"
    URL = "diagnose-url"
    CLASSIFIER = "diagnose-classifier"
    CLASSIFIER_NOTE = "diagnose-classifier-note"
    SOURCE = "diagnose-source"
    STORED = "diagnose-stored"
    DATASET = "diagnose-dataset"
    RECORDING_SEARCH = "diagnose-recording-search"
    SIGNAL = "diagnose-signal"
    SIGNAL_NOTE = "diagnose-signal-note"
    FILE = "diagnose-file"
    UPLOAD = "diagnose-upload"
    UPLOAD_STATUS = "diagnose-upload-status"
    FILE_NOTE = "diagnose-file-note"
    VARIABLE = "diagnose-variable"
    SAMPLE_RATE = "diagnose-sample-rate"
    SPEED = "diagnose-speed"
    MACHINE = "diagnose-machine"
    BEARING = "diagnose-bearing"
    BEARINGS = "diagnose-bearings"
    START = "diagnose-start"
    CURRENT = "diagnose-current"
    POLL = "diagnose-poll"
    RESULT = "diagnose-result"
    TIMELINE = "diagnose-timeline"
    PROBABILITIES = "diagnose-probabilities"
    PLOTS = "diagnose-plots"
    DETAILS = "diagnose-details"
    HISTORY = "diagnose-history"
