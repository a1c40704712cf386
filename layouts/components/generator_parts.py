"""What the generator tab says: of a record, of the whole dataset, of the job that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge
from layouts.components.cards import build_definitions
from layouts.components.jobs import build_job_row
from layouts.components.numbers import count_of, format_bytes, format_duration, format_number
from layouts.components.states import build_button_link, build_empty_state, build_note

OPEN_STATES = ("queued", "running", "paused")


def build_problem(sentence: str) -> Component:
    """Say why the form makes no dataset."""
    return build_note(sentence, level="warning")


def build_info(sentence: str) -> Component:
    """Say what is to be known of the preview."""
    return build_note(sentence)


def build_facts(found: Mapping[str, Any]) -> Component:
    """Return the conditions that were drawn for one record."""
    drawn = found["conditions"]
    rows: list[tuple[str, Any]] = [
        ("Class", build_class_badge(found["fault_class"])),
        ("Severity", _word_severity(found)),
        ("Shaft", f"{format_number(found['shaft_speed_rpm'])} rpm ({drawn['shaft_frequency_hz']:.2f} Hz)"),
    ]
    if found["load_percent"] is not None:
        rows += [
            ("Load", f"{found['load_percent']:.0f} %"),
            ("Oil temperature", f"{drawn['temperature_c']:.1f} °C"),
            ("Sommerfeld number", f"{drawn['sommerfeld']:.3f}"),
        ]
    if "fault_orders" in drawn:
        orders = drawn["fault_orders"]
        names = {"bpfo": "BPFO", "bpfi": "BPFI", "bsf": "BSF", "ftf": "FTF"}
        listed = ", ".join(f"{name} {orders[key]:.3f}" for key, name in names.items())
        rows.append(("Orders with slip", listed))
    if "snr_db" in drawn:
        rows.append(("Impacts over noise", f"{drawn['snr_db']:.1f} dB"))
    rows.append(("RMS", ", ".join(format_number(each["rms"]) for each in found["channels"])))
    return build_definitions(rows)


def _word_severity(found: Mapping[str, Any]) -> str:
    drawn = found["conditions"]
    if found["severity"] is None:
        return "none"
    if "severity_start" not in drawn:
        return str(found["severity"])
    start, end = drawn["severity_start"], drawn["severity_end"]
    words = f"{found['severity']}, {start:.2f}" + (f" growing to {end:.2f}" if end > start else "")
    transient = drawn.get("transient")
    return f"{words}, {transient.replace('_', ' ')}" if transient else words


def build_estimate(found: Mapping[str, Any]) -> Component:
    """Say how big the dataset will be and how long it takes."""
    estimate = found["estimate"]
    signals = estimate["n_signals"]
    counts = count_of(estimate["n_recordings"], "recording")
    if signals != estimate["n_recordings"]:
        counts += f" with {count_of(signals, 'signal')}"
    processes = count_of(estimate["n_processes"], "process", "processes")
    words = (
        f"{found['title']}: {counts}, {format_bytes(estimate['n_bytes'])}, about "
        f"{format_duration(estimate['seconds'])} in {processes}."
    )
    limits = html.Details(
        [
            html.Summary("What it is no evidence for"),
            html.Ul([html.Li(sentence) for sentence in found["not_evidence_for"]], className="import-list"),
        ]
    )
    return html.Div([html.P(words, className="generator-estimate"), limits])


def build_no_job() -> Component:
    """Return what stands in place of a generation that nobody knows."""
    return build_empty_state(
        "This generation is not there", "Its address may be wrong. Datasets that were made are in the list."
    )


def build_job(job: Mapping[str, Any]) -> Component:
    """Return how the making of a dataset goes or went."""
    if job["state"] == "done":
        result = job["result"]
        words = [html.Strong(result["dataset_name"]), f": {count_of(result['n_recordings'], 'recording')}."]
        link = build_button_link("Open the dataset", f"/datasets/{result['dataset_id']}", icon="database")
        return html.Div(
            [build_note(words, level="success"), html.Div(link, className="form-actions")],
            className="stack-form",
        )
    row = build_job_row({**job, "error": None}, with_cancel=False)
    parts: list[Component] = [html.Ul(row, className="job-list")]
    if job["state"] in OPEN_STATES:
        parts.append(html.P("You can leave this page: the work goes on.", className="muted"))
    elif job["error"]:
        parts += [build_note(job["error"], level="danger"), build_note("Nothing was kept.")]
    else:
        parts.append(build_note("Nothing was kept."))
    return html.Div(parts, className="stack-form")
