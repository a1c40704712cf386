"""The last step of the training wizard: what will be started, on what, and what the results can't show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge, build_split_badge
from layouts.components.findings import build_finding_notes
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table
from layouts.components.training_form import PARTS, name_option

_FEW_SEEDS = 3


def build_review(check: Mapping[str, Any], changed: Sequence[tuple[str, Any, Any]]) -> Component:
    """Return what will be trained on what; ``changed`` are options as (name, default, value)."""
    started = [
        html.H3("What will be started", className="review-heading"),
        html.P(html.Strong(check["name"])),
        html.Ul([html.Li(line) for line in list_trainings(check)], className="review-list"),
        *_build_changed(changed),
    ]
    learned = [
        html.H3("What it learns from", className="review-heading"),
        build_counts(check["counts"], check["windows"]),
        html.Div(
            [html.Span("Leak check"), build_split_badge(check["split_colour"])], className="review-line"
        ),
        *_build_findings(check),
        *(build_note(caution) for caution in list_cautions(check)),
    ]
    parts = [html.Div(started, className="stack-review"), html.Div(learned, className="stack-review")]
    return html.Div(parts, className="grid-2 review-grid")


def list_trainings(check: Mapping[str, Any]) -> list[str]:
    """Return a line per group of trainings that will be queued."""
    seeds = check["seeds"]
    words = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    start = f", beginning with the weights of experiment {check['parent_id']}" if check["parent_id"] else ""
    channel = f"channel {check['channel']}" if check["channel"] else "every labelled channel"
    lines = [f"{len(seeds)} × {check['network_title']} ({words}) on {channel}{start}"]
    beside = check["baseline"]
    if beside:
        lines.append(f"1 × {beside['title']} as baseline on the same windows (seed {beside['seed']})")
    return lines


def word_start(check: Mapping[str, Any]) -> str:
    """Return in a few words what a click starts."""
    n_seeds = len(check["seeds"])
    return f"{count_of(n_seeds, 'training')}{' and a baseline' if check['baseline'] else ''}"


def list_cautions(check: Mapping[str, Any]) -> list[str]:
    """Return what the results can't show, as far as it is known before."""
    cautions = list(check["cautions"])
    if not check["counts"].get("test", {}).get("n_signals"):
        cautions.append("The split has no test part: there will be no accuracy on unseen recordings.")
    if not check["counts"].get("validation", {}).get("n_signals"):
        cautions.append("The split has no validation part: nothing shows when to stop.")
    if len(check["seeds"]) < _FEW_SEEDS:
        cautions.append("Three seeds or more give an interval of what chance does; fewer do not.")
    return cautions


def _build_changed(changed: Sequence[tuple[str, Any, Any]]) -> list[Component]:
    if not changed:
        return [html.P("Every option at its default.", className="muted")]
    rows = [
        [
            _name(name),
            html.Span(_show(value), className="number"),
            html.Span(_show(default), className="muted"),
        ]
        for name, default, value in changed
    ]
    return [build_plain_table(["Changed option", "Value", "Default"], rows, caption="Changed options")]


def _name(option: str) -> str:
    label, unit = name_option(option)
    return f"{label} ({unit})" if unit else label


def _show(value: Any) -> str:
    if value is None:
        return "worked out"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_number(value) if isinstance(value, int | float) else str(value)


def _build_findings(check: Mapping[str, Any]) -> list[Component]:
    shown = build_finding_notes(check["findings"])
    if check["accepted_reason"]:
        shown.append(html.P(["Accepted because: ", html.Q(check["accepted_reason"])], className="muted"))
    return shown


def build_counts(counts: Mapping[str, Mapping[str, Any]], windows: Mapping[str, int]) -> html.Div:
    """Return how many signals of each class stand in each part, with recordings and windows below."""
    classes = sorted({name for part in counts.values() for name in part["classes"]})
    head = html.Tr(
        [html.Th("Signals", scope="col"), *(html.Th(part, scope="col", className="number") for part in PARTS)]
    )
    rows = [
        _build_row(
            build_class_badge(name), [counts.get(part, {}).get("classes", {}).get(name, 0) for part in PARTS]
        )
        for name in classes
    ]
    sums = [
        _build_row("Recordings", [counts.get(part, {}).get("n_recordings", 0) for part in PARTS], "sum-row"),
        _build_row("Windows, estimated", [windows.get(part, 0) for part in PARTS], "sum-row"),
    ]
    caption = html.Caption("Signals by class and part", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody([*rows, *sums])], className="plain-table")
    label = {"aria-label": "Signals by class and part"}
    return html.Div(table, className="plain-table-frame", tabIndex=0, role="region", **label)


def _build_row(title: Any, values: Sequence[int], class_name: str = "") -> html.Tr:
    cells = [html.Td(format_number(value), className="number") for value in values]
    return html.Tr([html.Th(title, scope="row"), *cells], className=class_name or None)
