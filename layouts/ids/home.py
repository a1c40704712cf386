"""Ids of the start page."""

from __future__ import annotations

from enum import StrEnum


class HomeId(StrEnum):
    """The start page."""

    PAGE = "home-page"
    STEPS = "home-steps"
    RUNNING = "home-running"
    RESULTS = "home-results"
    DATASETS = "home-datasets"
