"""Task names, written once: one per kind of job, with the same word."""

from __future__ import annotations

from enum import StrEnum


class TaskName(StrEnum):
    """What the dispatcher publishes for each kind of job."""

    IMPORT = "import"
    TRAIN = "train"
    EVALUATE = "evaluate"
    EXPLAIN = "explain"
    DIAGNOSE = "diagnose"
    GENERATE = "generate"
    NOISE_VARIANTS = "noise_variants"
    STATISTICS = "statistics"
    EDIT = "edit"
    LEAK_CHECK = "leak_check"
    EXPORT = "export"
    TREND = "trend"
    FEATURES = "features"
