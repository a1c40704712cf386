"""Ids of the condition trend's page."""

from __future__ import annotations

from enum import StrEnum


class TrendId(StrEnum):
    """A condition indicator over time."""

    PAGE = "trend-page"
    URL = "trend-url"
    TITLE = "trend-title"
    SERIES = "trend-series"
    INDICATOR = "trend-indicator"
    REFERENCE_FROM = "trend-reference-from"
    REFERENCE_TO = "trend-reference-to"
    ALERT_RATE = "trend-alert-rate"
    ALARM_RATE = "trend-alarm-rate"
    SCALE = "trend-scale"
    PROBLEM = "trend-problem"
    STATE = "trend-state"
    OFFER = "trend-offer"
    COMPUTE = "trend-compute"
    ASKED = "trend-asked"
    SHOWN = "trend-shown"
    PLOT = "trend-plot"
    NOTE = "trend-note"
    FACTS = "trend-facts"
