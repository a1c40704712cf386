"""Small labels: states of jobs, colours of splits, fault classes. Never by colour alone."""

from __future__ import annotations

from dash import html

from layouts.components.icons import build_icon
from layouts.figures.theme import class_colour

_JOB_STATES = {
    "queued": ("hourglass", "neutral"),
    "running": ("play-fill", "info"),
    "paused": ("pause-fill", "warning"),
    "done": ("check-lg", "success"),
    "failed": ("x-lg", "danger"),
    "cancelled": ("slash-circle", "neutral"),
    "dead": ("heartbreak", "danger"),
}
_SPLIT_COLOURS = {
    "clear": ("check-lg", "success", "no leak found"),
    "note": ("info-lg", "info", "note"),
    "amber": ("exclamation-triangle", "warning", "amber"),
    "red": ("x-octagon", "danger", "red"),
}


def build_badge(text: str, *, tone: str = "neutral", icon: str | None = None, title: str = "") -> html.Span:
    """Return a badge; ``tone`` is neutral, info, success, warning or danger."""
    parts = [*([build_icon(icon)] if icon else []), html.Span(text)]
    return html.Span(parts, className=f"tag tag-{tone}", title=title or None)


def build_job_state_badge(state: str) -> html.Span:
    """Return the badge of a job's state."""
    icon, tone = _JOB_STATES[state]
    return build_badge(state, tone=tone, icon=icon)


def build_split_badge(colour: str) -> html.Span:
    """Return the badge of a leak check's outcome."""
    icon, tone, word = _SPLIT_COLOURS[colour]
    return build_badge(word, tone=tone, icon=icon)


def format_class(fault_class: str | None) -> str:
    """Return a fault class as a person reads it: ``inner_race`` is "inner race"."""
    return fault_class.replace("_", " ") if fault_class else "unlabelled"


def build_class_badge(fault_class: str | None, count: int | None = None) -> html.Span:
    """Return a fault class with the dot of its colour and, where given, how many there are."""
    dot = html.Span(className="class-dot", style={"background": class_colour(fault_class)})
    number = [html.Span(f"{count:,}", className="class-count")] if count is not None else []
    return html.Span([dot, html.Span(format_class(fault_class)), *number], className="class-badge")
