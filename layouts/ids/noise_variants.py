"""Ids of the noise variants on a dataset's page."""

from __future__ import annotations

from enum import StrEnum


class NoiseId(StrEnum):
    """Noisy copies of a split's test part."""

    AREA = "noise-area"
    SPLIT = "noise-split"
    SNRS = "noise-snrs"
    COLOURS = "noise-colours"
    SEED = "noise-seed"
    NAME = "noise-name"
    START = "noise-start"
    JOB = "noise-job"
    JOB_AREA = "noise-job-area"
