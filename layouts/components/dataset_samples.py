"""What the samples of a dataset look like: short traces per class, level and shape in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge, format_class
from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_button, build_field, build_select
from layouts.components.jobs import build_progress
from layouts.components.numbers import count_of, format_duration, format_number
from layouts.components.plots import build_plot
from layouts.components.states import build_empty_state, build_partial_note, build_skeleton
from layouts.components.tables import build_plain_table
from layouts.figures.previews import PREVIEW_HEIGHT_PX, build_preview_figure
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId

_MEASURES = (("rms", "rms"), ("peak", "Peak"), ("crest_factor", "Crest factor"), ("kurtosis", "Kurtosis"))


def build_preview_area() -> html.Div:
    """Return the place of the traces."""
    channel = build_field("Channel", build_select(DatasetId.PREVIEW_CHANNEL, [(ALL, "All")], ALL))
    return html.Div(
        [
            html.Div([channel], className="filter-bar"),
            html.Div(build_skeleton(height="320px"), id=DatasetId.PREVIEW),
        ]
    )


def build_previews(dataset_id: int, preview: Mapping[str, Any], theme: str) -> Component:
    """Return one plot per class with its first recordings; each name leads to the viewer."""
    cards = [
        html.Section(
            [
                build_plot(
                    pattern_id(DatasetId.PREVIEW_PLOT, fault_class),
                    format_class(fault_class),
                    height=f"{PREVIEW_HEIGHT_PX * len(traces) + 40}px",
                    figure=build_preview_figure(traces, fault_class, theme),
                ),
                html.P(_list_links(dataset_id, traces), className="preview-links"),
            ],
            className="surface preview-card",
        )
        for fault_class, traces in preview["classes"].items()
        if traces
    ]
    if not cards:
        return html.Div(
            build_empty_state("Nothing to show", "No signal of this channel can be read."),
            className="surface",
        )
    return html.Div(cards, className="grid-2")


def _list_links(dataset_id: int, traces: list[dict[str, Any]]) -> list[Component]:
    links: list[Any] = []
    for trace in traces:
        href = f"/signals/{dataset_id}/{trace['recording_id']}?signal={trace['signal_id']}"
        links += [" · ", dcc.Link(f"{trace['recording']} ({trace['channel']})", href=href)]
    return links[1:]


def build_statistics_area() -> html.Div:
    """Return the place of the numbers."""
    again = build_button(
        "Work out again", DatasetId.STATISTICS_AGAIN, icon="arrow-repeat", title="After a file was restored"
    )
    body = html.Div(build_skeleton(6), id=DatasetId.STATISTICS)
    return html.Div(build_card("Level and shape per class and channel", body, actions=[again]))


def build_statistics(found: Mapping[str, Any]) -> Component:
    """Return the numbers: median, smallest and largest of each measure."""
    headers: list[Any] = [
        "Class",
        "Channel",
        "Recordings",
        "Signals",
        "Length",
        "Unit",
        *(label for _, label in _MEASURES),
    ]
    rows = [
        [
            build_class_badge(entry["fault_class"]),
            entry["channel"],
            format_number(entry["n_recordings"]),
            format_number(entry["n_signals"]),
            format_duration(entry["duration_s"]),
            entry.get("unit", "–") or "unknown",  # older ones do not say it
            *(_word_spread(entry[name]) for name, _ in _MEASURES),
        ]
        for entry in found["per_class"]
    ]
    damaged = found.get("n_damaged", 0)
    notes = (
        [build_partial_note(f"{count_of(damaged, 'signal')} could not be read and are left out: damaged.")]
        if damaged
        else []
    )
    words = (
        "Median over the signals, smallest and largest in brackets. rms and peak are in the unit, the mean "
        "taken off; kurtosis of noise is 3."
    )
    table = build_plain_table(headers, rows, caption="Level and shape per class and channel")
    return html.Div([*notes, table, html.P(words, className="field-help")])


def _word_spread(spread: Mapping[str, float]) -> html.Span:
    low, middle, high = (format_number(spread[name], 3) for name in ("min", "median", "max"))
    return html.Span(f"{middle} ({low} – {high})", className="no-break")


def build_statistics_job(job: Mapping[str, Any] | None) -> Component:
    """Return how far the job is that reads every sample."""
    if job is None or job["state"] == "queued":
        return html.P(
            "Every sample of this version is read once; the job waits for a worker.", className="muted"
        )
    if job["state"] == "running":
        return html.Div([html.P("Every sample of this version is read once."), build_progress(dict(job))])
    return html.P(
        f"The statistics were not worked out: {job.get('error') or job['state']}.", className="muted"
    )
