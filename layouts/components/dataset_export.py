"""Exports of a dataset: choose a format, see the files that there are, take them away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_job_state_badge
from layouts.components.cards import build_card, build_hash
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.jobs import ACTIVE_STATES, build_progress
from layouts.components.numbers import format_bytes, format_moment
from layouts.components.states import build_empty_state, build_note, build_skeleton
from layouts.ids import pattern_id
from layouts.ids.dataset_export import ExportId

FORMATS = (
    ("hdf5", "Canonical HDF5 (one file)"),
    ("mat", "MATLAB level 5 (ZIP, a file per recording)"),
    ("csv", "CSV (ZIP, a file per signal)"),
    ("parquet", "Parquet (ZIP, a file per signal)"),
)
_WORDS = (
    "Every format comes back bit by bit, with labels, machine, bearing, speed and load: HDF5 carries them "
    "itself, a ZIP holds the import table metadata.csv. A file waits two days for its download."
)


def build_export_area() -> html.Div:
    """Return the tab's content."""
    form = html.Div(
        [
            build_field("Format", build_select(ExportId.FORMAT, FORMATS, "hdf5")),
            build_button("Export this version", ExportId.START, icon="box-arrow-up", tone="primary"),
        ],
        className="filter-bar",
    )
    return html.Div(
        [
            build_card("New export", [html.P(_WORDS, className="row-detail"), form]),
            build_card("Exports", html.Div(build_skeleton(3), id=ExportId.LIST), flush=True),
            dcc.Store(id=ExportId.STARTED),
            dcc.Store(id=ExportId.ADDRESS),
        ],
        className="stack",
    )


def build_export_list(exports: Sequence[Mapping[str, Any]]) -> Component:
    """Return the exports, newest first, or why there is none."""
    if not exports:
        return build_empty_state(
            "No exports",
            "Choose a format above: the file is written by a job and then waits here for its download.",
            icon="box-arrow-up",
        )
    return html.Ul([_build_export(each) for each in exports], className="split-list")


def _build_export(export: Mapping[str, Any]) -> html.Li:
    job = export["job"]
    head = html.Div(
        [
            html.Span(export["file_name"], className="row-title"),
            _build_state(export),
            html.Span(f"version {export['version']}", className="row-side"),
        ],
        className="split-head",
    )
    parts: list[Component] = [head]
    if job["state"] in ACTIVE_STATES:
        parts.append(build_progress(job))
    elif job["state"] != "done":
        parts.append(build_note(job["error"] or f"The export was {job['state']}.", level="warning"))
    else:
        parts.append(_build_facts(export))
    if export["downloadable"]:
        download = build_button(
            f"Download {export['file_name']}",
            pattern_id(ExportId.DOWNLOAD, export["export_id"]),
            icon="download",
        )
        parts.append(html.Div(download, className="form-actions tight"))
    return html.Li(parts)


def _build_state(export: Mapping[str, Any]) -> Component:
    state = export["job"]["state"]
    if state == "done":
        return (
            build_badge("ready", tone="success", icon="check-lg")
            if export["downloadable"]
            else build_badge("deleted", icon="clock-history")
        )
    return build_job_state_badge(state)


def _build_facts(export: Mapping[str, Any]) -> html.Div:
    words: list[Any] = [export["title"]]
    if export["n_bytes"] is not None:
        words.append(f" · {format_bytes(export['n_bytes'])}")
    if export["expires_at"]:
        words.append(f" · until {format_moment(export['expires_at'])}")
    if export["sha256"]:
        words += [" · SHA-256 ", build_hash(export["sha256"])]
    return html.Div(words, className="row-detail")
