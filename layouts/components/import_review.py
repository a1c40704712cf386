"""What an import is going to do, what it leaves open, and how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge
from layouts.components.cards import build_card, build_definitions, build_key_figures
from layouts.components.jobs import build_job_row
from layouts.components.numbers import UNKNOWN, count_of, format_duration, format_number
from layouts.components.states import build_button_link, build_empty_state, build_note, build_partial_note

_MOST_SKIPPED = 20
# What can't be worked out where a field is unknown.
_CONSEQUENCES = {
    "fault_class": "no fault class: they can be diagnosed, but not trained on.",
    "shaft_speed_rpm": "no shaft speed: fault lines and orders need one.",
    "unit": "no unit: amplitudes have none, and nothing is converted.",
    "bearing": "no bearing: fault lines need its geometry.",
    "group": "no physical bearing: the leak check can't tell bearings apart.",
}
OPEN_STATES = ("queued", "running", "paused")


def build_review(plan: Mapping[str, Any]) -> Component:
    """Return the counts of an import, what is left out, and what stays unknown."""
    rows = plan["rows"]
    figures = [("Signals", format_number(plan["n_rows"]), "")]
    notes: list[Component] = []
    if len(rows) == plan["n_rows"]:
        recordings = format_number(len({row["recording"] for row in rows}))
        figures = [("Recordings", recordings, ""), *figures, ("Duration", _sum_duration(rows), "")]
    else:
        listed = count_of(len(rows), "signal")
        told = f"Rates, channels, loads and what is unknown are those of the first {listed}."
        notes.append(build_partial_note(told))
    parts: list[Component] = [
        build_key_figures(figures),
        *notes,
        build_definitions(
            [
                ("Fault classes (recordings)", _build_classes(plan["classes"])),
                ("Sample rates", _count_by(rows, "sample_rate_hz", "Hz")),
                ("Channels", _count_by(rows, "channel", "")),
                ("Loads", _count_by(rows, "load", "")),
            ]
        ),
        *_build_unknown(rows),
        *_build_skipped(plan["skipped"]),
    ]
    return html.Div(parts, className="stack-form")


def _build_classes(classes: Mapping[str, int]) -> Component:
    badges = [
        build_class_badge(None if name == "unlabelled" else name, count) for name, count in classes.items()
    ]
    return html.Div(badges, className="badge-row")


def _sum_duration(rows: Sequence[Mapping[str, Any]]) -> str:
    known = [row["n_samples"] / row["sample_rate_hz"] for row in rows if row["sample_rate_hz"]]
    return format_duration(sum(known)) if len(known) == len(rows) else UNKNOWN


def _count_by(rows: Sequence[Mapping[str, Any]], field: str, unit: str) -> str:
    counts = Counter(row[field] for row in rows)
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] is None, str(pair[0]).zfill(12)))

    def name(value: Any) -> str:
        if value is None:
            return UNKNOWN
        return f"{format_number(value, 6)} {unit}" if isinstance(value, float) else str(value)

    return (
        ", ".join(f"{name(value)} ({count_of(count, 'signal')})" for value, count in ordered[:12]) or UNKNOWN
    )


def _build_unknown(rows: Sequence[Mapping[str, Any]]) -> list[Component]:
    lines = []
    for field, consequence in _CONSEQUENCES.items():
        missing = sum(row[field] is None for row in rows)
        if missing:
            whose = "All signals" if missing == len(rows) > 1 else count_of(missing, "signal")
            lines.append(html.Li(f"{whose} {'has' if whose.startswith('1 ') else 'have'} {consequence}"))
    if not lines:
        return []
    return [build_note(["What stays unknown:", html.Ul(lines, className="import-list")])]


def _build_skipped(skipped: Sequence[Mapping[str, Any]], n_skipped: int | None = None) -> list[Component]:
    """Return what is left out, each with its reason; beyond the first few on demand."""
    if not skipped:
        return []
    lines = [html.Li([html.Strong(each["file"]), ": ", each["sentence"]]) for each in skipped]
    total = max(n_skipped or 0, len(skipped))
    words = f"{count_of(total, 'file or signal', 'files or signals')} left out:"
    parts: list[Component | str] = [words, html.Ul(lines[:_MOST_SKIPPED], className="import-list")]
    if len(lines) > _MOST_SKIPPED:
        rest = html.Ul(lines[_MOST_SKIPPED:], className="import-list")
        title = f"Show {count_of(len(lines) - _MOST_SKIPPED, 'more', 'more')}"
        parts.append(html.Details([html.Summary(title), rest]))
    if total > len(lines):
        parts.append(f"{count_of(total - len(lines), 'more', 'more')} are not listed.")
    return [build_note(parts, level="warning")]


def build_name_note(name: str, existing: Mapping[str, Any] | None) -> Component | None:
    """Say what an import into an existing dataset does."""
    if existing is None:
        return None
    version, recordings = existing["version"], count_of(existing["n_recordings"], "recording")
    return build_note(
        f"“{name}” exists. The import makes its version {version + 1}: the {recordings} of version {version} "
        "and the new ones."
    )


def build_no_job() -> Component:
    """Return what stands in place of an import that nobody knows."""
    return build_empty_state(
        "This import is not there", "Its address may be wrong. Datasets that were imported are in the list."
    )


def build_job(job: Mapping[str, Any]) -> Component:
    """Return how the import goes or went."""
    if job["state"] == "done":
        return _build_done(job)
    shown = {**job, "error": None}
    parts: list[Component] = [html.Ul(build_job_row(shown, with_cancel=False), className="job-list")]
    if job["state"] in OPEN_STATES:
        parts.append(html.P("You can leave this page: the import goes on.", className="muted"))
        return build_card("Import", parts)
    if job["error"]:
        parts.append(build_note(job["error"], level="danger"))
    parts.append(build_note("Nothing was imported; your uploaded files are still there."))
    return build_card("Import", html.Div(parts, className="stack-form"))


def _build_done(job: Mapping[str, Any]) -> Component:
    result = job["result"]
    counts = f"{count_of(result['n_recordings'], 'recording')}, {count_of(result['n_signals'], 'signal')}"
    words = [html.Strong(result["dataset_name"]), f", version {result['version']}: {counts}."]
    notes = [build_note(note) for note in result.get("notes", [])]
    links = html.Div(
        [
            build_button_link("Open the dataset", f"/datasets/{result['dataset_id']}", icon="database"),
            html.A("Import more", href="/data-generation", className="btn btn-light action"),
        ],
        className="form-actions",
    )
    body = [
        build_note(words, level="success"),
        *_build_skipped(result["skipped"], result.get("n_skipped")),
        *notes,
        links,
    ]
    return build_card("Imported", html.Div(body, className="stack-form"))
