"""Architectures side by side: accuracy at both levels, size, training effort, latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_split_badge
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import build_notes, build_span, build_table
from layouts.components.numbers import format_bytes, format_number, format_percent
from layouts.components.states import build_button_link, build_empty_state
from layouts.figures.evaluation import COSTS

Plain = Mapping[str, Any]
COST_CHOICES = tuple((name, title) for name, (title, _unit) in COSTS.items())
FEWEST = 2


def build_too_few() -> Component:
    """Return what stands where there is nothing to compare with."""
    state = build_empty_state(
        "Choose two or more experiments",
        "Tick them in the list above. What is compared best shares dataset, version and split.",
        icon="layout-three-columns",
    )
    return html.Div(state, className="surface")


def describe_choice(experiment: Plain) -> html.Span:
    """Return an experiment as a line of the list to choose from."""
    judged = (experiment["test"] or {}).get("recording_level")
    accuracy = f"{format_percent(judged['accuracy'])} recording-level, test" if judged else "no test part"
    data = f"{experiment['dataset']} v{experiment['dataset_version']}, split {experiment['split']}"
    return html.Span(
        [
            html.Span(f"{experiment['name']} · seed {experiment['seed']}", className="row-title"),
            " ",
            build_split_badge(experiment["split_colour"]),
            html.Span(f" {data} · {accuracy}", className="row-detail"),
        ]
    )


def build_architectures(found: Plain, ids: Sequence[int]) -> html.Div:
    """Return the table of the architectures, what to know of it, and the way to the statistics."""
    rows = found["rows"]
    notes = build_notes(found["notes"])
    heads = (
        *("Experiment", "Seed", "Split", "Recording-level", "95 % interval", "Window-level"),
        *("Parameters", "Size", "Training (CPU s)", "Latency per recording (ms)"),
    )
    table = build_table(
        heads, [_build_row(row) for row in rows], "Architectures", numeric=(1, 3, 5, 6, 7, 8, 9)
    )
    query = ",".join(map(str, ids))
    statistics = build_button_link(
        "Are they different? Statistics", f"/compare?ids={query}", icon="calculator", primary=False
    )
    card = build_card("Architectures", table, actions=[statistics], flush=True)
    return html.Div([*([notes] if notes else []), card], className="stack")


def _build_row(row: Plain) -> list[Any]:
    judged, windows, latency = row["recording_level"], row["window_level"], row["latency"]
    name = dcc.Link(
        row["name"], href=f"/experiment/{row['experiment_id']}?tab=results", className="row-title"
    )
    place = [f"{row['dataset']} v{row['dataset_version']}, {row['split']} "]
    best = build_badge(
        "nothing better and smaller", tone="success", icon="award", title="On the Pareto front"
    )
    return [
        html.Div(
            [
                name,
                html.Span(row["network_title"], className="row-detail"),
                *([best] if row["pareto"] else []),
            ],
            className="architecture",
        ),
        str(row["seed"]),
        html.Div([*place, build_split_badge(row["split_colour"])], className="place"),
        "–" if judged is None else f"{format_percent(judged['accuracy'])} of {judged['n']}",
        build_span(judged["accuracy"], judged["interval"]) if judged else "–",
        "–" if windows is None else f"{format_percent(windows['accuracy'])} of {windows['n']}",
        _say(row["n_parameters"]),
        format_bytes(row["n_bytes"]) if row["n_bytes"] is not None else "–",
        _say(row["train_cpu_s"], 3),
        "not measured" if latency is None else format_number(latency["recording_ms_p50"], 3),
    ]


def _say(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else format_number(value, digits)
