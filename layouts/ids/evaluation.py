"""Ids of the evaluation page."""

from __future__ import annotations

from enum import StrEnum


class EvaluationId(StrEnum):
    """Judging finished experiments."""

    PAGE = "evaluation-page"
    URL = "evaluation-url"
    EXPERIMENT = "evaluation-experiment"
    PART = "evaluation-part"
    LEVEL = "evaluation-level"
    STAMP = "evaluation-stamp"
    AREA = "evaluation-area"
    CONTENT = "evaluation-content"
    TABS = "evaluation-tabs"
    # judging once more, for window-level numbers
    WINDOWS_OFFER = "evaluation-windows-offer"
    WINDOWS = "evaluation-windows"
    JUDGED = "evaluation-judged"
    WINDOWS_ASKED = "evaluation-windows-asked"
    # ROC and PR
    CURVES = "evaluation-curves"
    CURVES_SHOWN = "evaluation-curves-shown"
    BAND = "evaluation-band"
    BASIS = "evaluation-basis"
    ROC = "evaluation-roc"
    PR = "evaluation-pr"
    AREAS = "evaluation-areas"
    # errors
    ERRORS = "evaluation-errors"
    CELL = "evaluation-cell"
    CHOSEN_CELL = "evaluation-chosen-cell"
    CELL_LIST = "evaluation-cell-list"
    # slices
    SLICES = "evaluation-slices"
    # robustness
    KINDS = "evaluation-noise-kinds"
    NOISE_LEVELS = "evaluation-noise-levels"
    GAIN_LEVELS = "evaluation-gain-levels"
    MOST_RECORDINGS = "evaluation-most-recordings"
    SWEEP = "evaluation-sweep"
    SWEEP_ASKED = "evaluation-sweep-asked"
    SWEEPS = "evaluation-sweeps"
    SWEEP_JOBS = "evaluation-sweep-jobs"
    SWEEP_STATE = "evaluation-sweep-state"
    SWEEP_SHOWN = "evaluation-sweep-shown"
    QUANTITY = "evaluation-quantity"
    NOISE_PLOT = "evaluation-noise-plot"
    GAIN_PLOT = "evaluation-gain-plot"
    SWEEP_TABLE = "evaluation-sweep-table"
    # calibration
    CALIBRATION = "evaluation-calibration"
    RELIABILITY_SHOWN = "evaluation-reliability-shown"
    RELIABILITY = "evaluation-reliability"
    # conformal sets
    COVERAGE = "evaluation-coverage"
    CONFORMAL = "evaluation-conformal"
    CONFORMAL_SHOWN = "evaluation-conformal-shown"
    COVERAGE_PLOT = "evaluation-coverage-plot"
    SIZES_PLOT = "evaluation-sizes-plot"
    SETS = "evaluation-sets"
    # open set
    FALSE_ALARMS = "evaluation-false-alarms"
    OPEN_SET_START = "evaluation-open-set-start"
    OPEN_SET_ASKED = "evaluation-open-set-asked"
    OPEN_SET_CHANGED = "evaluation-open-set-changed"
    OPEN_SET_JOBS = "evaluation-open-set-jobs"
    OPEN_SET = "evaluation-open-set"
    OPEN_SET_SHOWN = "evaluation-open-set-shown"
    OPEN_SET_PLOT = "evaluation-open-set-plot"
    OPEN_SET_TABLE = "evaluation-open-set-table"
    APPLY = "evaluation-apply"
    WITHDRAW = "evaluation-withdraw"
    APPLIED = "evaluation-applied"
    # architectures
    OTHERS = "evaluation-others"
    COST = "evaluation-cost"
    MEASURE = "evaluation-measure"
    LATENCY_ASKED = "evaluation-latency-asked"
    LATENCY_JOBS = "evaluation-latency-jobs"
    ARCHITECTURES = "evaluation-architectures"
    ARCHITECTURES_SHOWN = "evaluation-architectures-shown"
    ARCHITECTURES_PLOT = "evaluation-architectures-plot"
    ARCHITECTURES_TABLE = "evaluation-architectures-table"
